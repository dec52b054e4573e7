// hearth-ocr: reads pages with Tesseract.
#include "src/handler.h"
#include "src/languages.h"

#include <hearth/kit/engine.h>

#include <dlfcn.h>
#include <leptonica/allheaders.h>

namespace {

// Tesseract's OpenMP loops cost more than they bring: a page gets one thread, the cores are for other pages. The
// runtime reads OMP_THREAD_LIMIT when it is loaded, before main(), and its setting is per thread.
void use_one_thread() {
  using SetThreads = void (*)(int);
  static const auto set_threads = reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set_threads != nullptr) set_threads(1);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hearth;
  kit::Engine engine("ocr", argc, argv);
  setMsgSeverity(L_SEVERITY_NONE);
  const auto tessdata = ocr::find_tessdata(engine.options().data);
  ocr::Pool pool(tessdata.string(), engine.options().threads);
  const ocr::Service service{tessdata, pool};
  engine.model("tesseract", "ocr");
  engine.route("POST", "/v1/ocr", [&](kit::Request& request, kit::Response& response) {
    use_one_thread();
    ocr::answer_ocr(service, request, response);
  });
  engine.route("GET", "/v1/languages",
               [&](kit::Request&, kit::Response& response) { ocr::answer_languages(service, response); });
  return engine.run();
}
