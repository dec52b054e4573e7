// Whatever the disk holds: a stored answer is read without harm, or refused; what is accepted is written back the same.
// Each input is tried as it is, and with a right checksum in front, so that what lies behind is reached.
#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>

#include <cstdlib>

using namespace hearth::answers;

namespace {

void check(std::string_view bytes) {
  const auto answer = decode_answer(bytes);
  if (!answer) {
    if (!answer.error().is(hearth::Errc::corrupt)) std::abort();
    return;
  }
  if (encode(*answer) != bytes) std::abort();
  std::size_t sum = 0;
  for (std::size_t i = 0; i < answer->ends.size(); ++i) sum += answer->piece(i).size();
  if (answer->is_stream() && sum != answer->body.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  const Digest sum = Hasher("hearth.stored.1").add(text).finish();
  check("\x02" + std::string(sum.view().substr(0, 16)) + std::string(text));
  return 0;
}
