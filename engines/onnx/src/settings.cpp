#include "settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace hearth::onnx {
namespace {

constexpr std::array<std::pair<std::string_view, Task>, 6> kTasks{{{"detection", Task::detection},
                                                                   {"face", Task::face},
                                                                   {"ocr", Task::ocr},
                                                                   {"vad", Task::vad},
                                                                   {"speech", Task::speech},
                                                                   {"embedding", Task::embedding}}};
constexpr std::size_t kMostTokens = 8192;

std::unexpected<Error> wrong(std::string_view argument, std::string_view wanted) {
  return fail(Errc::invalid_argument, fmt::format("{} must be {}", argument, wanted));
}

using Take = std::function<Result<void>(Settings&, std::string_view)>;

Take path(std::filesystem::path Settings::* member) {
  return [member](Settings& s, std::string_view value) -> Result<void> {
    s.*member = value;
    return {};
  };
}

Take text(std::string Settings::* member) {
  return [member](Settings& s, std::string_view value) -> Result<void> {
    s.*member = value;
    return {};
  };
}

Take on_off(std::string_view argument, bool Settings::* member) {
  return [argument, member](Settings& s, std::string_view value) -> Result<void> {
    if (value != "on" && value != "off") return wrong(argument, "on or off");
    s.*member = value == "on";
    return {};
  };
}

Result<void> take_task(Settings& s, std::string_view value) {
  const auto* const at = std::ranges::find(kTasks, value, &std::pair<std::string_view, Task>::first);
  if (at == kTasks.end()) return wrong("--task", "detection, face, ocr, vad, speech or embedding");
  s.task = at->second;
  return {};
}

Result<void> take_pooling(Settings& s, std::string_view value) {
  if (value != "mean" && value != "cls") return wrong("--pooling", "mean or cls");
  s.pooling = value == "cls" ? Pooling::cls : Pooling::mean;
  return {};
}

Result<void> take_max_tokens(Settings& s, std::string_view value) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), s.max_tokens);
  if (error != std::errc() || end != value.data() + value.size() || s.max_tokens < 3 || s.max_tokens > kMostTokens)
    return wrong("--max-tokens", fmt::format("a whole number from 3 to {}", kMostTokens));
  return {};
}

const std::vector<std::pair<std::string_view, Take>>& takers() {
  static const std::vector<std::pair<std::string_view, Take>> all{
      {"--task", take_task},
      {"--model", path(&Settings::model)},
      {"--name", text(&Settings::name)},
      {"--arena", on_off("--arena", &Settings::arena)},
      {"--family", text(&Settings::family)},
      {"--labels", path(&Settings::labels)},
      {"--classifier", path(&Settings::classifier)},
      {"--recogniser", path(&Settings::recogniser)},
      {"--dictionary", path(&Settings::dictionary)},
      {"--vocabulary", path(&Settings::vocabulary)},
      {"--token-ids", path(&Settings::token_ids)},
      {"--pooling", take_pooling},
      {"--lowercase", on_off("--lowercase", &Settings::lowercase)},
      {"--max-tokens", take_max_tokens},
      {"--config", path(&Settings::config)},
      {"--voices", path(&Settings::voices)},
  };
  return all;
}

}  // namespace

const std::string_view kSettingsUsage =
    "  --task TASK     detection, face, ocr, vad, speech or embedding\n"
    "  --model FILE    the ONNX file\n"
    "  --name ID       what the model is called (the file's name)\n"
    "  --arena on|off  keep memory between requests (off)\n"
    "detection, face:\n"
    "  --family NAME   fastestdet, yolo, ssd, rfb, rfb_offsets, yunet (what it looks like)\n"
    "  --labels FILE   names of what it finds, one a line (the model's own, or COCO's)\n"
    "ocr:\n"
    "  --classifier FILE  tells lines that stand on their head\n"
    "  --recogniser FILE  reads lines\n"
    "  --dictionary FILE  the recogniser's characters, one a line (the model's own)\n"
    "embedding:\n"
    "  --vocabulary FILE  WordPiece tokens, one a line (vocab.txt beside the model)\n"
    "  --token-ids FILE   the text of cl100k_base's ids (cl100k.bin beside the program)\n"
    "  --pooling mean|cls (mean)   --lowercase on|off (on)   --max-tokens N (512)\n"
    "speech:\n"
    "  --config FILE   Piper's JSON (the model's name with .json added), or Kokoro's\n"
    "  --voices DIR    Kokoro's voices, NAME.bin each\n";

std::string_view name_of(Task task) {
  return std::ranges::find(kTasks, task, &std::pair<std::string_view, Task>::second)->first;
}

Result<Settings> parse_settings(const std::vector<std::string>& arguments) {
  Settings settings;
  bool has_task = false;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto& all = takers();
    const auto taker = std::ranges::find(all, arguments[i], &std::pair<std::string_view, Take>::first);
    if (taker == all.end())
      return fail(Errc::invalid_argument, fmt::format("there is no argument '{}'; --help lists them", arguments[i]));
    if (i + 1 == arguments.size()) return fail(Errc::invalid_argument, fmt::format("{} needs a value", arguments[i]));
    has_task = has_task || arguments[i] == "--task";
    HEARTH_TRY(taker->second(settings, arguments[i + 1]));
  }
  if (!has_task || settings.model.empty())
    return fail(Errc::invalid_argument, "--task and --model are needed; --help describes them");
  if (settings.name.empty()) settings.name = settings.model.stem().string();
  return settings;
}

}  // namespace hearth::onnx
