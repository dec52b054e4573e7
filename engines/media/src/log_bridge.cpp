#include "log_bridge.h"

#include "av.h"

#include <hearth/core/clock.h>
#include <hearth/core/log.h>

#include <poppler-global.h>
#include <tiffio.h>

#include <cstdarg>
#include <mutex>
#include <string>

namespace hearth::media {
namespace {

constexpr int kLinesPerMinute = 20;

// At most kLinesPerMinute in each minute; what was left out is counted in the next line.
class Rate {
 public:
  bool admit(int& left_out) {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = steady_now();
    if (now - begin_ > std::chrono::minutes(1)) {
      begin_ = now;
      lines_ = 0;
    }
    if (++lines_ > kLinesPerMinute) {
      ++left_out_;
      return false;
    }
    left_out = left_out_;
    left_out_ = 0;
    return true;
  }

 private:
  std::mutex mutex_;
  SteadyTime begin_{};
  int lines_ = 0;
  int left_out_ = 0;
};

void line(std::string_view library, std::string_view part, std::string_view text) {
  static Rate rate;
  int left_out = 0;
  if (!rate.admit(left_out)) return;
  log::warn("media", "a library reports a problem with its input",
            {{"library", library}, {"part", part}, {"text", text}, {"left_out", left_out}});
}

// The text is the library's format string, unexpanded: what would fill it in comes from the file.
std::string trimmed(const char* format) {
  std::string text = format == nullptr ? "" : format;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void from_ffmpeg(void* object, int level, const char* format, va_list /*arguments*/) {
  if (level > AV_LOG_ERROR) return;
  const AVClass* type = object == nullptr ? nullptr : *static_cast<const AVClass**>(object);
  line("ffmpeg", type == nullptr ? "" : type->class_name, trimmed(format));
}

void from_poppler(const std::string& /*message*/, void* /*closure*/) {
  line("poppler", "", "the document has errors");
}

void from_libtiff(const char* /*module*/, const char* format, va_list /*arguments*/) {
  line("libtiff", "", trimmed(format));
}

}  // namespace

void bridge_library_logs() {
  av_log_set_callback(from_ffmpeg);
  poppler::set_debug_error_function(from_poppler, nullptr);
  TIFFSetErrorHandler(from_libtiff);
  TIFFSetWarningHandler(nullptr);
}

}  // namespace hearth::media
