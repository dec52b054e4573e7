// The engine's four requests: parameters in, the work, answers out.
#pragma once

#include "memory_budget.h"

#include <hearth/kit/engine.h>

namespace hearth::media {

struct HandlerContext {
  const kit::Options& options;
  MemoryBudget& budget;
};

void handle_probe(const HandlerContext& context, kit::Request& request, kit::Response& response);
void handle_audio_decode(const HandlerContext& context, kit::Request& request, kit::Response& response);
void handle_audio_encode(kit::Request& request, kit::Response& response);
void handle_frames(const HandlerContext& context, kit::Request& request, kit::Response& response);

}  // namespace hearth::media
