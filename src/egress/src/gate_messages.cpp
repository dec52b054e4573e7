#include <hearth/egress/gate_messages.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace hearth::egress {
namespace {

constexpr std::size_t kMaxAddress = 64;  // "[…]:65535"

// Takes words from the front of a line; after the first that is not as it should be, ok() is false.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view word() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view found = rest_.substr(0, end);
    if (found.empty()) ok_ = false;
    const bool more = end < rest_.size();
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (more && rest_.empty()) ok_ = false;  // a blank at the end
    return found;
  }
  template <typename T>
  T number() {
    const std::string_view text = word();
    T value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0')) ok_ = false;
    return value;
  }
  template <typename T>
  T choice(std::optional<T> (*parse)(std::string_view) noexcept) {
    const std::optional<T> found = parse(word());
    if (!found) ok_ = false;
    return found.value_or(T());
  }
  std::string host() {
    const std::string_view text = word();
    const auto parsed = parse_host(text);
    if (!parsed || *parsed != text) ok_ = false;  // only as it is compared
    return std::string(text);
  }
  std::string name() {
    const std::string_view text = word();
    if (!is_name(text)) ok_ = false;
    return std::string(text);
  }
  // All that is left, a sentence.
  std::string sentence() {
    const std::string text(rest_);
    const auto shown = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; };
    if (text.empty() || text.size() > kMaxSentence || !std::ranges::all_of(text, shown)) ok_ = false;
    rest_ = {};
    return text;
  }
  void require(bool condition) { ok_ = ok_ && condition; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string clean_sentence(std::string_view text) {
  std::string out(text.substr(0, kMaxSentence));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return out.empty() ? std::string("for no reason that was given") : out;
}

constexpr std::string_view kAny = "any";

std::optional<bool> parse_yes(std::string_view text) noexcept {
  if (text == "yes") return true;
  if (text == "no") return false;
  return std::nullopt;
}
std::optional<bool> parse_near(std::string_view text) noexcept {
  if (text == "near") return true;
  if (text == "far") return false;
  return std::nullopt;
}
std::optional<Errc> parse_errc(std::string_view text) noexcept {
  for (int i = static_cast<int>(Errc::cancelled); i <= static_cast<int>(Errc::internal); ++i) {
    if (hearth::to_string(static_cast<Errc>(i)) == text) return static_cast<Errc>(i);
  }
  return std::nullopt;
}

Destination read_destination(Words& words) {
  Destination to;
  to.purpose = words.choice(parse_purpose);
  to.port = words.number<std::uint16_t>();
  words.require(to.port != 0);
  to.host = words.host();
  to.who = words.name();
  return to;
}

std::optional<Rule> read_rule(std::string_view line) {
  Words words(line);
  Rule rule;
  const std::string_view purpose = words.word();
  rule.purpose = parse_purpose(purpose);
  words.require(rule.purpose.has_value() || purpose == kAny);
  rule.port = words.number<std::uint16_t>();
  const std::string_view host = words.word();
  const bool pattern = host.starts_with("*.");
  const auto parsed = parse_host(pattern ? host.substr(2) : host);
  words.require(parsed.has_value() && *parsed == (pattern ? host.substr(2) : host));
  rule.host = host;
  rule.nearby = words.choice(parse_near);
  words.require(!(pattern && rule.nearby));
  if (!words.ok()) return std::nullopt;
  return rule;
}

std::optional<Policy> read_policy(Words& head, std::string_view lines) {
  Policy policy;
  policy.mode = head.choice(parse_egress_mode);
  const auto count = head.number<std::uint32_t>();
  if (!head.ok() || count > kMaxGateRules) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    auto rule = read_rule(lines.substr(0, end));
    if (!rule) return std::nullopt;
    policy.rules.push_back(*std::move(rule));
    lines.remove_prefix(end + 1);
  }
  if (!lines.empty()) return std::nullopt;
  return policy;
}

std::unexpected<Error> broken() {
  return fail(Errc::protocol_error, "a message between hearthd and hearth-gate cannot be read");
}

template <typename Variant, typename T>
Result<Variant> whole(const Words& words, T message) {
  if (!words.ok()) return broken();
  return Variant(std::move(message));
}

std::string write(const OpenMessage& m) {
  return fmt::format("open {} {} {} {} {} {}", m.id, to_string(m.to.purpose), m.to.port, m.to.host, m.to.who, m.millis);
}
std::string write(const DropMessage& m) {
  return fmt::format("drop {}", m.id);
}
std::string write(const PolicyMessage& m) {
  const std::size_t count = std::min(m.policy.rules.size(), kMaxGateRules);
  std::string text = fmt::format("policy {} {}\n", to_string(m.policy.mode), count);
  for (std::size_t i = 0; i < count; ++i) {
    const Rule& rule = m.policy.rules[i];
    text += fmt::format("{} {} {} {}\n", rule.purpose ? to_string(*rule.purpose) : kAny, rule.port, rule.host,
                        rule.nearby ? "near" : "far");
  }
  return text;
}
std::string write(const ProxyMessage& m) {
  return fmt::format("proxy {} {}", to_string(m.purpose), m.who);
}
std::string write(const VerdictMessage& m) {
  return m.yes ? fmt::format("verdict {} yes", m.id)
               : fmt::format("verdict {} no {}", m.id, clean_sentence(m.sentence));
}
std::string write(const OpenedMessage& m) {
  return fmt::format("opened {} {}", m.id, m.address);
}
std::string write(const FailedMessage& m) {
  return fmt::format("failed {} {} {}", m.id, hearth::to_string(m.code), clean_sentence(m.sentence));
}
std::string write(const AsksMessage& m) {
  return fmt::format("asks {} {} {} {} {}", m.id, to_string(m.to.purpose), m.to.port, m.to.host, m.to.who);
}
std::string write(const OverMessage& m) {
  return fmt::format("over {} {} {}", m.id, m.sent, m.received);
}

}  // namespace

std::string write_message(const ToGate& message) {
  return std::visit([](const auto& m) { return write(m); }, message);
}

std::string write_message(const FromGate& message) {
  return std::visit([](const auto& m) { return write(m); }, message);
}

Result<ToGate> read_to_gate(std::string_view text) {
  if (text.size() > kMaxGateMessage) return broken();
  if (text.starts_with("policy ")) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return broken();
    Words head(text.substr(7, end - 7));
    auto policy = read_policy(head, text.substr(end + 1));
    if (!policy) return broken();
    return ToGate(PolicyMessage{*std::move(policy)});
  }
  Words words(text);
  const std::string_view kind = words.word();
  if (kind == "open") {
    OpenMessage m;
    m.id = words.number<std::uint64_t>();
    m.to = read_destination(words);
    m.millis = words.number<std::uint32_t>();
    return whole<ToGate>(words, std::move(m));
  }
  if (kind == "drop") {
    const DropMessage m{words.number<std::uint64_t>()};
    return whole<ToGate>(words, m);
  }
  if (kind == "proxy") {
    ProxyMessage m;
    m.purpose = words.choice(parse_purpose);
    m.who = words.name();
    return whole<ToGate>(words, std::move(m));
  }
  if (kind == "verdict") {
    VerdictMessage m;
    m.id = words.number<std::uint64_t>();
    m.yes = words.choice(parse_yes);
    if (!m.yes) m.sentence = words.sentence();
    return whole<ToGate>(words, std::move(m));
  }
  return broken();
}

Result<FromGate> read_from_gate(std::string_view text) {
  if (text.size() > kMaxGateMessage) return broken();
  Words words(text);
  const std::string_view kind = words.word();
  if (kind == "opened") {
    OpenedMessage m;
    m.id = words.number<std::uint64_t>();
    m.address = words.word();
    words.require(m.address.size() <= kMaxAddress);
    return whole<FromGate>(words, std::move(m));
  }
  if (kind == "failed") {
    FailedMessage m;
    m.id = words.number<std::uint64_t>();
    m.code = words.choice(parse_errc);
    m.sentence = words.sentence();
    return whole<FromGate>(words, std::move(m));
  }
  if (kind == "asks") {
    AsksMessage m;
    m.id = words.number<std::uint64_t>();
    m.to = read_destination(words);
    return whole<FromGate>(words, std::move(m));
  }
  if (kind == "over") {
    OverMessage m;
    m.id = words.number<std::uint64_t>();
    m.sent = words.number<std::uint64_t>();
    m.received = words.number<std::uint64_t>();
    return whole<FromGate>(words, m);
  }
  return broken();
}

}  // namespace hearth::egress
