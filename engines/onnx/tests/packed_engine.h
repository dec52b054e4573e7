// The program in its pack, with a model that a test wrote.
#pragma once

#include "onnx_file.h"

#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <boost/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx::testing {

// A folder of its own under the system's temporary one; goes with its files.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // Writes a file; gives its path.
  std::string write(std::string_view name, std::string_view bytes) const;
  [[nodiscard]] std::string path(std::string_view name) const;

 private:
  std::string folder_;
};

struct Limits {
  std::uint64_t data = 0;  // bytes of memory, as the daemon limits engines; 0: none
  std::string log;         // a file for what the program logs; empty: the test's own standard error
};

class PackedEngine {
 public:
  // `arguments` without --socket; starts at once.
  explicit PackedEngine(const std::vector<std::string>& arguments, const Limits& limits = {});
  [[nodiscard]] bool ready() const { return process_.ready(); }
  kit::testing::Answer post(std::string_view target, std::string_view body);
  kit::testing::Answer get(std::string_view target);
  [[nodiscard]] kit::testing::EngineProcess& process() { return process_; }

 private:
  kit::testing::EngineProcess process_;
};

// A frame of one colour, as a request's body.
std::string frame_body(int width, int height, unsigned char value);
// The answer's JSON; a test failure and null when it has another status.
boost::json::value json_of(const kit::testing::Answer& answer, int status = 200);
// The error code of an answer that must have this status.
std::string error_code(const kit::testing::Answer& answer, int status);

}  // namespace hearth::onnx::testing
