// Measures the detectors of personal data and secrets: rows of a Markdown table for docs/quality.md.
//
//   [HEARTH_EVAL_DIR=DIR] eval_privacy SOURCES [--list]
//
// SOURCES: the repository's root, whose code is read as text without personal data. DIR/eval/qqp/pairs.jsonl.gz:
// questions that people asked (Quora Question Pairs), if it is there. --list: each miss and each false alarm as well.
#include "measure.h"

#include <hearth/core/file.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace hearth;
namespace fs = std::filesystem;

constexpr std::uint64_t kSeed = 918'273;
constexpr std::size_t kTexts = 20'000;
constexpr std::size_t kDecoys = 40'000;

std::string unpacked(const std::string& path) {
  std::string text;
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  std::string buffer(1U << 16U, '\0');
  for (int n = 0; (n = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0;)
    text.append(buffer, 0, static_cast<std::size_t>(n));
  gzclose(file);
  return text;
}

std::string questions(const std::string& path) {
  std::string text;
  std::string_view lines;
  const std::string packed = unpacked(path);
  for (lines = packed; !lines.empty();) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    boost::json::error_code error;
    const boost::json::value pair = boost::json::parse(lines.substr(0, end), error);
    if (!error)
      text += fmt::format("{}\n{}\n", std::string_view(pair.at("text_a").as_string()),
                          std::string_view(pair.at("text_b").as_string()));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

// The repository's code, but for what is about personal data.
std::vector<std::string> sources(const fs::path& root) {
  std::vector<fs::path> files;
  for (const char* folder : {"src", "engines", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string path = entry.path().string();
      const bool code = path.ends_with(".cpp") || path.ends_with(".h") || path.ends_with(".txt");
      if (entry.is_regular_file() && code && !path.contains("/privacy/")) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  std::vector<std::string> texts;
  for (const fs::path& file : files)
    if (auto text = read_file(file, 1U << 20U)) texts.push_back(std::move(*text));
  return texts;
}

// Processor time of this process, so that whatever else the machine does counts for little.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The best of several runs, in bytes a second.
template <typename Scan>
double speed(std::size_t bytes, Scan scan) {
  constexpr double kRun = 0.05;
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const double begin = processor_seconds();
    std::size_t times = 0;
    double took = 0;
    do {
      scan();
      ++times;
      took = processor_seconds() - begin;
    } while (took < kRun);
    best = std::max(best, static_cast<double>(bytes * times) / took);
  }
  return best;
}

std::string chat_body(std::string_view text, std::size_t size) {
  boost::json::array messages;
  std::size_t at = 0;
  while (at < size) {
    const std::size_t n = std::min<std::size_t>({2000, size - at, text.size() - at % (text.size() - 2000)});
    messages.push_back({{"role", messages.size() % 2 == 0 ? "user" : "assistant"},
                        {"content", text.substr(at % (text.size() - 2000), n)}});
    at += n;
  }
  return boost::json::serialize(boost::json::object{{"model", "m"}, {"messages", messages}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: eval_privacy SOURCES [--list]\n");
    return 2;
  }
  const bool list = argc > 2 && std::string_view(argv[2]) == "--list";
  const eval::Missed missed = [&](std::string_view what, std::string_view kind, std::string_view piece,
                                  std::string_view text) {
    if (list) fmt::print("{} {} <{}> in <{}>\n", what, kind, piece, text);
  };
  const privacy::Detectors detectors;

  const auto texts = labelled::texts_with_data(kSeed, kTexts);
  const eval::ByKind counts = eval::measure(detectors, texts, missed);
  fmt::print("| kind | labelled | recall | precision |\n|---|---|---|---|\n");
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind].labels == 0) continue;
    fmt::print("| {} | {} | {:.3f} | {:.3f} |\n", to_string(static_cast<privacy::Kind>(kind)), counts[kind].labels,
               counts[kind].recall(), counts[kind].precision());
  }

  fmt::print("\n| text without any | size | false alarms | per MB | of these |\n|---|---|---|---|---|\n");
  const auto alarm_row = [&](std::string_view what, const eval::FalseAlarms& alarms) {
    std::string kinds;
    for (std::size_t kind = 0; kind < alarms.findings.size(); ++kind)
      if (alarms.findings[kind] > 0)
        kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", alarms.findings[kind],
                             to_string(static_cast<privacy::Kind>(kind)));
    fmt::print("| {} | {:.1f} MB | {} | {:.1f} | {} |\n", what, static_cast<double>(alarms.bytes) / 1e6, alarms.all(),
               alarms.per_megabyte(), kinds);
  };
  eval::FalseAlarms decoys;
  for (const std::string& text : labelled::texts_without(kSeed + 1, kDecoys))
    eval::count_false_alarms(detectors, text, decoys, missed);
  alarm_row("hard negatives", decoys);
  eval::FalseAlarms code;
  for (const std::string& text : sources(argv[1])) eval::count_false_alarms(detectors, text, code, missed);
  alarm_row("this repository's code", code);
  const char* folder = std::getenv("HEARTH_EVAL_DIR");
  const std::string asked =
      folder == nullptr ? std::string() : questions(fmt::format("{}/eval/qqp/pairs.jsonl.gz", folder));
  if (!asked.empty()) {
    eval::FalseAlarms alarms;
    eval::count_false_alarms(detectors, asked, alarms, missed);
    alarm_row("Quora's questions", alarms);
  }

  std::string prose = asked;
  if (prose.empty())
    for (const std::string& text : labelled::texts_without(kSeed + 2, kDecoys)) prose += text;
  std::string data;
  for (const labelled::LabelledText& text : texts) data += text.text;
  std::string digits;
  for (const std::string& text : labelled::texts_without(kSeed + 3, kDecoys)) digits += text;
  fmt::print("\n| chat request of | prose | hard negatives | personal data |\n|---|---|---|---|\n");
  for (const std::size_t size : {std::size_t{500}, std::size_t{10'000}, std::size_t{100'000}, std::size_t{1'000'000}}) {
    const auto row = [&](std::string_view text) {
      const std::string body = chat_body(text, size);
      return speed(body.size(), [&] { return detectors.scan_body(body).highest; }) / 1e6;
    };
    fmt::print("| {} bytes | {:.0f} MB/s | {:.0f} MB/s | {:.0f} MB/s |\n", size, row(prose), row(digits), row(data));
  }
  return 0;
}
