#include "arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <vector>

namespace hearth::whisper {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxSlots = 64;

bool is_vad(const fs::path& file) {
  return file.filename().string().starts_with("ggml-silero");
}

// The folder's .bin files, by name.
std::vector<fs::path> model_files(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.path().extension() == ".bin") found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

Result<fs::path> find_model(const std::string& data) {
  std::vector<fs::path> found = model_files(data);
  std::erase_if(found, is_vad);
  if (found.size() == 1) return found.front();
  return fail(Errc::invalid_argument, fmt::format("{} holds {} models; name one with --model FILE",
                                                  data.empty() ? "the data folder" : data, found.size()));
}

std::string find_vad(const fs::path& model) {
  for (const fs::path& file : model_files(model.parent_path()))
    if (is_vad(file)) return file.string();
  return {};
}

std::string in_folder(const std::string& data, const std::string& file) {
  return data.empty() ? file : (fs::path(data) / file).string();
}

}  // namespace

Result<Arguments> read_arguments(const kit::Options& options) {
  Arguments a;
  bool with_vad = false;
  for (std::size_t i = 0; i < options.rest.size(); i += 2) {
    const std::string& name = options.rest[i];
    if (i + 1 == options.rest.size()) return fail(Errc::invalid_argument, fmt::format("{} lacks its value", name));
    const std::string& value = options.rest[i + 1];
    if (name == "--model") {
      a.model = in_folder(options.data, value);
    } else if (name == "--vad") {
      with_vad = true;
      if (!value.empty()) a.vad = in_folder(options.data, value);
    } else if (name == "--name") {
      a.name = value;
    } else if (name == "--slots") {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), a.slots);
      if (ec != std::errc() || end != value.data() + value.size() || a.slots < 1 || a.slots > kMaxSlots)
        return fail(Errc::invalid_argument, fmt::format("--slots must be a number from 1 to {}", kMaxSlots));
    } else {
      return fail(Errc::invalid_argument,
                  fmt::format("{} is unknown; there are --model, --vad, --name and --slots", name));
    }
  }
  if (a.model.empty()) {
    HEARTH_TRY_ASSIGN(const fs::path model, find_model(options.data));
    a.model = model.string();
  }
  if (!with_vad) a.vad = find_vad(a.model);
  if (a.name.empty()) a.name = fs::path(a.model).stem().string();
  return a;
}

}  // namespace hearth::whisper
