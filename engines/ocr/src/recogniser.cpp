#include "recogniser.h"

#include <hearth/core/utf8.h>

#include <dlfcn.h>
#include <fmt/format.h>
#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>
#include <tesseract/ocrclass.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <exception>
#include <list>
#include <optional>

namespace hearth::ocr {
namespace {

constexpr std::size_t kLoadedSets = 2;
constexpr int kNominalDpi = 300;  // pictures arrive scaled to letters of the size print has at this resolution

// Tesseract's OpenMP loops cost five times what they bring: a page gets one thread, the cores are for other pages. They
// ask for a number of threads themselves, so that only "no parallel level at all" stops them. (OMP_THREAD_LIMIT would,
// too, but the runtime reads it when it is loaded, before main().) The setting is the calling thread's.
void use_one_thread() {
  using SetLevels = void (*)(int);
  static const auto set_levels = reinterpret_cast<SetLevels>(::dlsym(RTLD_DEFAULT, "omp_set_max_active_levels"));
  if (set_levels != nullptr) set_levels(0);
}

struct Interruption {
  const Interrupt* ask;
  std::optional<Error> error;
};

bool cancel_asked(void* context, int /*words*/) {
  auto& interruption = *static_cast<Interruption*>(context);
  if (!interruption.error) {
    if (auto go_on = (*interruption.ask)(); !go_on) interruption.error = std::move(go_on).error();
  }
  return interruption.error.has_value();
}

std::string trimmed(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  const auto first = std::find_if(text.begin(), text.end(), [](unsigned char c) { return c > ' '; });
  text.erase(text.begin(), first);
  return text;
}

Lines lines_of(tesseract::TessBaseAPI& api) {
  Lines lines;
  const std::unique_ptr<tesseract::ResultIterator> it(api.GetIterator());
  if (!it) return lines;
  int region = -1;
  bool fresh = true;
  do {
    if (it->Empty(tesseract::RIL_WORD)) continue;
    if (it->IsAtBeginningOf(tesseract::RIL_BLOCK)) ++region;
    if (it->IsAtBeginningOf(tesseract::RIL_TEXTLINE)) fresh = true;
    const std::unique_ptr<char[]> text(it->GetUTF8Text(tesseract::RIL_WORD));
    Word word;
    if (text) word.text = trimmed(text.get());
    if (word.text.empty() || !is_utf8(word.text)) continue;
    if (!it->BoundingBox(tesseract::RIL_WORD, &word.box.x0, &word.box.y0, &word.box.x1, &word.box.y1)) continue;
    word.confidence = std::clamp(it->Confidence(tesseract::RIL_WORD) / 100.0, 0.0, 1.0);
    if (fresh) {
      Line line;
      float height = 0;
      float descenders = 0;
      float ascenders = 0;
      it->RowAttributes(&height, &descenders, &ascenders);
      line.height = height;
      line.region = std::max(region, 0);
      lines.push_back(std::move(line));
      fresh = false;
    }
    lines.back().box = joined(lines.back().box, word.box);
    lines.back().words.push_back(std::move(word));
  } while (it->Next(tesseract::RIL_WORD));
  return lines;
}

struct Model {
  std::string languages;
  std::unique_ptr<tesseract::TessBaseAPI> api;
};

// What Tesseract holds of a page is dropped however reading it ends.
class Cleared {
 public:
  explicit Cleared(tesseract::TessBaseAPI& api) : api_(api) {}
  ~Cleared() { api_.Clear(); }
  Cleared(const Cleared&) = delete;
  Cleared& operator=(const Cleared&) = delete;

 private:
  tesseract::TessBaseAPI& api_;
};

}  // namespace

struct Recogniser::Impl {
  std::string tessdata;
  std::list<Model> models;  // the last used first
  Model osd;

  Result<void> init(Model& model, const std::string& languages) {
    auto api = std::make_unique<tesseract::TessBaseAPI>();
    if (api->Init(tessdata.c_str(), languages.c_str()) != 0)
      return fail(Errc::failed_precondition,
                  fmt::format("Tesseract cannot load '{}' from {}; is the file damaged?", languages, tessdata));
    api->SetVariable("debug_file", "/dev/null");
    model = Model{languages, std::move(api)};
    return {};
  }
};

Recogniser::Recogniser(std::string tessdata) : impl_(std::make_unique<Impl>()) {
  impl_->tessdata = std::move(tessdata);
}

Recogniser::~Recogniser() = default;

bool Recogniser::has(const std::string& languages) const {
  return std::ranges::any_of(impl_->models, [&](const Model& m) { return m.languages == languages; });
}

Result<void> Recogniser::load(const std::string& languages) {
  auto& models = impl_->models;
  const auto it = std::ranges::find_if(models, [&](const Model& m) { return m.languages == languages; });
  if (it != models.end()) {
    models.splice(models.begin(), models, it);
    return {};
  }
  if (models.size() >= kLoadedSets) models.pop_back();
  Model model;
  try {
    HEARTH_TRY(impl_->init(model, languages));
  } catch (const std::exception& e) {
    return fail(Errc::internal, fmt::format("Tesseract failed to load '{}': {}", languages, e.what()));
  }
  models.push_front(std::move(model));
  return {};
}

Result<Lines> Recogniser::read(const Picture& picture, const std::string& languages, Segmentation segmentation,
                               const Interrupt& interrupt) {
  use_one_thread();
  HEARTH_TRY(load(languages));
  tesseract::TessBaseAPI& api = *impl_->models.front().api;
  HEARTH_TRY(interrupt());
  try {
    const Cleared cleared(api);
    api.SetPageSegMode(segmentation == Segmentation::automatic ? tesseract::PSM_AUTO : tesseract::PSM_SINGLE_BLOCK);
    api.SetImage(picture.gray.get());
    api.SetSourceResolution(kNominalDpi);
    tesseract::ETEXT_DESC monitor;
    Interruption interruption{&interrupt, std::nullopt};
    monitor.cancel = cancel_asked;
    monitor.cancel_this = &interruption;
    const int status = api.Recognize(&monitor);
    if (interruption.error) return fail(std::move(*interruption.error));
    if (status != 0) return Lines{};  // an "empty page" ends so, too
    return lines_of(api);
  } catch (const std::exception& e) {
    return fail(Errc::internal, fmt::format("Tesseract failed on this page: {}", e.what()));
  }
}

Result<Orientation> Recogniser::orientation(const Picture& picture) {
  use_one_thread();
  try {
    if (!impl_->osd.api) {
      HEARTH_TRY(impl_->init(impl_->osd, "osd"));
    }
    tesseract::TessBaseAPI& api = *impl_->osd.api;
    const Cleared cleared(api);
    api.SetPageSegMode(tesseract::PSM_OSD_ONLY);
    api.SetImage(picture.gray.get());
    api.SetSourceResolution(kNominalDpi);
    int degrees = 0;
    float confidence = 0;
    const char* script = nullptr;
    float script_confidence = 0;
    if (!api.DetectOrientationScript(&degrees, &confidence, &script, &script_confidence))
      return fail(Errc::not_found, "too few letters to tell the page's orientation");
    Orientation o;
    o.quarters = (4 - degrees / 90) % 4;
    o.confidence = confidence;
    if (script != nullptr) o.script = script;
    o.script_confidence = script_confidence;
    return o;
  } catch (const std::exception& e) {
    return fail(Errc::internal, fmt::format("Tesseract failed to find the page's orientation: {}", e.what()));
  }
}

}  // namespace hearth::ocr
