#include "../api.h"
#include "../cli.h"
#include "../npy.h"

#include <hearth/core/file.h>

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <span>

namespace hearth::tool {
namespace {

constexpr std::size_t kInputLimit = 1U << 30U;
constexpr std::size_t kBatchLines = 512;
constexpr std::size_t kBatchBytes = 1U << 20U;

struct Options {
  std::string file = "-";
  std::string format = "jsonl";
  std::string output;
  std::string similar;
  std::string model = api::kEmbeddingModel;
  int dimensions = 0;
  int top = 10;
};

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

Result<std::vector<std::string>> load_lines(const Options& options) {
  if (options.file == "-") {
    if (isatty(STDIN_FILENO) == 1)
      complain("hearth embed reads lines from your keyboard; end them with Ctrl-D (or name a FILE)");
    HEARTH_TRY_ASSIGN(const std::string text, read_stdin(kInputLimit));
    return split_lines(text);
  }
  HEARTH_TRY(file_part("file", options.file));
  HEARTH_TRY_ASSIGN(const std::string text, read_file(options.file, kInputLimit));
  return split_lines(text);
}

using OnVector = std::function<Result<void>(std::size_t, const Vector&)>;

// A blank line has no meaning to embed, but keeps its place: it gets zeros.
Result<void> embed_batch(Session& s, std::span<const std::string> lines, std::size_t first, const api::Embedding& wish,
                         std::size_t& width, const OnVector& on_vector) {
  std::vector<std::string> texts;
  for (const std::string& line : lines)
    if (!blank(line)) texts.push_back(line);
  std::vector<Vector> vectors;
  if (!texts.empty()) {
    HEARTH_TRY_ASSIGN(vectors, api::embed(s, texts, wish));
    width = vectors.front().size();
  } else if (width == 0) {
    const std::vector<std::string> probe{"width"};
    HEARTH_TRY_ASSIGN(const std::vector<Vector> known, api::embed(s, probe, wish));
    width = known.front().size();
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    HEARTH_TRY(on_vector(first + i, blank(lines[i]) ? Vector(width, 0.0F) : vectors[next++]));
  }
  return {};
}

Result<void> embed_all(Session& s, const std::vector<std::string>& lines, const api::Embedding& wish,
                       const OnVector& on_vector) {
  Progress progress = s.progress();
  std::size_t width = 0;
  for (std::size_t at = 0; at < lines.size();) {
    std::size_t end = at;
    std::size_t bytes = 0;
    while (end < lines.size() && end - at < kBatchLines && (end == at || bytes + lines[end].size() <= kBatchBytes))
      bytes += lines[end++].size();
    progress.update("embedding", static_cast<double>(at) / static_cast<double>(lines.size()),
                    fmt::format("{} of {} lines", at, lines.size()));
    HEARTH_TRY(embed_batch(s, std::span(lines).subspan(at, end - at), at, wish, width, on_vector));
    at = end;
  }
  return {};
}

std::string numbers(const Vector& vector, std::string_view between) {
  fmt::memory_buffer out;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out.append(between);
    fmt::format_to(std::back_inserter(out), "{}", vector[i]);
  }
  return fmt::to_string(out);
}

Result<ExitCode> write_vectors(Session& s, const Options& options, const std::vector<std::string>& lines,
                               const api::Embedding& wish) {
  HEARTH_TRY_ASSIGN(Output output, Output::open(options.output));
  const bool npy = options.format == "npy";
  if (npy && options.output.empty() && s.terminal().out)
    return fail(Errc::invalid_argument, "npy is not for a terminal; name a file: -o vectors.npy");
  // The header says how many rows and columns there are; where it can't be written last, the rows wait.
  std::string waiting;
  std::size_t width = 0;
  if (npy && output.can_seek()) {
    HEARTH_TRY(output.write(npy_header(0, 0)));
  }
  HEARTH_TRY(embed_all(s, lines, wish, [&](std::size_t index, const Vector& vector) -> Result<void> {
    width = vector.size();
    if (npy && !output.can_seek()) {
      waiting += npy_row(vector);
      return {};
    }
    if (npy) return output.write(npy_row(vector));
    if (options.format == "tsv") return output.write(numbers(vector, "\t") + "\n");
    const std::string list = "[" + numbers(vector, ",") + "]";
    if (!s.json()) return output.write(list + "\n");
    return output.write(fmt::format("{{\"index\":{},\"text\":{},\"embedding\":{}}}\n", index,
                                    boost::json::serialize(boost::json::string(lines[index])), list));
  }));
  if (npy && output.can_seek()) {
    HEARTH_TRY(output.write_at_start(npy_header(lines.size(), width)));
  }
  if (npy && !output.can_seek()) {
    HEARTH_TRY(output.write(npy_header(lines.size(), width) + waiting));
  }
  HEARTH_TRY(output.finish());
  return ExitCode::ok;
}

Result<ExitCode> find_similar(Session& s, const Options& options, const std::vector<std::string>& all,
                              const api::Embedding& wish) {
  std::vector<std::string> lines;
  std::vector<std::size_t> numbers_of;  // where each stands among all, from 1
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (blank(all[i])) continue;
    lines.push_back(all[i]);
    numbers_of.push_back(i + 1);
  }
  const std::vector<std::string> question{options.similar};
  HEARTH_TRY_ASSIGN(const std::vector<Vector> query, api::embed(s, question, wish));
  std::vector<Vector> vectors;
  HEARTH_TRY(embed_all(s, lines, wish, [&](std::size_t, const Vector& vector) -> Result<void> {
    vectors.push_back(vector);
    return {};
  }));
  const std::vector<Ranked> ranked = rank(query.front(), vectors, static_cast<std::size_t>(options.top));
  HEARTH_TRY_ASSIGN(Output output, Output::open(options.output));
  if (s.json()) {
    json::array results;
    for (const Ranked& r : ranked)
      results.push_back(json::object{{"line", numbers_of[r.index]}, {"score", r.score}, {"text", lines[r.index]}});
    HEARTH_TRY(output.write(json::pretty(json::object{{"query", options.similar}, {"results", results}})));
  } else {
    std::string text;
    for (const Ranked& r : ranked)
      text += s.ink(fmt::format("{:6.3f}", r.score), Ink::dim) + "  " + printable(lines[r.index]) + "\n";
    HEARTH_TRY(output.write(text));
  }
  HEARTH_TRY(output.finish());
  return ExitCode::ok;
}

Result<ExitCode> embed(Session& s, const Options& options) {
  if (options.similar.empty() && s.json() && options.format != "jsonl")
    return fail(Errc::invalid_argument, fmt::format("--json and --format {} contradict each other", options.format));
  HEARTH_TRY_ASSIGN(const std::vector<std::string> lines, load_lines(options));
  if (lines.empty()) return fail(Errc::invalid_argument, "There is no line to embed");
  const api::Embedding wish{options.model, options.dimensions};
  return options.similar.empty() ? write_vectors(s, options, lines, wish) : find_similar(s, options, lines, wish);
}

}  // namespace

void add_embed(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app =
      cli.command(cli.app, "embed",
                  "Turn every line into a vector, or rank lines by how near they are to a question.\n\n"
                  "A vector a line, in the order of the lines: as a JSON list, as numbers between tabs, or as a NumPy "
                  "file. A blank line gets zeros. With --json: {\"index\", \"text\", \"embedding\"} a line, and with "
                  "--similar {\"query\", \"results\":[{\"line\", \"score\", \"text\"}]}.",
                  [options](Session& s) { return embed(s, *options); });
  cli.manual.files(*app.add_option("FILE", options->file, "The lines; without it, or with -, standard input."));
  auto* format = app.add_option("-f,--format", options->format, "How the vectors are written.");
  format->type_name("FORMAT")->capture_default_str();
  cli.manual.choices(*format, {"jsonl", "tsv", "npy"});
  app.add_option("--similar", options->similar, "Print the lines nearest to this instead, the nearest first.")
      ->type_name("QUESTION");
  app.add_option("--top", options->top, "With --similar: how many lines.")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("-d,--dimensions", options->dimensions, "Shorter vectors than the model's own.")
      ->type_name("N")
      ->check(CLI::Range(1, 65536));
  auto* output = app.add_option("-o,--output", options->output, "Write a file instead of standard output.");
  output->type_name("FILE");
  cli.manual.files(*output);
  app.add_option("-m,--model", options->model, "Another model for embeddings; hearth models lists them.")
      ->type_name("MODEL");
  cli.manual.examples(app, {{"hearth embed < lines.txt > vectors.jsonl", "A vector a line."},
                            {"hearth embed notes.txt --format npy -o notes.npy", "For numpy.load."},
                            {"hearth embed --similar 'how do I reset my password' faq.txt", "Search by meaning."}});
}

}  // namespace hearth::tool
