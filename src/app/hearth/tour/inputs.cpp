#include "inputs.h"

#include <hearth/core/file.h>
#include <hearth/core/paths.h>

#include <fmt/format.h>

namespace hearth::tool::tour {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileLimit = 16U << 20U;
constexpr const char* kClips = "/usr/share/pocketsphinx/test/data/librivox";
constexpr const char* kVideo = "/usr/share/doc/opencv-doc/examples/data/vtest.avi";

bool is_file(const fs::path& path) {
  std::error_code ec;
  return fs::is_regular_file(path, ec);
}

std::unexpected<Error> needs_package(const char* package, const fs::path& file) {
  return fail(Errc::failed_precondition, fmt::format("{} is missing: apt install {}", file.string(), package));
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t end = text.find(at);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// "<s> he was not an ill disposed young man </s> (sense_and_sensibility_01_austen_64kb-0880)"
struct Transcription {
  std::string name;
  std::string text;
};
std::vector<Transcription> parse_transcriptions(std::string_view content) {
  std::vector<Transcription> out;
  for (std::string_view line : split(content, '\n')) {
    const std::size_t open = line.find("<s>");
    const std::size_t close = line.find("</s>");
    const std::size_t paren = line.rfind('(');
    const std::size_t end = line.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || paren == std::string_view::npos ||
        end == std::string_view::npos || open + 3 > close || paren > end)
      continue;
    out.push_back(
        {std::string(line.substr(paren + 1, end - paren - 1)), std::string(line.substr(open + 3, close - open - 3))});
  }
  return out;
}

}  // namespace

fs::path Inputs::instead(std::string_view name) const {
  if (instead_.empty() || !is_file(instead_ / name)) return {};
  return instead_ / name;
}

Result<std::vector<Inputs::Clip>> Inputs::clips() const {
  const fs::path index = fs::path(kClips) / "transcription";
  if (!is_file(index)) return needs_package("pocketsphinx-testdata", index);
  HEARTH_TRY_ASSIGN(const std::string content, read_file(index, kFileLimit));
  std::vector<Clip> out;
  for (const Transcription& said : parse_transcriptions(content)) {
    const std::string name = said.name + ".wav";
    const fs::path other = instead("listen/" + name);
    const fs::path file = other.empty() ? fs::path(kClips) / name : other;
    if (!is_file(file)) return needs_package("pocketsphinx-testdata", file);
    out.push_back({file, said.text});
  }
  if (out.empty()) return fail(Errc::corrupt, fmt::format("{} holds no transcription", index.string()));
  return out;
}

Result<fs::path> Inputs::video() const {
  if (fs::path other = instead("see/vtest.avi"); !other.empty()) return other;
  if (!is_file(kVideo)) return needs_package("opencv-doc", kVideo);
  return fs::path(kVideo);
}

Result<std::string> Inputs::own(std::string_view name) const {
  const fs::path other = instead(name);
  const fs::path file = other.empty() ? share_dir() / "tour" / name : other;
  if (!is_file(file))
    return fail(Errc::not_found, fmt::format("{} is missing: this installation is not whole", file.string()));
  return read_file(file, kFileLimit);
}

Result<std::vector<std::vector<std::string>>> Inputs::own_table(std::string_view name) const {
  HEARTH_TRY_ASSIGN(const std::string content, own(name));
  std::vector<std::vector<std::string>> out;
  for (const std::string_view line : split(content, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto fields = split(line, '\t');
    out.emplace_back(fields.begin(), fields.end());
  }
  return out;
}

}  // namespace hearth::tool::tour
