// What engines write to their log, what bubblewrap reports, the kernel's files with names that processes choose, and
// the file of what was learned.
#include "learned_file.h"
#include "log_lines.h"

#include <hearth/hardware/load.h>
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
  static_cast<void>(hearth::hardware::parse_work(text));
  static_cast<void>(hearth::hardware::parse_waited(text));
  static_cast<void>(hearth::hardware::parse_memory_max(text));
  const auto stall = hearth::hardware::parse_pressure(text);
  if (stall && (stall->some < 0 || stall->some > 101 || stall->full < 0 || stall->full > 101)) std::abort();
  // What is read from the file of what was learned is what would be written.
  const auto learned = hearth::engines::parse_learned(text);
  if (hearth::engines::parse_learned(hearth::engines::format_learned(learned)) != learned) std::abort();
  const auto parent = hearth::hardware::parse_parent(text);
  if (parent && *parent < 0) std::abort();
  return 0;
}
