#include "tasks.h"

#include "detect/handler.h"
#include "embedding/handler.h"
#include "ocr/handler.h"
#include "speech/handler.h"
#include "vad/handler.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::onnx {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLabelBytes = 1U << 20U;
constexpr std::size_t kMostDictionaryBytes = 4U << 20U;
constexpr std::size_t kMostConfigBytes = 4U << 20U;
constexpr std::size_t kMostStyleBytes = 4U << 20U;
constexpr std::size_t kMostVoices = 256;
constexpr std::size_t kMostVocabularyBytes = 16U << 20U;

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

class EmbeddingService : public Service {
 public:
  EmbeddingService(std::unique_ptr<Encoder> encoder, embed::Cl100k ids, std::string model, int slots)
      : encoder_(std::move(encoder)), ids_(std::move(ids)), model_(std::move(model)), slots_(slots) {}
  void add_routes(kit::Engine& engine) override {
    engine.route("POST", "/v1/embeddings", [this](kit::Request& q, kit::Response& a) {
      answer_embeddings(*encoder_, ids_.view(), model_, slots_, q, a);
    });
  }

 private:
  std::unique_ptr<Encoder> encoder_;
  embed::Cl100k ids_;
  std::string model_;
  Slots slots_;
};

class SpeechService : public Service {
 public:
  SpeechService(std::unique_ptr<Voice> voice, int slots) : voice_(std::move(voice)), slots_(slots) {}
  void add_routes(kit::Engine& engine) override {
    engine.route("POST", "/v1/audio/speech",
                 [this](kit::Request& q, kit::Response& a) { answer_speech(*voice_, slots_, q, a); });
    engine.route("POST", "/v1/audio/speech/check",
                 [this](kit::Request& q, kit::Response& a) { answer_speech_check(*voice_, slots_, q, a); });
    engine.route("GET", "/v1/voices", [this](kit::Request&, kit::Response& a) { answer_voices(*voice_, a); });
  }

 private:
  std::unique_ptr<Voice> voice_;
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

Result<std::unique_ptr<Service>> make_embedding(const Settings& settings, int slots, const OpenModel& open) {
  const auto vocabulary_file =
      settings.vocabulary.empty() ? settings.model.parent_path() / "vocab.txt" : settings.vocabulary;
  HEARTH_TRY_ASSIGN(const std::string text, read_file(vocabulary_file, kMostVocabularyBytes));
  HEARTH_TRY_ASSIGN(auto vocabulary, embed::Vocabulary::parse(text, settings.lowercase ? embed::LetterCase::lower
                                                                                       : embed::LetterCase::kept));
  std::error_code ignored;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "cl100k.bin";
  HEARTH_TRY_ASSIGN(auto ids, embed::Cl100k::open(settings.token_ids.empty() ? beside : settings.token_ids));
  HEARTH_TRY_ASSIGN(auto model, open(settings.model));
  HEARTH_TRY_ASSIGN(auto encoder, Encoder::create(std::move(model), std::move(vocabulary),
                                                  {.pooling = settings.pooling, .max_tokens = settings.max_tokens}));
  return std::make_unique<EmbeddingService>(std::move(encoder), std::move(ids), settings.name, slots);
}

// The voices of a folder, by name.
Result<std::vector<KokoroStyle>> read_styles(const std::filesystem::path& folder) {
  std::error_code ec;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec))
    if (entry.path().extension() == ".bin" && files.size() < kMostVoices) files.push_back(entry.path());
  if (ec)
    return fail(Errc::not_found,
                fmt::format("the folder of voices {} cannot be read: {}", folder.string(), ec.message()));
  std::ranges::sort(files);
  std::vector<KokoroStyle> styles;
  for (const auto& file : files) {
    HEARTH_TRY_ASSIGN(const std::string bytes, read_file(file, kMostStyleBytes));
    HEARTH_TRY_ASSIGN(auto style, parse_kokoro_style(file.stem().string(), bytes));
    styles.push_back(std::move(style));
  }
  return styles;
}

Result<std::unique_ptr<Service>> make_speech(const Settings& settings, int slots, const OpenModel& open) {
  HEARTH_TRY_ASSIGN(auto model, open(settings.model));
  const auto folder = settings.model.parent_path();
  const bool kokoro = find_port(model->inputs(), "style").has_value();
  std::error_code ec;
  // Kokoro's phonemes stand in its tokenizer, in older exports in its configuration.
  const auto usual = !kokoro                                     ? fs::path(settings.model.string() + ".json")
                     : fs::exists(folder / "tokenizer.json", ec) ? folder / "tokenizer.json"
                                                                 : folder / "config.json";
  HEARTH_TRY_ASSIGN(const std::string text,
                    read_file(settings.config.empty() ? usual : settings.config, kMostConfigBytes));
  std::unique_ptr<Voice> voice;
  if (kokoro) {
    HEARTH_TRY_ASSIGN(auto ids, parse_kokoro_vocabulary(text));
    HEARTH_TRY_ASSIGN(auto styles, read_styles(settings.voices.empty() ? folder / "voices" : settings.voices));
    HEARTH_TRY_ASSIGN(voice, make_kokoro(std::move(model), std::move(ids), std::move(styles)));
  } else {
    HEARTH_TRY_ASSIGN(auto config, parse_piper_config(text));
    HEARTH_TRY_ASSIGN(voice, make_piper(std::move(model), std::move(config), settings.name));
  }
  return std::make_unique<SpeechService>(std::move(voice), slots);
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
    case Task::embedding:
      return make_embedding(settings, slots, open);
    case Task::speech:
      break;
  }
  return make_speech(settings, slots, open);
}

}  // namespace hearth::onnx
