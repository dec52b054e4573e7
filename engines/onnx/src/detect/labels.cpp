#include "labels.h"

#include <hearth/core/utf8.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMostLabels = 10'000;
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kMostShown = 12;
constexpr std::array<std::size_t, 10> kGaps{12, 26, 29, 30, 45, 66, 68, 69, 71, 83};

Result<void> check_name(std::string_view name) {
  if (name.size() > kLongestName || !is_utf8(name))
    return fail(Errc::invalid_argument, "the labels are no list of names: one is longer than 100 bytes or not UTF-8");
  return {};
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40)) out += c >= ' ' && c < 0x7F ? c : '?';
  return out;
}

std::string some_of(const Labels& labels) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& label : labels) {
    if (label.empty() || ++count > kMostShown) continue;
    if (!text.empty()) text += ", ";
    text += label;
  }
  if (count > kMostShown) text += fmt::format(" and {} more", count - kMostShown);
  return text;
}

}  // namespace

const Labels& coco_labels() {
  static const Labels labels{
      "person",         "bicycle",    "car",           "motorcycle",    "airplane",     "bus",           "train",
      "truck",          "boat",       "traffic light", "fire hydrant",  "stop sign",    "parking meter", "bench",
      "bird",           "cat",        "dog",           "horse",         "sheep",        "cow",           "elephant",
      "bear",           "zebra",      "giraffe",       "backpack",      "umbrella",     "handbag",       "tie",
      "suitcase",       "frisbee",    "skis",          "snowboard",     "sports ball",  "kite",          "baseball bat",
      "baseball glove", "skateboard", "surfboard",     "tennis racket", "bottle",       "wine glass",    "cup",
      "fork",           "knife",      "spoon",         "bowl",          "banana",       "apple",         "sandwich",
      "orange",         "broccoli",   "carrot",        "hot dog",       "pizza",        "donut",         "cake",
      "chair",          "couch",      "potted plant",  "bed",           "dining table", "toilet",        "tv",
      "laptop",         "mouse",      "remote",        "keyboard",      "cell phone",   "microwave",     "oven",
      "toaster",        "sink",       "refrigerator",  "book",          "clock",        "vase",          "scissors",
      "teddy bear",     "hair drier", "toothbrush"};
  return labels;
}

Labels coco_labels_with_gaps() {
  Labels labels(1);  // 0 is the background
  for (const std::string& name : coco_labels()) {
    while (std::ranges::find(kGaps, labels.size()) != kGaps.end()) labels.emplace_back();
    labels.push_back(name);
  }
  return labels;
}

Result<Labels> parse_label_lines(std::string_view text) {
  Labels labels;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    HEARTH_TRY(check_name(line));
    if (labels.size() == kMostLabels) return fail(Errc::invalid_argument, "there are more than 10,000 labels");
    labels.emplace_back(line);
  }
  if (labels.empty()) return fail(Errc::invalid_argument, "there are no labels; give one name a line");
  return labels;
}

Result<Labels> parse_label_map(std::string_view text) {
  Labels labels;
  const auto broken = [] {
    return fail(Errc::invalid_argument, "the model's own labels cannot be read; give them in a file, one name a line");
  };
  std::size_t at = text.find('{');
  if (at == std::string_view::npos) return broken();
  ++at;
  const auto skip = [&](std::string_view what) { at = std::min(text.find_first_not_of(what, at), text.size()); };
  for (;;) {
    skip(" ,\n");
    if (at >= text.size()) return broken();
    if (text[at] == '}') break;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error != std::errc() || number >= kMostLabels) return broken();
    at = static_cast<std::size_t>(end - text.data());
    skip(" :");
    if (at >= text.size() || (text[at] != '\'' && text[at] != '"')) return broken();
    const char quote = text[at++];
    const std::size_t close = text.find(quote, at);
    if (close == std::string_view::npos) return broken();
    const std::string_view name = text.substr(at, close - at);
    at = close + 1;
    HEARTH_TRY(check_name(name));
    if (labels.size() <= number) labels.resize(number + 1);
    labels[number] = name;
  }
  if (labels.empty()) return broken();
  return labels;
}

Result<std::vector<bool>> choose_labels(const Labels& labels, std::string_view asked) {
  if (asked.empty()) return std::vector<bool>(labels.size(), true);
  std::vector<bool> chosen(labels.size(), false);
  for (std::size_t at = 0; at <= asked.size();) {
    const std::size_t end = std::min(asked.find(',', at), asked.size());
    const std::string_view name = asked.substr(at, end - at);
    at = end + 1;
    bool known = false;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (name.empty() || labels[i] != name) continue;
      chosen[i] = true;
      known = true;
    }
    if (!known)
      return fail(Errc::invalid_argument,
                  fmt::format("unknown label '{}'; this detector knows {}", shown(name), some_of(labels)));
  }
  return chosen;
}

}  // namespace hearth::onnx
