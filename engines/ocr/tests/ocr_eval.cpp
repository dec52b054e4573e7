// Error rate and time of every kind of page the tests know, a line each. Not a test: figures for docs/quality.md.
//
//   ocr_eval [TESSDATA]
#include "../src/languages.h"
#include "../src/reader.h"
#include "layout.h"
#include "typeset.h"

#include <hearth/core/edit_distance.h>

#include <fmt/format.h>
#include <sys/resource.h>

#include <ctime>

using namespace hearth;                // NOLINT(google-build-using-namespace): a program of one file
using namespace hearth::ocr;           // NOLINT(google-build-using-namespace): a program of one file
using namespace hearth::ocr::testing;  // NOLINT(google-build-using-namespace): a program of one file

namespace {

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

struct Case {
  std::string name;
  std::string truth;
  kit::Frame frame;
};

}  // namespace

int main(int argc, char** argv) {
  Recogniser recogniser(find_tessdata(argc > 1 ? argv[1] : "").string());
  const LanguageChoice automatic{"eng", "chi_sim+eng"};
  const Sheet e200 = english_page(200);
  const Sheet z200 = chinese_page(200);
  const Sheet two = two_columns(200);
  const kit::Frame english = e200.frame();
  const kit::Frame chinese = z200.frame();
  const Sheet e72 = english_page(72);
  const Sheet e96 = english_page(96);
  const Sheet e300 = english_page(300);
  const std::vector<Case> cases{
      {"English, 200 dpi", e200.text(), english},
      {"English, 300 dpi", e300.text(), e300.frame()},
      {"English, 96 dpi", e96.text(), e96.frame()},
      {"English, 72 dpi", e72.text(), e72.frame()},
      {"turned 90", e200.text(), turned(english, 1)},
      {"turned 180", e200.text(), turned(english, 2)},
      {"turned 270", e200.text(), turned(english, 3)},
      {"skewed 3", e200.text(), skewed(english, 3)},
      {"skewed -7, 180", e200.text(), turned(skewed(english, -7), 2)},
      {"skewed 2, 90", e200.text(), turned(skewed(english, 2), 1)},
      {"inverted", e200.text(), inverted(english)},
      {"coloured", e200.text(), coloured(english)},
      {"noise 30", e200.text(), noisy(english, 30)},
      {"noise 60", e200.text(), noisy(english, 60)},
      {"shaded to 0.25", e200.text(), shaded(english, 0.25)},
      {"shaded, noise 20", e200.text(), noisy(shaded(english, 0.3), 20)},
      {"blurred", e200.text(), blurred(english, 2)},
      {"two columns", two.text(), two.frame()},
      {"two columns, skewed 2", two.text(), skewed(two.frame(), 2)},
      {"Chinese, 200 dpi", z200.text(), chinese},
      {"Chinese, turned 180", z200.text(), turned(chinese, 2)},
      {"Chinese, turned 90", z200.text(), turned(chinese, 1)},
      {"Chinese, 100 dpi", z200.text(), scaled(chinese, 0.5)},
      {"Chinese, noise 30", z200.text(), noisy(chinese, 30)},
      {"Chinese, inverted", z200.text(), inverted(chinese)},
  };
  if (const auto loaded = recogniser.load("eng"); !loaded) return 1;
  fmt::print("{:<24} {:>7} {:>6} {:>4} {:>6} {:>7} {:>7}\n", "page", "CER", "conf", "turn", "skew", "cpu s", "peak MB");
  for (const Case& c : cases) {
    const double start = cpu_seconds();
    const auto page = read_frame_text(recogniser, c.frame, automatic, [] { return Result<void>(); });
    const double spent = cpu_seconds() - start;
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    if (!page) {
      fmt::print("{:<24} {}\n", c.name, page.error().describe());
      continue;
    }
    fmt::print("{:<24} {:>7.4f} {:>6.3f} {:>4} {:>6.2f} {:>7.2f} {:>7.0f}\n", c.name,
               character_errors(c.truth, plain_text(page->layout)).rate(), page->confidence, page->rotation, page->skew,
               spent, static_cast<double>(usage.ru_maxrss) / 1024);
    std::fflush(stdout);
  }
  return 0;
}
