// hearth-unpack LAYER ROOT BYTES ENTRIES: unpacks one layer of a container image into a folder, and prints how many
// bytes and entries it had.
//
// Started by hearthd in a sandbox that shows the layer and the folder and nothing else of the box.
#include <hearth/container/unpack.h>

#include <fmt/format.h>

#include <charconv>
#include <clocale>
#include <cstdio>
#include <exception>
#include <string_view>

namespace {

using namespace hearth;  // NOLINT(google-build-using-namespace): a program of one file

bool number(std::string_view text, std::uint64_t& into) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), into);
  return ec == std::errc() && end == text.data() + text.size();
}

// What the caller makes of it.
int status_of(const Error& error) {
  if (error.is(Errc::corrupt)) return 2;
  if (error.is(Errc::too_large)) return 3;
  if (error.is(Errc::resource_exhausted)) return 4;
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  container::UnpackLimits limits;
  if (argc != 5 || !number(argv[3], limits.bytes) || !number(argv[4], limits.entries)) {
    std::fputs("usage: hearth-unpack LAYER ROOT BYTES ENTRIES\n", stderr);
    return 125;
  }
  std::setlocale(LC_CTYPE, "C.UTF-8");  // libarchive's names of files
  try {
    const auto done = container::unpack_layer(argv[1], argv[2], limits);
    if (!done) {
      fmt::print(stderr, "{}\n", done.error().describe());
      return status_of(done.error());
    }
    fmt::print("{} {} {}\n", done->bytes, done->entries, done->left_out);
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
