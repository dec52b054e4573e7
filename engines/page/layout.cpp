#include "layout.h"

#include "table.h"
#include "text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace hearth::ocr {
namespace {

constexpr double kHeading = 1.2;         // a heading's height over the body's
constexpr double kChangedHeight = 1.25;  // neighbours that differ more are no one paragraph
constexpr double kParagraphGap = 1.4;    // of the usual distance between lines
constexpr double kIndent = 0.8;          // of a line's height
constexpr double kShortLine = 3.0;       // line heights missing at the right of a paragraph's last line
constexpr std::size_t kHeadingLines = 3;
constexpr std::size_t kHeadingLetters = 160;

// A line of running text, as it takes part in layout.
struct TextLine {
  std::vector<Word> words;
  Box box;
  double height = 0;
  int region = 0;
  Marker marker = Marker::none;
};

using TextLines = std::vector<TextLine>;

// Chinese characters fill the height that Latin capitals only reach with a descender below: set in one size, their
// lines measure taller.
double letter_scale(const Line& line) {
  constexpr double kFuller = 0.8;
  std::size_t full = 0;
  for (const Word& w : line.words)
    if (is_unspaced(first_letter(w.text))) ++full;
  return full * 2 > line.words.size() ? line.height * kFuller : line.height;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// The height most letters of the page have.
double body_height(const TextLines& lines) {
  std::vector<std::pair<double, double>> weighted;
  double all = 0;
  for (const TextLine& line : lines) {
    double letters = 0;
    for (const Word& w : line.words) letters += static_cast<double>(letter_count(w.text));
    weighted.emplace_back(line.height, letters);
    all += letters;
  }
  std::ranges::sort(weighted);
  double so_far = 0;
  for (const auto& [height, letters] : weighted)
    if ((so_far += letters) * 2 >= all) return height;
  return 0;
}

// Recognition takes a round bullet for a letter or sign of its shape. Lines of one region that begin with the same such
// sign at the same place are a list.
void find_misread_bullets(TextLines& lines, std::size_t first, std::size_t last) {
  static constexpr std::array<std::string_view, 14> kShapes{"e", "o", "°", "©", "®", "¢", "«",
                                                            "»", "•", "@", "O", "0", "=", "。"};
  std::map<std::string, std::vector<std::size_t>> starts;
  for (std::size_t i = first; i < last; ++i) {
    const auto& words = lines[i].words;
    if (words.size() >= 2 && std::ranges::find(kShapes, words[0].text) != kShapes.end())
      starts[words[0].text].push_back(i);
  }
  for (const auto& [sign, at] : starts) {
    if (at.size() < 2) continue;
    const int x = lines[at[0]].box.x0;
    const bool aligned =
        std::ranges::all_of(at, [&](std::size_t i) { return std::abs(lines[i].box.x0 - x) < 0.4 * lines[i].height; });
    if (!aligned) continue;
    for (const std::size_t i : at) lines[i].marker = Marker::bullet;
  }
}

struct Extent {
  int x0;
  int x1;
  double pitch;  // usual distance from line to line; 0 if unknown
};

Extent extent_of(const TextLines& lines, std::size_t first, std::size_t last) {
  Extent e{lines[first].box.x0, lines[first].box.x1, 0};
  std::vector<double> pitches;
  for (std::size_t i = first; i < last; ++i) {
    e.x0 = std::min(e.x0, lines[i].box.x0);
    e.x1 = std::max(e.x1, lines[i].box.x1);
    if (i > first) pitches.push_back(lines[i].box.middle_y() - lines[i - 1].box.middle_y());
  }
  if (pitches.size() >= 2) e.pitch = median(pitches);
  return e;
}

bool ends_sentence(const TextLine& line) {
  const char32_t c = last_letter(line.words.back().text);
  return c == U'.' || c == U'!' || c == U'?' || c == U':' || c == U'。' || c == U'！' || c == U'？' || c == U'”';
}

bool begins_paragraph(const TextLines& lines, std::size_t i, const Extent& extent, bool in_list) {
  const TextLine& before = lines[i - 1];
  const TextLine& line = lines[i];
  if (line.marker != Marker::none) return true;
  const double taller = std::max(line.height, before.height);
  if (taller > kChangedHeight * std::min(line.height, before.height)) return true;
  const double step = line.box.middle_y() - before.box.middle_y();
  if (extent.pitch > 0 ? step > kParagraphGap * extent.pitch : line.box.y0 - before.box.y1 > taller) return true;
  if (step < 0) return true;  // the next column
  const bool short_before = extent.x1 - before.box.x1 > kShortLine * before.height;
  if (in_list) return false;
  const bool indented =
      line.box.x0 - extent.x0 > kIndent * line.height && before.box.x0 - extent.x0 < kIndent * line.height / 2;
  return indented || (short_before && ends_sentence(before));
}

struct Builder {
  Layout layout;
  int next_line = 0;

  void place(std::span<const Word> words, int block) {
    for (const Word& w : words) layout.words.push_back({w, next_line, block});
    ++next_line;
  }
};

int heading_level(double ratio) {
  if (ratio >= 1.75) return 1;
  if (ratio >= 1.4) return 2;
  return 3;
}

bool is_heading(std::span<const TextLine> lines, double body, bool prose_elsewhere) {
  if (!prose_elsewhere || body <= 0 || lines.size() > kHeadingLines) return false;
  std::size_t letters = 0;
  for (const TextLine& line : lines) {
    if (line.height < kHeading * body) return false;
    for (const Word& w : line.words) letters += letter_count(w.text);
  }
  return letters >= 2 && letters <= kHeadingLetters;
}

void add_paragraph(Builder& builder, std::span<const TextLine> lines, double body, bool prose_elsewhere) {
  Block block;
  const int index = static_cast<int>(builder.layout.blocks.size());
  std::string running;
  double height = 0;
  for (const TextLine& line : lines) {
    const std::string text = line_text(line.words);
    if (!block.text.empty()) block.text += '\n';
    block.text += text;
    append_line(running, text);
    block.box = joined(block.box, line.box);
    height = std::max(height, line.height);
    builder.place(line.words, index);
  }
  if (is_heading(lines, body, prose_elsewhere)) {
    block.type = BlockType::heading;
    block.markdown = std::string(static_cast<std::size_t>(heading_level(height / body)), '#') + " " + running;
  } else {
    block.markdown = escaped_start(std::move(running));
  }
  builder.layout.blocks.push_back(std::move(block));
}

// One item; joins the list before it when there is one.
void add_item(Builder& builder, std::span<const TextLine> lines, bool continues) {
  auto& blocks = builder.layout.blocks;
  if (!continues) blocks.push_back({.type = BlockType::list, .box = {}, .text = {}, .markdown = {}});
  Block& block = blocks.back();
  const int index = static_cast<int>(blocks.size()) - 1;
  std::string running;
  std::string first_word = lines[0].words[0].text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::span<const Word> words = lines[i].words;
    if (!block.text.empty()) block.text += '\n';
    if (i == 0 && lines[0].marker == Marker::bullet) {
      words = words.subspan(1);
      block.text += "• ";
    } else if (i == 0) {
      words = words.subspan(1);
      block.text += first_word + " ";
    }
    const std::string text = line_text(words);
    block.text += text;
    append_line(running, text);
    block.box = joined(block.box, lines[i].box);
    builder.place(lines[i].words, index);
  }
  const std::string lead = lines[0].marker == Marker::bullet ? "-" : first_word;
  if (!block.markdown.empty()) block.markdown += '\n';
  block.markdown += lead + " " + running;
}

// A number alone does not make a list ("1. Introduction"): it needs a neighbour with the next one, a bullet does not.
void drop_lone_numbers(TextLines& lines, std::size_t first, std::size_t last) {
  const auto numbered = std::count_if(lines.begin() + static_cast<std::ptrdiff_t>(first),
                                      lines.begin() + static_cast<std::ptrdiff_t>(last),
                                      [](const TextLine& l) { return l.marker == Marker::number; });
  for (std::size_t i = first; i < last; ++i)
    if (lines[i].words.size() < 2 || (numbered < 2 && lines[i].marker == Marker::number))
      lines[i].marker = Marker::none;
}

void add_region(Builder& builder, TextLines& lines, std::size_t first, std::size_t last, double body,
                bool prose_elsewhere) {
  for (std::size_t i = first; i < last; ++i) lines[i].marker = list_marker(lines[i].words[0].text);
  find_misread_bullets(lines, first, last);
  drop_lone_numbers(lines, first, last);
  const Extent extent = extent_of(lines, first, last);
  for (std::size_t from = first; from < last;) {
    const bool item = lines[from].marker != Marker::none;
    std::size_t to = from + 1;
    while (to < last && !begins_paragraph(lines, to, extent, item)) ++to;
    const std::span<const TextLine> part(lines.data() + from, to - from);
    if (item) {
      const bool continues = from > first && lines[from - 1].marker != Marker::none;
      const bool after_item =
          !builder.layout.blocks.empty() && builder.layout.blocks.back().type == BlockType::list && from > first;
      add_item(builder, part, continues || after_item);
    } else {
      add_paragraph(builder, part, body, prose_elsewhere);
    }
    from = to;
  }
}

void add_table(Builder& builder, const Table& table) {
  const int index = static_cast<int>(builder.layout.blocks.size());
  for (const auto& row : table.rows) {
    std::vector<Word> words;
    for (const Segment* cell : row)
      if (cell != nullptr) words.insert(words.end(), cell->words.begin(), cell->words.end());
    builder.place(words, index);
  }
  builder.layout.blocks.push_back({BlockType::table, table.box, table_text(table), table_markdown(table)});
}

}  // namespace

Layout lay_out(const Lines& lines) {
  const std::vector<Segment> segments = segments_of(lines);
  const std::vector<Table> tables = find_tables(segments);
  std::vector<int> table_of(segments.size(), -1);
  for (std::size_t t = 0; t < tables.size(); ++t)
    for (const auto& row : tables[t].rows)
      for (const Segment* cell : row)
        if (cell != nullptr) table_of[static_cast<std::size_t>(cell - segments.data())] = static_cast<int>(t);

  // What is in no table, as lines again; -1 - t marks where table t stands.
  TextLines running;
  std::vector<int> order;  // index into `running`, or -1 - table
  std::vector<bool> placed(tables.size(), false);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const Line& line = lines[segments[s].line];
    if (table_of[s] >= 0) {
      const auto t = static_cast<std::size_t>(table_of[s]);
      if (!placed[t]) order.push_back(-1 - static_cast<int>(t));
      placed[t] = true;
      continue;
    }
    const bool same_line = s > 0 && segments[s - 1].line == segments[s].line && table_of[s - 1] < 0;
    if (!same_line) {
      order.push_back(static_cast<int>(running.size()));
      running.push_back({{}, {}, letter_scale(line), line.region, Marker::none});
    }
    running.back().words.insert(running.back().words.end(), segments[s].words.begin(), segments[s].words.end());
    running.back().box = joined(running.back().box, segments[s].box);
  }

  const double body = body_height(running);
  std::size_t body_lines = 0;
  for (const TextLine& line : running)
    if (line.height < kHeading * body) ++body_lines;
  Builder builder;
  for (std::size_t i = 0; i < order.size();) {
    if (order[i] < 0) {
      add_table(builder, tables[static_cast<std::size_t>(-1 - order[i])]);
      ++i;
      continue;
    }
    const auto first = static_cast<std::size_t>(order[i]);
    std::size_t last = first + 1;
    ++i;
    while (i < order.size() && order[i] >= 0 && running[last].region == running[first].region) ++last, ++i;
    add_region(builder, running, first, last, body, body_lines > 0);
  }
  return std::move(builder.layout);
}

std::string plain_text(const Layout& layout) {
  std::string text;
  for (const Block& block : layout.blocks) {
    if (!text.empty()) text += "\n\n";
    text += block.text;
  }
  return text;
}

std::string markdown(const Layout& layout) {
  std::string text;
  for (const Block& block : layout.blocks) {
    if (!text.empty()) text += "\n\n";
    text += block.markdown;
  }
  return text;
}

}  // namespace hearth::ocr
