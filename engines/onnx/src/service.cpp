#include "service.h"

#include "detect/handler.h"
#include "ocr/handler.h"
#include "vad/handler.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMostLabelBytes = 1U << 20U;
constexpr std::size_t kMostDictionaryBytes = 4U << 20U;

class DetectionService : public Service {
 public:
  DetectionService(std::unique_ptr<Detector> detector, int slots) : detector_(std::move(detector)), slots_(slots) {}
  void add_routes(kit::Engine& engine) override {
    engine.route("POST", "/v1/detect",
                 [this](kit::Request& q, kit::Response& a) { answer_detect(*detector_, slots_, q, a); });
  }

 private:
  std::unique_ptr<Detector> detector_;
  Slots slots_;
};

class VadService : public Service {
 public:
  VadService(std::unique_ptr<Silero> silero, int slots) : silero_(std::move(silero)), slots_(slots) {}
  void add_routes(kit::Engine& engine) override {
    engine.route("POST", "/v1/audio/vad",
                 [this](kit::Request& q, kit::Response& a) { answer_vad(*silero_, slots_, q, a); });
  }

 private:
  std::unique_ptr<Silero> silero_;
  Slots slots_;
};

class OcrService : public Service {
 public:
  OcrService(std::unique_ptr<OcrReader> reader, int slots) : reader_(std::move(reader)), slots_(slots) {}
  void add_routes(kit::Engine& engine) override {
    engine.route("POST", "/v1/ocr", [this](kit::Request& q, kit::Response& a) { answer_ocr(*reader_, slots_, q, a); });
    engine.route("POST", "/v1/ocr/lines",
                 [this](kit::Request& q, kit::Response& a) { answer_ocr_lines(*reader_, slots_, q, a); });
  }

 private:
  std::unique_ptr<OcrReader> reader_;
  Slots slots_;
};

Result<std::unique_ptr<Service>> make_detection(const Settings& settings, int slots, const OpenModel& open) {
  DetectorOptions options{.family = settings.family, .labels = {}};
  if (!settings.labels.empty()) {
    HEARTH_TRY_ASSIGN(const std::string text, read_file(settings.labels, kMostLabelBytes));
    HEARTH_TRY_ASSIGN(options.labels, parse_label_lines(text));
  }
  HEARTH_TRY_ASSIGN(auto model, open(settings.model));
  HEARTH_TRY_ASSIGN(auto detector, Detector::create(std::move(model), options));
  return std::make_unique<DetectionService>(std::move(detector), slots);
}

Result<std::unique_ptr<Service>> make_vad(const Settings& settings, int slots, const OpenModel& open) {
  HEARTH_TRY_ASSIGN(auto model, open(settings.model));
  HEARTH_TRY_ASSIGN(auto silero, Silero::create(std::move(model)));
  return std::make_unique<VadService>(std::move(silero), slots);
}

Result<std::unique_ptr<Service>> make_ocr(const Settings& settings, int slots, const OpenModel& open) {
  OcrReader::Models models;
  if (!settings.dictionary.empty()) {
    HEARTH_TRY_ASSIGN(const std::string text, read_file(settings.dictionary, kMostDictionaryBytes));
    HEARTH_TRY_ASSIGN(models.dictionary, parse_dictionary(text));
  }
  HEARTH_TRY_ASSIGN(models.detector, open(settings.model));
  if (!settings.classifier.empty()) {
    HEARTH_TRY_ASSIGN(models.classifier, open(settings.classifier));
  }
  if (!settings.recogniser.empty()) {
    HEARTH_TRY_ASSIGN(models.recogniser, open(settings.recogniser));
  }
  HEARTH_TRY_ASSIGN(auto reader, OcrReader::create(std::move(models)));
  return std::make_unique<OcrService>(std::move(reader), slots);
}

}  // namespace

Result<std::unique_ptr<Service>> make_service(const Settings& settings, int slots, const OpenModel& open) {
  switch (settings.task) {
    case Task::detection:
    case Task::face:
      return make_detection(settings, slots, open);
    case Task::vad:
      return make_vad(settings, slots, open);
    case Task::ocr:
      return make_ocr(settings, slots, open);
    default:
      return fail(Errc::unsupported, fmt::format("the task {} is not there yet", name_of(settings.task)));
  }
}

}  // namespace hearth::onnx
