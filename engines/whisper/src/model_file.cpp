#include "model_file.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace hearth::whisper {
namespace {

constexpr std::uint32_t kMagic = 0x67676D6C;  // "ggml"
constexpr std::int32_t kQuantVersion = 1000;  // the file type is 1000 × the version of the quantisation + the type
constexpr std::uint32_t kMaxWord = 4096;      // bytes in a token
constexpr std::int32_t kMaxTensors = 10'000;
constexpr std::int32_t kMaxName = 256;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Errc::invalid_argument, fmt::format("this is not a whisper model as whisper.cpp stores them: {}", what));
}

// Goes through the file from its begin, through a window of memory.
class Cursor {
 public:
  Cursor(const ReadAt& read, std::uint64_t size) : read_(read), size_(size) {}

  template <typename T>
  Result<T> number() {
    T value{};
    std::array<char, sizeof(T)> bytes{};
    HEARTH_TRY(copy(bytes));
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  Result<std::string> text(std::size_t length) {
    std::string bytes(length, '\0');
    HEARTH_TRY(copy(bytes));
    return bytes;
  }
  Result<void> skip(std::uint64_t bytes) {
    if (bytes > size_ - at_) return ended();
    at_ += bytes;
    return {};
  }
  [[nodiscard]] bool at_end() const { return at_ == size_; }

 private:
  static std::unexpected<Error> ended() { return wrong("it ends too early; it may be half of a download"); }

  Result<void> copy(std::span<char> into) {
    if (into.size() > size_ - at_) return ended();
    for (std::size_t done = 0; done < into.size();) {
      if (at_ < from_ || at_ >= from_ + held_.size()) {
        from_ = at_;
        held_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kHeld, size_ - at_)));
        HEARTH_TRY_ASSIGN(const std::size_t n, read_(from_, held_));
        if (n == 0) return ended();
        held_.resize(n);
      }
      const auto start = static_cast<std::size_t>(at_ - from_);
      const std::size_t n = std::min(into.size() - done, held_.size() - start);
      std::memcpy(into.data() + done, held_.data() + start, n);
      done += n;
      at_ += n;
    }
    return {};
  }

  static constexpr std::uint64_t kHeld = 64 * 1024;
  const ReadAt& read_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  std::uint64_t from_ = 0;
  std::vector<char> held_;
};

struct Bounds {
  std::string_view name;
  std::int32_t ModelLayout::* field;
  std::int32_t low;
  std::int32_t high;
};
constexpr std::array kBounds{Bounds{"vocabulary", &ModelLayout::vocabulary, 51'864, 51'866},
                             Bounds{"audio context", &ModelLayout::audio_context, 1, 1500},
                             Bounds{"audio state", &ModelLayout::audio_state, 8, 2560},
                             Bounds{"audio heads", &ModelLayout::audio_heads, 1, 64},
                             Bounds{"audio layers", &ModelLayout::audio_layers, 1, 64},
                             Bounds{"text context", &ModelLayout::text_context, 16, 448},
                             Bounds{"text state", &ModelLayout::text_state, 8, 2560},
                             Bounds{"text heads", &ModelLayout::text_heads, 1, 64},
                             Bounds{"text layers", &ModelLayout::text_layers, 1, 64},
                             Bounds{"mel bands", &ModelLayout::mels, 80, 128},
                             Bounds{"file type", &ModelLayout::file_type, 0, 64}};

// ggml's types of tensors that whisper's files hold: values in a block, and bytes of a block.
struct TensorType {
  std::int32_t type;
  std::uint32_t values;
  std::uint32_t bytes;
};
constexpr std::array kTypes{TensorType{0, 1, 4},      TensorType{1, 1, 2},      TensorType{2, 32, 18},
                            TensorType{3, 32, 20},    TensorType{6, 32, 22},    TensorType{7, 32, 24},
                            TensorType{8, 32, 34},    TensorType{10, 256, 84},  TensorType{11, 256, 110},
                            TensorType{12, 256, 144}, TensorType{13, 256, 176}, TensorType{14, 256, 210}};

Result<void> check_layout(const ModelLayout& m) {
  for (const Bounds& b : kBounds) {
    const std::int32_t value = m.*b.field;
    if (value < b.low || value > b.high)
      return wrong(fmt::format("its {} is {}, and {} to {} are known", b.name, value, b.low, b.high));
  }
  if (m.audio_state != m.text_state) return wrong("its two halves differ in their width");
  if (m.audio_state % m.audio_heads != 0 || m.text_state % m.text_heads != 0)
    return wrong("its width is no multiple of its heads");
  return {};
}

Result<void> skip_filters(Cursor& in, const ModelLayout& m) {
  HEARTH_TRY_ASSIGN(const auto mels, in.number<std::int32_t>());
  HEARTH_TRY_ASSIGN(const auto bins, in.number<std::int32_t>());
  if (mels != m.mels || bins != 201) return wrong(fmt::format("its filters are {} by {}", mels, bins));
  return in.skip(static_cast<std::uint64_t>(mels) * static_cast<std::uint64_t>(bins) * sizeof(float));
}

Result<void> skip_vocabulary(Cursor& in, const ModelLayout& m) {
  HEARTH_TRY_ASSIGN(const auto words, in.number<std::int32_t>());
  if (words < 1 || words > m.vocabulary) return wrong(fmt::format("it lists {} tokens of {}", words, m.vocabulary));
  bool has_space = false;
  for (std::int32_t i = 0; i < words; ++i) {
    HEARTH_TRY_ASSIGN(const auto length, in.number<std::uint32_t>());
    if (length > kMaxWord) return wrong(fmt::format("one of its tokens is {} bytes long", length));
    HEARTH_TRY_ASSIGN(const std::string word, in.text(length));
    has_space = has_space || word == " ";
  }
  // libwhisper looks the blank up without asking whether it is there.
  if (!has_space) return wrong("its tokens lack the blank");
  return {};
}

// Up to the file's end; how many there are.
Result<std::int32_t> skip_tensors(Cursor& in) {
  std::int32_t count = 0;
  while (!in.at_end()) {
    HEARTH_TRY_ASSIGN(const auto dimensions, in.number<std::int32_t>());
    HEARTH_TRY_ASSIGN(const auto length, in.number<std::int32_t>());
    HEARTH_TRY_ASSIGN(const auto type, in.number<std::int32_t>());
    if (dimensions < 0 || dimensions > 4 || length < 1 || length > kMaxName || ++count > kMaxTensors)
      return wrong("the table of its weights is damaged");
    std::uint64_t values = 1;
    for (std::int32_t i = 0; i < dimensions; ++i) {
      HEARTH_TRY_ASSIGN(const auto n, in.number<std::int32_t>());
      constexpr std::uint64_t kMost = 1ULL << 31U;  // libwhisper counts them in an int
      if (n < 1 || values * static_cast<std::uint64_t>(n) >= kMost)
        return wrong("one of its weights has an impossible size");
      values *= static_cast<std::uint64_t>(n);
    }
    HEARTH_TRY(in.skip(static_cast<std::uint64_t>(length)));
    const auto* const known = std::ranges::find(kTypes, type, &TensorType::type);
    if (known == kTypes.end() || values % known->values != 0)
      return wrong(fmt::format("its weights are of an unknown kind, {}", type));
    HEARTH_TRY(in.skip(values / known->values * known->bytes));
  }
  return count;
}

// An open file, as ReadAt.
template <typename Check>
auto checked(const std::filesystem::path& path, Check check) -> decltype(check(ReadAt(), std::uint64_t{})) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return fail(Errc::not_found, fmt::format("there is no file {}", path.string()));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  if (!S_ISREG(info.st_mode)) return fail(Errc::invalid_argument, fmt::format("{} is not a file", path.string()));
  const ReadAt read = [&](std::uint64_t at, std::span<char> into) -> Result<std::size_t> {
    for (;;) {
      const ssize_t n = ::pread(file.get(), into.data(), into.size(), static_cast<off_t>(at));
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return fail_errno(errno, fmt::format("cannot read {}", path.string()));
    }
  };
  auto result = check(read, static_cast<std::uint64_t>(info.st_size));
  if (!result)
    return fail(result.error().kind(), fmt::format("{}: {}", path.filename().string(), result.error().describe()));
  return result;
}

}  // namespace

Result<ModelLayout> check_model(const ReadAt& read, std::uint64_t size) {
  Cursor in(read, size);
  HEARTH_TRY_ASSIGN(const auto magic, in.number<std::uint32_t>());
  if (magic != kMagic) return wrong("it begins with other bytes");
  ModelLayout m;
  for (const auto field :
       {&ModelLayout::vocabulary, &ModelLayout::audio_context, &ModelLayout::audio_state, &ModelLayout::audio_heads,
        &ModelLayout::audio_layers, &ModelLayout::text_context, &ModelLayout::text_state, &ModelLayout::text_heads,
        &ModelLayout::text_layers, &ModelLayout::mels, &ModelLayout::file_type}) {
    HEARTH_TRY_ASSIGN(m.*field, in.number<std::int32_t>());
  }
  if (m.file_type >= 0) m.file_type %= kQuantVersion;
  HEARTH_TRY(check_layout(m));
  HEARTH_TRY(skip_filters(in, m));
  HEARTH_TRY(skip_vocabulary(in, m));
  HEARTH_TRY_ASSIGN(m.tensors, skip_tensors(in));
  const std::int32_t wanted = 11 + 15 * m.audio_layers + 24 * m.text_layers;
  if (m.tensors != 0 && m.tensors != wanted) return wrong(fmt::format("it holds {} weights of {}", m.tensors, wanted));
  return m;
}

Result<void> check_vad(const ReadAt& read, std::uint64_t size) {
  Cursor in(read, size);
  HEARTH_TRY_ASSIGN(const auto magic, in.number<std::uint32_t>());
  if (magic != kMagic) return wrong("it begins with other bytes");
  HEARTH_TRY_ASSIGN(const auto length, in.number<std::int32_t>());
  if (length < 1 || length > kMaxName) return wrong("it has no name of its kind");
  HEARTH_TRY_ASSIGN(const std::string kind, in.text(static_cast<std::size_t>(length)));
  if (!kind.starts_with("silero")) return wrong("it is not Silero's model of speech");
  HEARTH_TRY(in.skip(3 * sizeof(std::int32_t)));  // its version
  // What libwhisper takes for granted of the one network it knows.
  constexpr std::array kExpected{512, 64, 4, 129, 128, 3, 128, 64, 3, 64, 64, 3, 64, 128, 3, 128, 128, 128, 1};
  for (const std::int32_t expected : kExpected) {
    HEARTH_TRY_ASSIGN(const auto value, in.number<std::int32_t>());
    if (value != expected) return wrong("it is a Silero model of another shape");
  }
  HEARTH_TRY_ASSIGN(const auto tensors, skip_tensors(in));
  if (tensors != 15) return wrong(fmt::format("it holds {} weights of 15", tensors));
  return {};
}

Result<ModelLayout> check_model_file(const std::filesystem::path& file) {
  return checked(file, [](const ReadAt& read, std::uint64_t size) { return check_model(read, size); });
}

Result<void> check_vad_file(const std::filesystem::path& file) {
  return checked(file, [](const ReadAt& read, std::uint64_t size) { return check_vad(read, size); });
}

}  // namespace hearth::whisper
