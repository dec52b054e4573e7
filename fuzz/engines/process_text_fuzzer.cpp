// What engines write to their log, what bubblewrap reports, and the kernel's files with names that processes choose.
#include "log_lines.h"

#include <hearth/hardware/machine.h>
#include <hearth/hardware/memory.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  hearth::engines::LineSplitter splitter(256);
  const auto sink = [](std::string_view line) {
    if (line.size() > 256) std::abort();
    static_cast<void>(hearth::engines::parse_engine_line(line));
  };
  splitter.push(text, sink);
  splitter.end(sink);
  static_cast<void>(hearth::hardware::parse_meminfo(text));
  static_cast<void>(hearth::hardware::parse_pss(text));
  static_cast<void>(hearth::hardware::parse_cpu_model(text));
  static_cast<void>(hearth::hardware::parse_os_name(text));
  static_cast<void>(hearth::hardware::parse_cpu_max(text));
  const auto parent = hearth::hardware::parse_parent(text);
  if (parent && *parent < 0) std::abort();
  return 0;
}
