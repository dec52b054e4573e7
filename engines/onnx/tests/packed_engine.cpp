#include "packed_engine.h"

#include <hearth/core/file.h>
#include <hearth/kit/frames.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace hearth::onnx::testing {

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "hearth-onnx.XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) folder_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::string Folder::write(std::string_view name, std::string_view bytes) const {
  const auto written = write_file_atomic(path(name), bytes);
  EXPECT_TRUE(written.has_value()) << path(name);
  return path(name);
}

std::string Folder::path(std::string_view name) const {
  return folder_ + "/" + std::string(name);
}

namespace {

// What runs the program: the pack's root, after limits and a redirection where they are asked for.
std::vector<std::string> command(const Limits& limits) {
  std::vector<std::string> command;
  if (limits.data > 0) command = {"prlimit", "--data=" + std::to_string(limits.data), "--"};
  if (!limits.log.empty()) command.insert(command.end(), {"sh", "-c", R"(exec 2>"$0"; exec "$@")", limits.log});
  const auto in_pack = kit::testing::in_root(HEARTH_ENGINE_SDK "/root",
                                             {std::filesystem::path(HEARTH_ONNX_PROGRAM).parent_path().string()});
  command.insert(command.end(), in_pack.begin(), in_pack.end());
  return command;
}

}  // namespace

PackedEngine::PackedEngine(const std::vector<std::string>& arguments, const Limits& limits)
    : process_(HEARTH_ONNX_PROGRAM, arguments, command(limits)) {}

kit::testing::Answer PackedEngine::post(std::string_view target, std::string_view body) {
  return kit::testing::Client(process_.socket()).request("POST", target, body);
}

kit::testing::Answer PackedEngine::get(std::string_view target) {
  return kit::testing::Client(process_.socket()).request("GET", target);
}

std::string frame_body(int width, int height, unsigned char value) {
  kit::FrameHeader header;
  header.kind = "image";
  header.total = 1;
  header.width = static_cast<std::uint32_t>(width);
  header.height = static_cast<std::uint32_t>(height);
  return kit::encode_frame_header(header) + std::string(header.size(), static_cast<char>(value));
}

boost::json::value json_of(const kit::testing::Answer& answer, int status) {
  EXPECT_EQ(answer.status, status) << answer.body;
  boost::system::error_code ec;
  boost::json::value value = boost::json::parse(answer.body, ec);
  EXPECT_FALSE(ec) << answer.body;
  return value;
}

std::string error_code(const kit::testing::Answer& answer, int status) {
  const boost::json::value body = json_of(answer, status);
  const auto* error = body.is_object() ? body.get_object().if_contains("error") : nullptr;
  if (error == nullptr) return "no error: " + answer.body;
  return std::string(error->at("code").as_string());
}

}  // namespace hearth::onnx::testing
