#include "src/yaml.h"

#include <hearth/core/utf8.h>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>

namespace hearth::config {
namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxEntries = 1000;  // of one map or list

bool is_plain_tag(const std::string& tag) {
  return tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:");
}

// Builds the tree from the parser's events, so that an alias is seen as one and never expanded. After the first
// mistake it ignores what follows.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::string_view origin) : origin_(origin) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    put(Yaml{Yaml::Kind::null, line(mark), {}, {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    complain(line(mark), "aliases (*name) are not used here; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    check_tag(mark, tag);
    put(Yaml{Yaml::Kind::scalar, line(mark), value, {}, {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, Yaml::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, Yaml::Kind::map);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] const std::optional<Error>& mistake() const { return mistake_; }
  [[nodiscard]] Yaml take() { return std::move(root_); }

 private:
  struct Open {
    Yaml value;
    std::optional<Yaml> key;  // a map's key that waits for its value
  };

  static int line(const YAML::Mark& mark) { return mark.line + 1; }

  void complain(int line, std::string_view what) {
    if (!mistake_) mistake_ = Error(Errc::invalid_argument, fmt::format("{}:{}: {}", origin_, line, what));
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!is_plain_tag(tag)) complain(line(mark), fmt::format("tags ({}) are not used here", tag.substr(0, 40)));
  }

  void open(const YAML::Mark& mark, const std::string& tag, Yaml::Kind kind) {
    check_tag(mark, tag);
    if (mistake_) return;
    if (open_.size() >= kMaxDepth) return complain(line(mark), "this is nested too deeply");
    open_.push_back({Yaml{kind, line(mark), {}, {}, {}}, {}});
  }

  void close() {
    if (mistake_ || open_.empty()) return;
    Yaml done = std::move(open_.back().value);
    open_.pop_back();
    put(std::move(done));
  }

  void put(Yaml value) {
    if (mistake_) return;
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.items.size() + parent.value.entries.size() >= kMaxEntries)
      return complain(value.line, fmt::format("there are more than {} entries", kMaxEntries));
    if (parent.value.kind == Yaml::Kind::list) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.key) {
      take_key(parent, std::move(value));
    } else {
      parent.value.entries.push_back({std::move(parent.key->text), parent.key->line, std::move(value)});
      parent.key.reset();
    }
  }

  void take_key(Open& parent, Yaml key) {
    if (key.kind != Yaml::Kind::scalar) return complain(key.line, "a key must be a plain word");
    const auto& known = parent.value.entries;
    const auto twice = std::ranges::find(known, key.text, &Yaml::Entry::key);
    if (twice != known.end())
      return complain(key.line,
                      fmt::format("'{}' is set twice, first on line {}", key.text.substr(0, 80), twice->line));
    parent.key = std::move(key);
  }

  std::string_view origin_;
  Yaml root_;
  std::vector<Open> open_;
  std::optional<Error> mistake_;
};

Result<void> check_bytes(std::string_view text, std::string_view origin) {
  int line = 1;
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (n == 0) return fail(Errc::invalid_argument, fmt::format("{}:{}: this is not UTF-8 text", origin, line));
    if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
      return fail(Errc::invalid_argument,
                  fmt::format("{}:{}: there is a control character (0x{:02x})", origin, line, c));
    if (c == '\n') ++line;
    text.remove_prefix(n);
  }
  return {};
}

}  // namespace

Result<Yaml> read_yaml(std::string_view text, std::string_view origin) {
  if (text.size() > kMaxFile) return fail(Errc::too_large, fmt::format("{} is larger than {} bytes", origin, kMaxFile));
  HEARTH_TRY(check_bytes(text, origin));
  Builder builder(origin);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    const bool one = parser.HandleNextDocument(builder);
    if (builder.mistake()) return fail(*builder.mistake());
    Yaml root = one ? builder.take() : Yaml{};
    if (one && parser.HandleNextDocument(builder))
      return fail(Errc::invalid_argument, fmt::format("{}: there is a second document (---); use one", origin));
    return root;
  } catch (const YAML::Exception& e) {
    if (builder.mistake()) return fail(*builder.mistake());
    return fail(Errc::invalid_argument,
                fmt::format("{}:{}: this is not valid YAML: {}", origin, e.mark.line + 1, e.msg));
  } catch (const std::exception& e) {
    return fail(Errc::invalid_argument, fmt::format("{}: this is not valid YAML: {}", origin, e.what()));
  }
}

}  // namespace hearth::config
