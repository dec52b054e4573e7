#include "src/markup.h"

#include "src/characters.h"
#include "src/markdown.h"

#include <libxml/HTMLparser.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace hearth::trim {
namespace {

constexpr std::size_t kLargest = 2 << 20;
constexpr std::size_t kDeepest = 256;  // also what keeps the parser, which looks through what is open, linear
constexpr std::size_t kMostColumns = 64;

template <std::size_t N>
bool is_any(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

// Their content is no text.
constexpr std::array<std::string_view, 4> kUnseen{"script", "style", "template", "noembed"};
constexpr std::array<std::string_view, 9> kParagraphs{"p",   "ul",     "ol",         "dl", "table",
                                                      "pre", "figure", "blockquote", "hr"};
constexpr std::array<std::string_view, 26> kLines{
    "div",  "section", "article", "header", "footer",  "nav",     "main",     "aside",      "form",
    "li",   "dt",      "dd",      "tr",     "option",  "legend",  "caption",  "figcaption", "address",
    "body", "head",    "title",   "center", "details", "summary", "fieldset", "html"};

// "h1" to "h6"; 0: it is no heading.
std::size_t heading(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6'
             ? static_cast<std::size_t>(name[1] - '0')
             : 0;
}

std::string_view attribute(const xmlChar** attributes, std::string_view name) {
  for (; attributes != nullptr && attributes[0] != nullptr; attributes += 2)
    if (reinterpret_cast<const char*>(attributes[0]) == name && attributes[1] != nullptr)
      return stripped(reinterpret_cast<const char*>(attributes[1]));
  return {};
}

// What leads somewhere else.
bool leads_on(std::string_view address) {
  return !address.empty() && address.front() != '#' && !address.starts_with("javascript:") &&
         !address.starts_with("data:") && address.find_first_of(" \n") == std::string_view::npos;
}

struct List {
  bool ordered = false;
  std::size_t number = 0;
};

struct Table {
  std::vector<std::vector<std::string>> rows;
  bool simple = true;  // each cell fits on a line
};

std::string rendered(const Table& table) {
  std::size_t columns = 0;
  for (const auto& row : table.rows) columns = std::max(columns, row.size());
  std::string out;
  const bool as_table = table.simple && columns > 1;
  bool first = true;
  for (const auto& row : table.rows) {
    if (!out.empty()) out += '\n';
    if (as_table) out += '|';
    for (const std::string& cell : row) {
      if (as_table) {
        out.append(" ").append(cell).append(" |");
      } else if (!cell.empty()) {
        if (!out.empty() && out.back() != '\n') out += '\n';
        out += cell;
      }
    }
    if (as_table && first) {
      out += "\n|";
      for (std::size_t i = 0; i < columns; ++i) out += "-|";
    }
    first = false;
  }
  return out;
}

class Page {
 public:
  void start(std::string_view name, const xmlChar** attributes);
  void end(std::string_view name);
  void text(std::string_view text);

  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] std::string take() {
    while (!tables_.empty()) end_table();
    return writers_.back().take();
  }

 private:
  Markdown& out() { return writers_.back(); }
  void start_block(std::string_view name);
  void start_item();
  void start_cell();
  void end_cell();
  void end_table();
  void start_inline(std::string_view name, const xmlChar** attributes);
  void end_inline(std::string_view name);
  void end_pre();

  std::vector<Markdown> writers_{1};  // one for each open cell besides
  std::vector<Table> tables_;
  std::vector<bool> in_cell_;  // of each open table
  std::vector<List> lists_;
  std::string pre_;
  std::size_t pre_depth_ = 0;
  std::size_t unseen_ = 0;
  std::size_t depth_ = 0;
  bool too_deep_ = false;
};

void Page::text(std::string_view text) {
  if (unseen_ > 0 || too_deep_) return;
  if (!tables_.empty() && !in_cell_.back()) {
    if (stripped(text).empty()) return;
    start_cell();  // text between cells is shown, too
  }
  if (pre_depth_ > 0) {
    pre_ += text;
  } else {
    out().text(text);
  }
}

void Page::start(std::string_view name, const xmlChar** attributes) {
  if (++depth_ > kDeepest) too_deep_ = true;
  if (too_deep_) return;
  if (is_any(name, kUnseen)) ++unseen_;
  if (unseen_ > 0) return;
  if (pre_depth_ > 0) {
    if (name == "pre") ++pre_depth_;
    if (name == "br") pre_ += '\n';
    return;
  }
  if (name == "table") {
    out().new_paragraph();
    tables_.emplace_back();
    in_cell_.push_back(false);
  } else if (!tables_.empty() && name == "tr") {
    end_cell();
    tables_.back().rows.emplace_back();
  } else if (!tables_.empty() && (name == "td" || name == "th")) {
    end_cell();
    start_cell();
  } else {
    start_block(name);
    start_inline(name, attributes);
  }
}

void Page::start_block(std::string_view name) {
  if (const std::size_t level = heading(name); level > 0) {
    out().new_paragraph();
    out().mark_line(std::string(level, '#') + ' ');
  } else if (name == "li") {
    start_item();
  } else if (is_any(name, kParagraphs)) {
    const bool nested = !lists_.empty() && (name == "ul" || name == "ol");
    nested || name == "p" ? out().new_line() : out().new_paragraph();
    if (name == "p" && lists_.empty()) out().new_paragraph();
    if (name == "ul" || name == "ol") lists_.push_back({name == "ol", 0});
    if (name == "blockquote") out().indent("> ");
    if (name == "blockquote") out().mark_line("> ");
    if (name == "pre") ++pre_depth_;
    if (name == "hr") out().block("---");
    if (name == "hr") out().new_paragraph();
  } else if (is_any(name, kLines)) {
    out().new_line();
    if (name == "dd") out().mark_line(": ");
  } else if (name == "br") {
    in_cell_.empty() ? out().new_line() : out().text(" ");
  }
}

void Page::start_item() {
  out().new_line();
  if (lists_.empty()) lists_.push_back({});
  List& list = lists_.back();
  out().mark_line(list.ordered ? std::to_string(++list.number) + ". " : "- ");
  out().indent(list.ordered ? "   " : "  ");
}

void Page::start_inline(std::string_view name, const xmlChar** attributes) {
  if (name == "a") {
    const std::string_view address = attribute(attributes, "href");
    const bool link = leads_on(address);
    out().open(link ? "[" : "", link ? "](" + std::string(address) + ")" : "");
  } else if (name == "b" || name == "strong") {
    out().open("**", "**");
  } else if (name == "code" || name == "kbd" || name == "samp") {
    out().open("`", "`");
  } else if (name == "del" || name == "s") {
    out().open("~~", "~~");
  } else if (name == "sup") {
    out().open("^", "");
  } else if (name == "img") {
    const std::string_view shown = attribute(attributes, "alt");
    if (shown.empty()) return;
    const std::string_view address = attribute(attributes, "src");
    out().text(leads_on(address) ? "![" + std::string(shown) + "](" + std::string(address) + ")" : std::string(shown));
  }
}

void Page::end(std::string_view name) {
  if (depth_ > 0) --depth_;
  if (too_deep_) return;
  if (is_any(name, kUnseen) && unseen_ > 0) {
    --unseen_;
    return;
  }
  if (unseen_ > 0) return;
  if (pre_depth_ > 0) {
    if (name == "pre" && --pre_depth_ == 0) end_pre();
    return;
  }
  if (name == "table") {
    if (!tables_.empty()) end_table();
  } else if (name == "td" || name == "th" || name == "tr") {
    end_cell();
  } else if (name == "li") {
    out().drop_mark();
    out().outdent();
    out().new_line();
  } else if (heading(name) > 0) {
    out().drop_mark();
    out().new_paragraph();
  } else {
    end_inline(name);
  }
}

void Page::end_inline(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kInlines{"a",    "b",   "strong", "code", "kbd",
                                                            "samp", "del", "s",      "sup"};
  if (is_any(name, kInlines)) return out().close();
  if (name == "ul" || name == "ol") {
    if (!lists_.empty()) lists_.pop_back();
    lists_.empty() ? out().new_paragraph() : out().new_line();
  } else if (name == "blockquote") {
    out().drop_mark();
    out().outdent();
    out().new_paragraph();
  } else if (is_any(name, kParagraphs)) {
    lists_.empty() ? out().new_paragraph() : out().new_line();
  } else if (is_any(name, kLines)) {
    out().new_line();
  }
}

void Page::end_pre() {
  std::string_view lines = pre_;
  if (lines.starts_with('\n')) lines.remove_prefix(1);
  while (!lines.empty() && is_space(lines.back())) lines.remove_suffix(1);
  if (!lines.empty()) {
    const std::string_view fence = lines.contains("```") ? "~~~~" : "```";
    out().block(std::string(fence) + "\n" + std::string(lines) + "\n" + std::string(fence));
  }
  out().new_paragraph();
  pre_.clear();
}

void Page::start_cell() {
  if (tables_.back().rows.empty()) tables_.back().rows.emplace_back();
  if (tables_.back().rows.back().size() >= kMostColumns) tables_.back().simple = false;
  writers_.emplace_back();
  in_cell_.back() = true;
}

void Page::end_cell() {
  if (tables_.empty() || !in_cell_.back()) return;
  Table& table = tables_.back();
  if (out().on_several_lines()) table.simple = false;
  table.rows.back().push_back(out().take());
  writers_.pop_back();
  in_cell_.back() = false;
}

void Page::end_table() {
  end_cell();
  const std::string table = rendered(tables_.back());
  tables_.pop_back();
  in_cell_.pop_back();
  out().block(table);
  out().new_paragraph();
}

std::string_view name_of(const xmlChar* name) {
  return reinterpret_cast<const char*>(name);
}

void on_start(void* page, const xmlChar* name, const xmlChar** attributes) {
  static_cast<Page*>(page)->start(name_of(name), attributes);
}
void on_end(void* page, const xmlChar* name) {
  static_cast<Page*>(page)->end(name_of(name));
}
void on_text(void* page, const xmlChar* text, int size) {
  static_cast<Page*>(page)->text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
}
void on_trouble(void*, const char*, ...) {}

bool is_page(std::string_view text) {
  constexpr std::size_t kNear = 2000;
  const std::string_view begin = stripped(text.substr(0, kNear));
  if (!begin.starts_with('<') || text.contains('\0')) return false;
  const std::string head = lowered(begin);
  return head.contains("<html") || head.contains("<!doctype html") || head.contains("<body");
}

}  // namespace

std::optional<std::string> page_to_markdown(std::string_view text) {
  if (text.size() > kLargest || !is_page(text)) return std::nullopt;
  static const bool ready = (xmlInitParser(), true);  // once, whichever thread comes first
  if (!ready) return std::nullopt;
  const std::unique_ptr<htmlParserCtxt, decltype(&htmlFreeParserCtxt)> parser(htmlNewParserCtxt(), htmlFreeParserCtxt);
  if (parser == nullptr) return std::nullopt;
  Page page;
  *parser->sax = {};
  parser->sax->startElement = on_start;
  parser->sax->endElement = on_end;
  parser->sax->characters = on_text;
  parser->sax->ignorableWhitespace = on_text;
  parser->sax->cdataBlock = on_text;
  parser->sax->error = on_trouble;
  parser->sax->warning = on_trouble;
  parser->userData = &page;
  // Without a document nothing is built: what the handlers keep is all there is.
  htmlDocPtr document =
      htmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                         HTML_PARSE_RECOVER | HTML_PARSE_NOIMPLIED | HTML_PARSE_NODEFDTD | HTML_PARSE_NONET);
  if (document != nullptr) xmlFreeDoc(document);
  // What was not read to its end would be lost.
  if (page.too_deep() || parser->disableSAX != 0) return std::nullopt;
  std::string out = page.take();
  if (out.empty() || out.size() >= text.size()) return std::nullopt;
  return out;
}

}  // namespace hearth::trim
