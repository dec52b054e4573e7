// hearth-ocr: reads pages with Tesseract.
#include "src/handler.h"
#include "src/languages.h"

#include <hearth/kit/engine.h>

#include <leptonica/allheaders.h>

int main(int argc, char** argv) {
  using namespace hearth;
  kit::Engine engine("ocr", argc, argv);
  setMsgSeverity(L_SEVERITY_NONE);
  const auto tessdata = ocr::find_tessdata(engine.options().data);
  ocr::Pool pool(tessdata.string(), engine.options().threads);
  const ocr::Service service{tessdata, pool};
  engine.model("tesseract", "ocr");
  engine.route("POST", "/v1/ocr",
               [&](kit::Request& request, kit::Response& response) { ocr::answer_ocr(service, request, response); });
  engine.route("GET", "/v1/languages",
               [&](kit::Request&, kit::Response& response) { ocr::answer_languages(service, response); });
  return engine.run();
}
