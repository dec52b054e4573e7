#include "../api.h"
#include "../cli.h"
#include "../page_range.h"

#include <hearth/core/file.h>
#include <hearth/core/units.h>

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace hearth::tool {
namespace {

constexpr std::size_t kDocumentLimit = 1U << 30U;

struct Options {
  std::vector<std::string> files;
  std::string format;
  std::string pages;
  std::string output;
  std::vector<std::string> languages;
  std::string model = api::kOcrModel;
  bool words = false;
};

enum class Format { text, markdown, json };

Format format_for(const Session& s, const Options& options) {
  const auto is = [&](std::string_view format, std::string_view ending) {
    return options.format.empty() ? options.output.ends_with(ending) : options.format == format;
  };
  if (is("json", ".json") || (s.json() && options.format.empty())) return Format::json;
  return is("markdown", ".md") ? Format::markdown : Format::text;
}

Result<std::string> load(const std::string& path) {
  if (path == "-") return read_stdin(kDocumentLimit);
  HEARTH_TRY(file_part("file", path));  // its sentences for what is wrong with a path
  return read_file(path, kDocumentLimit);
}

// Markdown marks up; the plain text is the box's own where it sends it.
std::string page_text(const json::value& page, Format format) {
  std::string text = json::text(page, "text");
  if (format == Format::markdown || text.empty()) text = json::text(page, "markdown");
  while (text.ends_with('\n')) text.pop_back();
  return printable(text, Newlines::keep);
}

Result<void> read_one(Session& s, const Options& options, const std::string& path, api::Reading wish, Format format,
                      Output& output) {
  HEARTH_TRY_ASSIGN(const std::string document, load(path));
  Progress progress = s.progress();
  const std::string name = path == "-" ? "stdin" : std::filesystem::path(path).filename().string();
  std::size_t done = 0;
  std::size_t of = wish.pages.size();  // 0: not known yet
  wish.on_page_count = [&](int count) {
    if (wish.pages.empty()) of = static_cast<std::size_t>(count);
  };
  wish.on_upload = [&](std::uint64_t sent, std::uint64_t total) {
    if (total > 0 && sent < total) {
      progress.update("sending", static_cast<double>(sent) / static_cast<double>(total), format_bytes(sent));
    } else {
      const double share = of == 0 ? -1 : static_cast<double>(done) / static_cast<double>(of);
      progress.update("reading " + name, share, of > 1 ? fmt::format("page {} of {}", done + 1, of) : "");
    }
  };
  json::array pages;
  HEARTH_TRY(api::read(s, document, name, wish, [&](const json::value& page) -> Result<void> {
    const bool first = done++ == 0;
    if (format == Format::json) {
      pages.push_back(page);
      return {};
    }
    progress.clear();
    return output.write((first ? "" : "\n") + page_text(page, format) + "\n");
  }));
  progress.clear();
  if (format != Format::json) return {};
  const json::object result{{"file", path}, {"pages", std::move(pages)}};
  // One file: for people's eyes too. Several: an object a line.
  return output.write(options.files.size() == 1 ? json::pretty(result) : boost::json::serialize(result) + "\n");
}

Result<ExitCode> read(Session& s, const Options& options) {
  const Format format = format_for(s, options);
  api::Reading wish;
  wish.model = options.model;
  wish.words = options.words;
  wish.languages = options.languages;
  if (!options.pages.empty()) {
    HEARTH_TRY_ASSIGN(wish.pages, parse_page_range(options.pages));
  }
  HEARTH_TRY_ASSIGN(Output output, Output::open(options.output));
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    const std::string& path = options.files[i];
    if (options.files.size() > 1 && format != Format::json) {
      HEARTH_TRY(output.write(fmt::format("{}==> {} <==\n", i == 0 ? "" : "\n", printable(path))));
    }
    const auto done = read_one(s, options, path, wish, format, output);
    if (!done && options.files.size() > 1) return std::unexpected(done.error().wrap(path));
    HEARTH_TRY(done);
  }
  HEARTH_TRY(output.finish());
  return ExitCode::ok;
}

}  // namespace

void add_read(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app = cli.command(cli.app, "read",
                          "Read the text off a page: a scan, a photo or a PDF.\n\n"
                          "Pages appear as they are read. With --json: {\"file\", \"pages\":[{\"index\", \"markdown\", "
                          "\"dimensions\", …}]}, Mistral's pages with the words and boxes that --words asks for; for "
                          "several files one such object a line.",
                          [options](Session& s) { return read(s, *options); });
  auto* file = app.add_option("FILE", options->files, "PDF or image; - reads standard input.");
  file->required();
  cli.manual.files(*file);
  auto* format =
      app.add_option("-f,--format", options->format,
                     "How to write it; without this, the ending of -o decides (.txt, .md, .json), or it is text.");
  format->type_name("FORMAT");
  cli.manual.choices(*format, {"text", "markdown", "json"});
  app.add_option("-p,--pages", options->pages, "Only these pages, such as 1-3,7.")->type_name("LIST");
  app.add_option("-l,--language", options->languages,
                 "A language on the page, such as eng or chi_sim; may be repeated.")
      ->type_name("CODE")
      ->allow_extra_args(false);
  app.add_flag("-w,--words", options->words, "With JSON: every word with its box and confidence.");
  auto* output = app.add_option("-o,--output", options->output, "Write a file instead of standard output.");
  output->type_name("FILE");
  cli.manual.files(*output);
  app.add_option("-m,--model", options->model, "Another model for reading; hearth models lists them.")
      ->type_name("MODEL");
  cli.manual.examples(app,
                      {{"hearth read letter.jpg", "A photo of a letter."},
                       {"hearth read scan.pdf --pages 1-3 -o scan.md", "Three pages, as Markdown."},
                       {"scanimage --format png | hearth read -", "Straight from the scanner."},
                       {"hearth read *.png --json | jq -r '.file, .pages[0].markdown'", "Many files, for a program."}});
}

}  // namespace hearth::tool
