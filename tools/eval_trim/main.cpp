// Measures what trimming saves on agents' transcripts, and whether it loses anything: tables in Markdown for
// docs/quality.md.
//
//   eval_trim TRANSCRIPTS.jsonl CL100K.bin [--list]
//
// TRANSCRIPTS: what record.py wrote. CL100K: the vocabulary that tokens are counted with (engines/embed/data). --list:
// what each transcript saved, and examples of what was lost. Ends with 1 if a prefix was not kept or a check failed.
#include "checks.h"
#include "tokens.h"

#include <hearth/trim/estimate.h>
#include <hearth/trim/trim.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace hearth;
namespace json = boost::json;
using trim::Step;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Sum {
  std::uint64_t texts = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  void add(std::uint64_t was, std::uint64_t is) {
    ++texts;
    before += was;
    after += is;
  }
  [[nodiscard]] std::string row(std::string_view name) const {
    return fmt::format(
        "| {} | {} | {} | {} | {:.1f} % |", name, texts, before, after,
        before == 0 ? 0
                    : 100.0 * (static_cast<double>(before) - static_cast<double>(after)) / static_cast<double>(before));
  }
};

std::string request_of(const json::array& messages, std::size_t count) {
  json::array first(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(count));
  return R"({"model":"m","messages":)" + json::serialize(first) + "}";
}

std::string text_of(const json::value& message) {
  const json::value* content = message.as_object().if_contains("content");
  return content != nullptr && content->is_string() ? std::string(content->as_string()) : std::string();
}

json::array messages_of(const std::string& body) {
  return json::parse(body).at("messages").as_array();
}

// Where a request is sent: before each message of the model.
std::vector<std::size_t> requests_of(const json::array& messages) {
  std::vector<std::size_t> counts;
  for (std::size_t i = 1; i < messages.size(); ++i)
    if (messages[i].at("role") == "assistant") counts.push_back(i);
  counts.push_back(messages.size());
  return counts;
}

class Measure {
 public:
  explicit Measure(eval::Tokens& tokens) : tokens_(tokens) {}

  void transcript(const json::value& transcript, bool list) {
    const json::array& messages = transcript.at("messages").as_array();
    const std::string body = request_of(messages, messages.size());
    const std::string trimmed = trim::trim(body, {}).body.value_or(body);
    const json::array after = messages_of(trimmed);
    Sum whole;
    std::uint64_t calls = 0;  // their names and arguments are part of the prompt, too
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::uint64_t was = tokens_.count(text_of(messages[i]));
      const std::uint64_t is = tokens_.count(text_of(after[i]));
      whole.before += was;
      whole.after += is;
      if (messages[i].as_object().contains("tool_calls"))
        calls += tokens_.count(json::serialize(messages[i].at("tool_calls")));
      if (const json::value* id = messages[i].as_object().if_contains("tool_call_id"))
        kinds_[std::string(transcript.at("kinds").at(id->as_string()).as_string())].add(was, is);
    }
    whole.before += calls;
    whole.after += calls;
    languages_[std::string(transcript.at("language").as_string())].add(whole.before, whole.after);
    shares_.push_back(1 - static_cast<double>(whole.after) / static_cast<double>(whole.before));
    estimate_.add(tokens_.count(body), trim::estimated_tokens(body));
    if (list)
      fmt::print("{}: {} to {} tokens\n", std::string_view(transcript.at("name").as_string()), whole.before,
                 whole.after);
    prefixes(messages);
    steps(transcript, messages);
  }

  int report() {
    fmt::print("| what the tools said | results | tokens before | after | saved |\n|---|--:|--:|--:|--:|\n");
    Sum all;
    for (const auto& [kind, sum] : kinds_) {
      fmt::print("{}\n", sum.row(kind));
      all.texts += sum.texts;
      all.before += sum.before;
      all.after += sum.after;
    }
    fmt::print("{}\n\n", all.row("**all**"));
    fmt::print("| whole transcripts | number | tokens before | after | saved |\n|---|--:|--:|--:|--:|\n");
    for (const auto& [language, sum] : languages_)
      fmt::print("{}\n", sum.row(language == "zh" ? "Chinese" : "English"));
    fmt::print("{}\n", requests_.row("all requests of all turns, added up"));
    Sum net{requests_.texts, static_cast<std::uint64_t>(cost_), static_cast<std::uint64_t>(cost_trimmed_)};
    fmt::print("{}\n\n", net.row("the same, net: a tenth for what the provider has read before"));
    std::ranges::sort(shares_);
    const auto at = [&](double share) {
      return 100 * shares_[static_cast<std::size_t>(share * static_cast<double>(shares_.size() - 1))];
    };
    fmt::print(
        "Of {} transcripts half save at least {:.1f} %, a quarter at least {:.1f} %, the best {:.1f} %, the worst "
        "{:.1f} %.\n\n",
        shares_.size(), at(0.5), at(0.75), at(1), at(0));
    fmt::print(
        "| step alone | results changed | tokens before | after | saved of these | of all | µs of processor a KB | "
        "looked for | lost |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    std::uint64_t lost = 0;
    for (const Step step : trim::kAllSteps) {
      if (step == Step::tools) continue;
      const Sum& sum = steps_[step];
      const eval::Checked& checked = checks_[step];
      lost += checked.lost;
      const double of_all = 100.0 * static_cast<double>(sum.before - sum.after) / static_cast<double>(all.before);
      fmt::print("{} {:.1f} % | {:.2f} | {} | {} |\n", sum.row(to_string(step)), of_all,
                 bytes_ == 0 ? 0 : 1e6 * seconds_[step] / (static_cast<double>(bytes_) / 1024), checked.things,
                 checked.lost);
      for (const std::string& example : checked.examples)
        fmt::print(stderr, "lost by {}: {}\n", to_string(step), example);
    }
    fmt::print(
        "\nPrefixes: {} of {} turns begin with the bytes that the turn before had. The whole of trimming takes {:.1f} "
        "µs of "
        "processor time a KB of the request. Estimated tokens are {:.2f} of those counted.\n",
        prefixes_kept_, prefixes_, 1e6 * all_seconds_ / (static_cast<double>(all_bytes_) / 1024),
        static_cast<double>(estimate_.after) / static_cast<double>(estimate_.before));
    return lost == 0 && prefixes_kept_ == prefixes_ ? 0 : 1;
  }

 private:
  // What a prompt costs whose beginning the provider has read before, in tokens at the full price.
  static double price(std::uint64_t tokens, std::uint64_t known) {
    constexpr double kCached = 0.1;
    return static_cast<double>(tokens - std::min(tokens, known)) +
           kCached * static_cast<double>(std::min(tokens, known));
  }

  void prefixes(const json::array& messages) {
    std::string last;
    std::uint64_t known = 0;
    std::uint64_t known_trimmed = 0;
    for (const std::size_t count : requests_of(messages)) {
      const std::string body = request_of(messages, count);
      const double began = processor_seconds();
      const trim::Trimmed done = trim::trim(body, {});
      all_seconds_ += processor_seconds() - began;
      all_bytes_ += body.size();
      std::string sent = done.body.value_or(body);
      const std::uint64_t was = tokens_.count(body);
      const std::uint64_t is = tokens_.count(sent);
      requests_.add(was, is);
      const std::string_view front = std::string_view(last).substr(0, last.rfind(']'));
      const bool kept = !last.empty() && sent.starts_with(front);
      if (!last.empty()) ++prefixes_;
      if (kept) ++prefixes_kept_;
      cost_ += price(was, known);
      cost_trimmed_ += price(is, kept ? known_trimmed : 0);
      known = was;
      known_trimmed = is;
      last = std::move(sent);
    }
  }

  // Each step by itself.
  void steps(const json::value& transcript, const json::array& messages) {
    const std::string body = request_of(messages, messages.size());
    bytes_ += body.size();
    for (const Step step : trim::kAllSteps) {
      if (step == Step::tools) continue;
      const trim::Trimmed done = trim::trim(body, {.steps = trim::Steps().add(step)});
      seconds_[step] += std::chrono::duration<double>(done.of(step).took).count();
      if (!done.body) continue;
      const json::array after = messages_of(*done.body);
      std::string sent;
      std::set<std::string> came;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string was = text_of(messages[i]);
        const std::string is = text_of(after[i]);
        if (was != is) {
          steps_[step].add(tokens_.count(was), tokens_.count(is));
          const std::vector<std::string> words = visible(transcript, messages[i]);
          eval::check({step, was, is, words.empty() ? nullptr : &words, sent, &came}, checks_[step]);
        }
        came.insert(eval::trimmed_line(was));
        sent.append(is).append("\n");
      }
    }
  }

  static std::vector<std::string> visible(const json::value& transcript, const json::value& message) {
    std::vector<std::string> words;
    const json::value* id = message.as_object().if_contains("tool_call_id");
    if (id == nullptr) return words;
    if (const json::value* shown = transcript.at("visible").as_object().if_contains(id->as_string()))
      for (const json::value& word : shown->as_array()) words.emplace_back(word.as_string());
    return words;
  }

  eval::Tokens& tokens_;
  std::map<std::string, Sum> kinds_;
  std::map<std::string, Sum> languages_;
  std::map<Step, Sum> steps_;
  std::map<Step, double> seconds_;
  std::map<Step, eval::Checked> checks_;
  std::vector<double> shares_;
  Sum requests_;
  Sum estimate_;
  std::uint64_t bytes_ = 0;
  std::uint64_t all_bytes_ = 0;
  double all_seconds_ = 0;
  double cost_ = 0;
  double cost_trimmed_ = 0;
  std::uint64_t prefixes_ = 0;
  std::uint64_t prefixes_kept_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: eval_trim TRANSCRIPTS.jsonl CL100K.bin [--list]\n");
    return 2;
  }
  const auto vocabulary = embed::Cl100k::open(argv[2]);
  if (!vocabulary) {
    fmt::print(stderr, "{}\n", vocabulary.error().describe());
    return 2;
  }
  eval::Tokens tokens(vocabulary->view());
  Measure measure(tokens);
  const bool list = argc > 3 && std::string_view(argv[3]) == "--list";
  std::ifstream lines(argv[1]);
  for (std::string line; std::getline(lines, line);) measure.transcript(json::parse(line), list);
  return measure.report();
}
