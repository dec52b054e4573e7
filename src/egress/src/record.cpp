#include <hearth/core/byte_set.h>
#include <hearth/core/file_hash.h>
#include <hearth/core/ids.h>
#include <hearth/core/sha256.h>
#include <hearth/core/utf8.h>
#include <hearth/egress/record.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace hearth::egress {
namespace {

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxSums = 10'000;
constexpr std::string_view kHead = R"({"v":1,"prev":")";
constexpr std::array<std::string_view, kPurposes> kPurposeWords{"provider", "pull", "pack", "webhook", "mcp", "lan"};
constexpr std::array<std::string_view, 4> kOutcomes{"answered", "failed", "broken", "cancelled"};

// Whole milliseconds: a finer time would not come back.
std::int64_t millis(WallTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
WallTime from_millis(std::uint64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}
// What a WallTime of nanoseconds can hold.
constexpr std::uint64_t kMaxMillis = 9'000'000'000'000;

// ASCII without what must be escaped.
constexpr ByteSet kPlain([](char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
});

// ── Writing

bool is_writable(std::uint64_t number) noexcept {
  return number <= kMaxNumber;
}
bool is_writable(WallTime t) noexcept {
  const std::int64_t ms = millis(t);
  return ms >= 0 && static_cast<std::uint64_t>(ms) <= kMaxMillis;
}

class Writer {
 public:
  Writer() { out_.reserve(kUsualEntry); }
  void literal(std::string_view text) { out_ += text; }
  void number(std::uint64_t value) {
    if (!is_writable(value)) problem("a number is too large");
    out_ += fmt::format_int(value).c_str();
  }
  void time(WallTime t) {
    if (!is_writable(t)) return problem("a time is out of range");
    number(static_cast<std::uint64_t>(millis(t)));
  }
  void text(std::string_view value) {
    if (value.size() > kMaxText) return problem(fmt::format("a text is longer than {} bytes", kMaxText));
    out_ += '"';
    if (kPlain.contains_all(value)) {
      out_ += value;
    } else if (is_utf8(value)) {
      escaped(value);
    } else {
      problem("a text is no UTF-8");
    }
    out_ += '"';
  }
  void problem(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }
  Result<std::string> take() {
    if (problem_.empty()) return std::move(out_);
    return fail(Errc::invalid_argument, "the egress ledger cannot record this: " + problem_);
  }

 private:
  static constexpr std::size_t kUsualEntry = 512;

  void escaped(std::string_view value) {
    for (const char c : value) {
      if (c == '"' || c == '\\') out_ += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out_ += c;
      }
    }
  }

  std::string out_;
  std::string problem_;
};

void write(Writer& w, const Begin& b) {
  w.literal(R"("kind":"begin","time":)");
  w.time(b.time);
  w.literal(R"(,"call":)");
  w.text(b.call);
  w.literal(R"(,"who":)");
  w.text(b.who);
  w.literal(R"(,"class":)");
  w.text(hearth::to_string(b.data_class));
  w.literal(R"(,"rule":)");
  w.text(b.rule);
  w.literal(R"(,"purpose":)");
  w.text(to_string(b.purpose));
  w.literal(R"(,"to":)");
  w.text(b.destination);
  w.literal(R"(,"upstream":)");
  w.text(b.upstream);
  w.literal(R"(,"model":)");
  w.text(b.model);
  w.literal(R"(,"bytes":)");
  w.number(b.bytes);
  w.literal(R"(,"sha256":)");
  w.text(b.sha256);
  if (!b.sha256.empty() && !is_sha256(b.sha256)) w.problem("a hash is none");
}

void write(Writer& w, const Complete& c) {
  w.literal(R"("kind":"complete","time":)");
  w.time(c.time);
  w.literal(R"(,"begin":)");
  w.number(c.begin);
  w.literal(R"(,"outcome":)");
  w.text(to_string(c.outcome));
  w.literal(R"(,"status":)");
  w.number(c.status);
  w.literal(R"(,"sent":)");
  w.number(c.sent);
  w.literal(R"(,"received":)");
  w.number(c.received);
  w.literal(R"(,"tokens_in":)");
  w.number(c.tokens_in);
  w.literal(R"(,"tokens_out":)");
  w.number(c.tokens_out);
}

void write(Writer& w, const Fold& f) {
  w.literal(R"("kind":"fold","time":)");
  w.time(f.time);
  w.literal(R"(,"until":)");
  w.number(f.until);
  w.literal(R"(,"last":)");
  w.text(to_hex(view(f.last)));
  w.literal(R"(,"first_call":)");
  w.time(f.first_call);
  w.literal(R"(,"last_call":)");
  w.time(f.last_call);
  w.literal(R"(,"sums":[)");
  if (f.sums.size() > kMaxSums) w.problem("there are too many sums");
  for (std::size_t i = 0; i < f.sums.size(); ++i) {
    const Fold::Sum& sum = f.sums[i];
    w.literal(i == 0 ? R"({"class":)" : R"(,{"class":)");
    w.text(hearth::to_string(sum.data_class));
    w.literal(R"(,"rule":)");
    w.text(sum.rule);
    w.literal(R"(,"purpose":)");
    w.text(to_string(sum.purpose));
    w.literal(R"(,"to":)");
    w.text(sum.destination);
    w.literal(R"(,"calls":)");
    w.number(sum.calls);
    w.literal(R"(,"bytes":)");
    w.number(sum.bytes);
    w.literal("}");
  }
  w.literal("]");
}

// ── Reading: only what the writer would have written

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  bool optional(std::string_view literal) {
    if (!good_ || !rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  void literal(std::string_view text) { check(optional(text)); }

  std::uint64_t number(std::uint64_t max = kMaxNumber) {
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const auto digits = static_cast<std::size_t>(end - rest_.data());
    check(ec == std::errc() && value <= max && (rest_.front() != '0' || digits == 1));
    if (good_) rest_.remove_prefix(digits);
    return value;
  }
  WallTime time() { return from_millis(number(kMaxMillis)); }

  std::string text() {
    literal("\"");
    std::string value;
    for (std::size_t i = 0; good_ && i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '"') {
        rest_.remove_prefix(i + 1);
        check(value.size() <= kMaxText && is_utf8(value));
        return value;
      }
      if (static_cast<unsigned char>(c) < 0x20) break;
      if (c != '\\') {
        value += c;
        continue;
      }
      const std::string_view escape = rest_.substr(i + 1, 5);
      if (escape.starts_with('"') || escape.starts_with('\\')) {
        value += escape.front();
        ++i;
      } else if (const auto control = control_of(escape)) {
        value += *control;
        i += escape.size();
      } else {
        break;
      }
    }
    check(false);
    return {};
  }

  template <std::size_t N>
  std::size_t one_of(const std::array<std::string_view, N>& names) {
    const std::string name = text();
    const auto* found = std::ranges::find(names, name);
    check(found != names.end());
    return good_ ? static_cast<std::size_t>(found - names.begin()) : 0;
  }
  DataClass data_class() {
    const auto found = parse_data_class(text());
    check(found.has_value());
    return found.value_or(kUnknownClass);
  }
  Hash hash(std::string_view digits) {
    Hash hash{};
    check(is_sha256(digits));
    for (std::size_t i = 0; good_ && i < hash.size(); ++i)
      std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, hash[i], 16);
    return hash;
  }
  // So many bytes as they stand.
  std::string_view take(std::size_t size) {
    check(rest_.size() >= size);
    if (!good_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  void check(bool condition) { good_ = good_ && condition; }

 private:
  // "u001f", in lower case, of a character that must be escaped.
  static std::optional<char> control_of(std::string_view escape) {
    if (!escape.starts_with("u00") || escape.size() != 5) return std::nullopt;
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto high = kDigits.find(escape[3]);
    const auto low = kDigits.find(escape[4]);
    if (high > 1 || low == std::string_view::npos) return std::nullopt;
    return static_cast<char>(high * 16 + low);
  }

  std::string_view rest_;
  bool good_ = true;
};

Begin read_begin(Reader& r) {
  Begin b;
  r.literal(R"("time":)");
  b.time = r.time();
  r.literal(R"(,"call":)");
  b.call = r.text();
  r.literal(R"(,"who":)");
  b.who = r.text();
  r.literal(R"(,"class":)");
  b.data_class = r.data_class();
  r.literal(R"(,"rule":)");
  b.rule = r.text();
  r.literal(R"(,"purpose":)");
  b.purpose = static_cast<Purpose>(r.one_of(kPurposeWords));
  r.literal(R"(,"to":)");
  b.destination = r.text();
  r.literal(R"(,"upstream":)");
  b.upstream = r.text();
  r.literal(R"(,"model":)");
  b.model = r.text();
  r.literal(R"(,"bytes":)");
  b.bytes = r.number();
  r.literal(R"(,"sha256":)");
  b.sha256 = r.text();
  r.check(b.sha256.empty() || is_sha256(b.sha256));
  return b;
}

Complete read_complete(Reader& r) {
  Complete c;
  r.literal(R"("time":)");
  c.time = r.time();
  r.literal(R"(,"begin":)");
  c.begin = r.number();
  r.literal(R"(,"outcome":)");
  c.outcome = static_cast<Outcome>(r.one_of(kOutcomes));
  r.literal(R"(,"status":)");
  c.status = static_cast<std::uint32_t>(r.number(std::numeric_limits<std::uint32_t>::max()));
  r.literal(R"(,"sent":)");
  c.sent = r.number();
  r.literal(R"(,"received":)");
  c.received = r.number();
  r.literal(R"(,"tokens_in":)");
  c.tokens_in = r.number();
  r.literal(R"(,"tokens_out":)");
  c.tokens_out = r.number();
  return c;
}

Fold read_fold(Reader& r) {
  Fold f;
  r.literal(R"("time":)");
  f.time = r.time();
  r.literal(R"(,"until":)");
  f.until = r.number();
  r.literal(R"(,"last":)");
  f.last = r.hash(r.text());
  r.literal(R"(,"first_call":)");
  f.first_call = r.time();
  r.literal(R"(,"last_call":)");
  f.last_call = r.time();
  r.literal(R"(,"sums":[)");
  while (r.optional(f.sums.empty() ? R"({"class":)" : R"(,{"class":)")) {
    Fold::Sum sum;
    sum.data_class = r.data_class();
    r.literal(R"(,"rule":)");
    sum.rule = r.text();
    r.literal(R"(,"purpose":)");
    sum.purpose = static_cast<Purpose>(r.one_of(kPurposeWords));
    r.literal(R"(,"to":)");
    sum.destination = r.text();
    r.literal(R"(,"calls":)");
    sum.calls = r.number();
    r.literal(R"(,"bytes":)");
    sum.bytes = r.number();
    r.literal("}");
    r.check(f.sums.size() < kMaxSums);
    f.sums.push_back(std::move(sum));
  }
  r.literal("]");
  return f;
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

namespace {

template <typename E>
Result<std::string> encode_one(const E& entry) {
  Writer writer;
  write(writer, entry);
  return writer.take();
}

}  // namespace

Result<std::string> encode(const Entry& entry) {
  return std::visit([](const auto& e) { return encode_one(e); }, entry);
}
Result<std::string> encode(const Begin& entry) {
  return encode_one(entry);
}
Result<std::string> encode(const Complete& entry) {
  return encode_one(entry);
}

bool is_writable(const Complete& c) noexcept {
  return is_writable(c.time) && is_writable(c.sent) && is_writable(c.received) && is_writable(c.tokens_in) &&
         is_writable(c.tokens_out);
}

std::string join(const Hash& previous, std::string_view entry) {
  const std::string hash = to_hex(view(previous));
  std::string record;
  record.reserve(kHead.size() + hash.size() + entry.size() + 3);
  return record.append(kHead).append(hash).append("\",").append(entry).append("}");
}

Result<Record> decode(std::string_view record) {
  Reader r(record);
  Record read;
  r.literal(kHead);
  read.previous = r.hash(r.take(64));
  r.literal(R"(","kind":)");
  if (r.optional(R"("begin",)")) {
    read.entry = read_begin(r);
  } else if (r.optional(R"("complete",)")) {
    read.entry = read_complete(r);
  } else if (r.optional(R"("fold",)")) {
    read.entry = read_fold(r);
  } else {
    r.check(false);
  }
  r.literal("}");
  if (!r.good() || !r.at_end()) return fail(Errc::corrupt, "it is not written as a record of the egress ledger is");
  return read;
}

}  // namespace hearth::egress
