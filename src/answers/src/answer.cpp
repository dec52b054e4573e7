#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>

#include <bit>
#include <concepts>
#include <cstring>
#include <optional>

namespace hearth::answers {
namespace {

// version, checksum of the rest, then the fields; numbers as they lie in memory.
constexpr char kVersion = 2;
constexpr std::size_t kChecksum = 16;
constexpr std::int64_t kLastSecond = std::int64_t{1} << 33;  // what a time point can hold, and far from now
constexpr std::string_view kPurpose = "hearth.stored.1";
static_assert(std::endian::native == std::endian::little, "files are read where they were written");

template <std::integral T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out.append(text);
}

std::string checksum(std::string_view bytes) {
  Hasher hasher(kPurpose);
  hasher.add(bytes);
  return std::string(hasher.finish().view().substr(0, kChecksum));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  [[nodiscard]] std::optional<T> number() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    T value{};
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  [[nodiscard]] std::optional<std::string_view> text() {
    const auto size = number<std::uint64_t>();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return text;
  }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::string_view rest_;
};

// Ascending, and the last at the body's end.
bool are_ends(const std::vector<std::uint32_t>& ends, std::size_t size) {
  std::uint32_t last = 0;
  for (const std::uint32_t end : ends) {
    if (end < last) return false;
    last = end;
  }
  return ends.empty() || last == size;
}

std::optional<AnswerHeaders> read_headers(Reader& reader) {
  const auto count = reader.number<std::uint64_t>();
  constexpr std::size_t kLeast = 2 * sizeof(std::uint64_t);
  if (!count || *count > reader.left() / kLeast) return std::nullopt;
  AnswerHeaders headers;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto name = reader.text();
    const auto value = reader.text();
    if (!name || !value) return std::nullopt;
    headers.emplace_back(*name, *value);
  }
  return headers;
}

std::optional<Answer> read_fields(std::string_view bytes) {
  Reader reader(bytes);
  const auto tenant = reader.text();
  const auto data_class = reader.number<std::uint8_t>();
  const auto content_type = reader.text();
  auto headers = read_headers(reader);
  const auto body = reader.text();
  const auto count = reader.number<std::uint64_t>();
  if (!count || *count > reader.left() / sizeof(std::uint32_t)) return std::nullopt;
  Answer answer;
  answer.ends.reserve(*count);
  for (std::uint64_t i = 0; i < *count; ++i) answer.ends.push_back(*reader.number<std::uint32_t>());
  const auto input = reader.number<std::uint64_t>();
  const auto output = reader.number<std::uint64_t>();
  const auto currency = reader.text();
  const auto nano = reader.number<std::int64_t>();
  const auto answered_by = reader.text();
  const auto made = reader.number<std::int64_t>();
  if (!tenant || !data_class || *data_class >= kDataClasses.size() || !content_type || !headers || !body || !input ||
      !output || !currency || !nano || !answered_by || !made || *made < 0 || *made > kLastSecond || reader.left() > 0 ||
      !are_ends(answer.ends, body->size()))
    return std::nullopt;
  answer.tenant = *tenant;
  answer.data_class = static_cast<DataClass>(*data_class);
  answer.content_type = *content_type;
  answer.headers = std::move(*headers);
  answer.body = *body;
  answer.input_tokens = *input;
  answer.output_tokens = *output;
  answer.currency = *currency;
  answer.nano = *nano;
  answer.answered_by = *answered_by;
  answer.made = WallTime(Seconds(*made));
  return answer;
}

}  // namespace

std::string encode(const Answer& answer) {
  std::string fields;
  fields.reserve(answer.size() + 64);
  put(fields, answer.tenant);
  put(fields, static_cast<std::uint8_t>(answer.data_class));
  put(fields, answer.content_type);
  put(fields, static_cast<std::uint64_t>(answer.headers.size()));
  for (const auto& [name, value] : answer.headers) {
    put(fields, name);
    put(fields, value);
  }
  put(fields, answer.body);
  put(fields, static_cast<std::uint64_t>(answer.ends.size()));
  for (const std::uint32_t end : answer.ends) put(fields, end);
  put(fields, answer.input_tokens);
  put(fields, answer.output_tokens);
  put(fields, answer.currency);
  put(fields, answer.nano);
  put(fields, answer.answered_by);
  put(fields, unix_seconds(answer.made));
  return kVersion + checksum(fields) + fields;
}

Result<Answer> decode_answer(std::string_view bytes) {
  const auto damaged = [] { return fail(Errc::corrupt, "a stored answer is damaged"); };
  if (bytes.size() < 1 + kChecksum || bytes[0] != kVersion) return damaged();
  const std::string_view fields = bytes.substr(1 + kChecksum);
  if (checksum(fields) != bytes.substr(1, kChecksum)) return damaged();
  auto answer = read_fields(fields);
  if (!answer) return damaged();
  return std::move(*answer);
}

}  // namespace hearth::answers
