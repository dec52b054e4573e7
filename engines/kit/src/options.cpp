#include "options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace hearth::kit {
namespace {

[[noreturn]] void usage(std::string_view name, int status, std::string_view more) {
  fmt::print(status == 0 ? stdout : stderr,
             "hearth-{0}: one of Hearth's engines. hearthd starts it; by hand:\n\n"
             "  hearth-{0} --socket PATH --data DIR [--scratch DIR] [--threads N]\n\n"
             "  --socket PATH   the Unix socket to serve on\n"
             "  --data DIR      the folder with the engine's models and tables\n"
             "  --scratch DIR   for temporary files (/tmp)\n"
             "  --threads N     compute threads worth using (1)\n{1}\n"
             "It ends when its standard input does. docs/engine-protocol.md describes what it answers.\n",
             name, more);
  std::exit(status);
}

}  // namespace

Options parse_options(std::string_view name, int argc, char** argv, std::string_view more_usage) {
  Options options;
  options.scratch = "/tmp";
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--help" || arg == "-h") usage(name, 0, more_usage);
    std::string* text = arg == "--socket"    ? &options.socket
                        : arg == "--data"    ? &options.data
                        : arg == "--scratch" ? &options.scratch
                                             : nullptr;
    if (text == nullptr && arg != "--threads") {
      options.rest.emplace_back(arg);
      continue;
    }
    if (++i == argc) usage(name, 2, more_usage);
    const std::string_view value = argv[i];
    if (text != nullptr) {
      *text = value;
    } else {
      const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), options.threads);
      if (ec != std::errc() || *end != '\0') usage(name, 2, more_usage);
      options.threads = std::clamp(options.threads, 1, 256);
    }
  }
  if (options.socket.empty()) usage(name, 2, more_usage);
  return options;
}

}  // namespace hearth::kit
