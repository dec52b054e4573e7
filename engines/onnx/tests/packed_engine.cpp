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

PackedEngine::PackedEngine(const std::vector<std::string>& arguments) : process_(HEARTH_ONNX_IN_PACK, arguments) {}

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
