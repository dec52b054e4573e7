// What the engine answers: POST /v1/ocr and GET /v1/languages.
#pragma once

#include "pool.h"
#include "reader.h"

#include <hearth/kit/engine.h>

#include <chrono>
#include <filesystem>

namespace hearth::ocr {

struct Service {
  std::filesystem::path tessdata;
  Pool& pool;
  std::chrono::seconds time_limit{110};  // for one frame; less than the daemon waits
};

void answer_ocr(const Service& service, kit::Request& request, kit::Response& response);
void answer_languages(const Service& service, kit::Response& response);

// What to read with when the request names no language: English, and Chinese where the page asks for it.
LanguageChoice default_languages(const std::filesystem::path& tessdata);

}  // namespace hearth::ocr
