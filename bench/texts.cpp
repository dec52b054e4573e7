#include "texts.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace hearth::bench {
namespace {

constexpr std::array<std::string_view, 14> kWho{
    "the gardener",       "our neighbour",     "a retired teacher", "the night nurse",       "my younger sister",
    "the harbour pilot",  "an apprentice",     "the librarian",     "a travelling musician", "the baker",
    "every second guest", "the ferry captain", "nobody here",       "the old engineer"};
constexpr std::array<std::string_view, 13> kDoes{"repaired", "carried", "described",    "remembered", "painted",
                                                 "borrowed", "weighed", "photographed", "measured",   "sold",
                                                 "mended",   "forgot",  "ordered"};
constexpr std::array<std::string_view, 15> kWhat{
    "a wooden ladder",   "the morning paper",   "three bags of flour", "the kitchen clock", "a map of the coast",
    "the broken window", "two folding chairs",  "an oil lamp",         "the winter coats",  "a letter from Norway",
    "the water meter",   "some green tomatoes", "a bicycle wheel",     "the choir's notes", "a jar of honey"};
constexpr std::array<std::string_view, 11> kWhen{"",
                                                 "before breakfast",
                                                 "in heavy rain",
                                                 "for the last time",
                                                 "without a word",
                                                 "on Thursday",
                                                 "at the inn",
                                                 "beside the railway line",
                                                 "by candle light",
                                                 "as usual",
                                                 "while the children slept"};

class Random {
 public:
  std::uint64_t below(std::uint64_t end) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33U) % end;
  }

 private:
  std::uint64_t state_ = 2026;
};

std::string sentence(Random& random) {
  std::string text = fmt::format("{} {} {}", kWho[random.below(kWho.size())], kDoes[random.below(kDoes.size())],
                                 kWhat[random.below(kWhat.size())]);
  if (const auto when = kWhen[random.below(kWhen.size())]; !when.empty()) text += fmt::format(" {}", when);
  text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text + ".";
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    const std::size_t end = text.rfind(' ', width);
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace

std::vector<std::string> sentences(std::size_t count) {
  Random random;
  std::vector<std::string> all(count);
  for (std::string& one : all) one = sentence(random);
  return all;
}

std::string prose(std::size_t characters) {
  Random random;
  std::string text;
  for (;;) {
    const std::string next = sentence(random);
    if (text.size() + next.size() + 1 > characters) return text;
    if (!text.empty()) text += ' ';
    text += next;
  }
}

std::string a4_page(std::size_t characters) {
  std::string content = "BT /F1 11 Tf 15 TL 62 770 Td\n";
  for (const std::string& line : wrapped(prose(characters), 78)) {
    // An apostrophe needs no escape in a PDF's string; parentheses and backslashes do not occur.
    content += fmt::format("({}) Tj T*\n", line);
  }
  content += "ET\n";
  const std::array<std::string, 5> objects{
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
      "/Resources << /Font << /F1 5 0 R >> >> >>",
      fmt::format("<< /Length {} >>\nstream\n{}endstream", content.size(), content),
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
  std::string pdf = "%PDF-1.4\n";
  std::string index = fmt::format("xref\n0 {}\n0000000000 65535 f \n", objects.size() + 1);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    index += fmt::format("{:010} 00000 n \n", pdf.size());
    pdf += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  const std::size_t index_at = pdf.size();
  return pdf + index +
         fmt::format("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", objects.size() + 1, index_at);
}

std::string ppm(unsigned width, unsigned height, std::string_view rgb) {
  return fmt::format("P6\n{} {}\n255\n", width, height).append(rgb);
}

}  // namespace hearth::bench
