// hearth-media: audio, pictures and pages out of any file, and audio into any format.
#include "handlers.h"
#include "library_setup.h"

#include <hearth/kit/engine.h>

int main(int argc, char** argv) {
  using namespace hearth;
  kit::Engine engine("media", argc, argv);
  media::MemoryBudget budget(media::pixel_memory());
  media::set_up_libraries(budget.total());
  const media::HandlerContext context{engine.options(), budget};
  engine.model("media", "media");
  engine.route("POST", "/v1/probe", [&](kit::Request& q, kit::Response& r) { media::handle_probe(context, q, r); });
  engine.route("POST", "/v1/audio/decode",
               [&](kit::Request& q, kit::Response& r) { media::handle_audio_decode(context, q, r); });
  engine.route("POST", "/v1/audio/encode", media::handle_audio_encode);
  engine.route("POST", "/v1/frames", [&](kit::Request& q, kit::Response& r) { media::handle_frames(context, q, r); });
  return engine.run();
}
