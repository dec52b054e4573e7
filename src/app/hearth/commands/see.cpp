#include "../api.h"
#include "../base64.h"
#include "../cli.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>

namespace hearth::tool {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string labels;
  std::string output;
  std::string model = api::kDetectionModel;
  double min_score = 0;
  double every = 0;
  int max_frames = 0;
};

std::string plural(std::string_view label, std::size_t n) {
  if (n == 1) return fmt::format("1 {}", label);
  return label == "person" ? fmt::format("{} people", n) : fmt::format("{} {}s", n, label);
}

// "3 people, 1 face"
std::string summary(const json::value& image) {
  std::map<std::string, std::size_t> counts;
  for (const json::value& found : json::list(image, "detections")) ++counts[json::text(found, "label")];
  std::string out;
  for (const auto& [label, n] : counts) out += (out.empty() ? "" : ", ") + plural(label, n);
  return out.empty() ? "nothing found" : out;
}

std::string describe(const json::value& image, std::string_view name, const Session& s) {
  const json::value& time = json::field(image, "time");
  std::string out = s.ink(printable(name), Ink::bold) +
                    (time.is_number() ? "  at " + clock_time(json::number(image, "time")) : "") +
                    fmt::format("  {:.0f}×{:.0f}  ", json::number(image, "width"), json::number(image, "height")) +
                    printable(summary(image)) + "\n";
  for (const json::value& found : json::list(image, "detections")) {
    const json::value& box = json::field(found, "box");
    out += fmt::format("  {} {:4.0f} %  at {:.0f},{:.0f}  size {:.0f}×{:.0f}\n",
                       pad_right(printable(json::text(found, "label")), 10), 100 * json::number(found, "score"),
                       json::number(box, "x"), json::number(box, "y"), json::number(box, "width"),
                       json::number(box, "height"));
  }
  return out;
}

// "out.png" for one picture, "out-1.png", "out-2.png" for several.
std::string picture_path(const std::string& path, std::size_t number, std::size_t of) {
  if (of == 1) return path;
  const std::filesystem::path p(path);
  return (p.parent_path() / fmt::format("{}-{}{}", p.stem().string(), number, p.extension().string())).string();
}

// Writes the pictures with boxes and takes them out of the answer, where they would only be noise.
Result<std::vector<std::string>> save_pictures(json::value& answer, const std::string& path, std::size_t& number,
                                               std::size_t of) {
  std::vector<std::string> written;
  auto* root = answer.if_object();
  auto* data = root == nullptr || !root->contains("data") ? nullptr : root->at("data").if_array();
  if (data == nullptr) return written;
  for (json::value& image : *data) {
    const std::string encoded = json::text(image, "annotated_image");
    if (encoded.empty()) continue;
    // A data URL or plain base64.
    const std::size_t comma = encoded.starts_with("data:") ? encoded.find(',') : std::string::npos;
    HEARTH_TRY_ASSIGN(const std::string png,
                      decode_base64(comma == std::string::npos ? std::string_view(encoded)
                                                               : std::string_view(encoded).substr(comma + 1)));
    HEARTH_TRY_ASSIGN(Output output, Output::open(picture_path(path, ++number, std::max(of, data->size()))));
    HEARTH_TRY(output.write(png));
    HEARTH_TRY(output.finish());
    written.push_back(picture_path(path, number, std::max(of, data->size())));
    image.as_object().erase("annotated_image");
  }
  return written;
}

Result<ExitCode> see(Session& s, const Options& options) {
  api::Seeing wish;
  wish.model = options.model;
  wish.labels = options.labels;
  wish.min_score = options.min_score;
  wish.annotate = !options.output.empty();
  wish.every = options.every;
  wish.max_frames = options.max_frames;
  std::size_t pictures = 0;
  for (const std::string& path : options.files) {
    HEARTH_TRY_ASSIGN(FormPart picture, file_part("image", path));
    Progress progress = s.progress();
    wish.on_upload = [&](std::uint64_t sent, std::uint64_t total) {
      if (total > 0 && sent < total) {
        progress.update("sending", static_cast<double>(sent) / static_cast<double>(total), format_bytes(sent));
      } else {
        progress.update("looking at " + path, -1, "");
      }
    };
    auto looked = api::see(s, std::move(picture), wish);
    progress.clear();
    if (!looked && options.files.size() > 1) return std::unexpected(looked.error().wrap(path));
    if (!looked) return std::unexpected(looked.error());
    std::vector<std::string> written;
    if (wish.annotate) {
      HEARTH_TRY_ASSIGN(written, save_pictures(*looked, options.output, pictures, options.files.size()));
    }
    if (s.json()) {
      json::object result{{"file", path}, {"data", json::list(*looked, "data")}};
      if (wish.annotate) result["pictures"] = json::array(written.begin(), written.end());
      HEARTH_TRY(print(options.files.size() == 1 ? json::pretty(result) : boost::json::serialize(result) + "\n"));
      continue;
    }
    std::string text;
    for (const json::value& image : json::list(*looked, "data")) text += describe(image, path, s);
    for (const std::string& file : written) text += "  " + s.ink("→ ", Ink::dim) + printable(file) + "\n";
    HEARTH_TRY(print(text));
  }
  return ExitCode::ok;
}

}  // namespace

void add_see(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app =
      cli.command(cli.app, "see",
                  "Find people and faces in pictures, and frames of videos.\n\n"
                  "With --json: {\"file\", \"data\":[{\"index\", \"width\", \"height\", \"detections\":[{\"label\", "
                  "\"score\", \"box\":{\"x\", \"y\", \"width\", \"height\"}}]}]}, boxes in pixels; for several files "
                  "one such object a line.",
                  [options](Session& s) { return see(s, *options); });
  auto* file = app.add_option("FILE", options->files, "Picture or video; - reads standard input.");
  file->required();
  cli.manual.files(*file);
  app.add_option("-L,--labels", options->labels, "Only these, such as person,face.")->type_name("LIST");
  auto* output = app.add_option("-o,--output", options->output, "Write the picture with the boxes drawn, as PNG.");
  output->type_name("FILE");
  cli.manual.files(*output);
  app.add_option("--min-score", options->min_score, "Only what is at least this certain, 0 to 1.")
      ->type_name("SCORE")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--every", options->every, "Of a video: look every so many seconds.")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.01, 86400.0));
  app.add_option("--max-frames", options->max_frames, "Of a video: at most so many frames.")
      ->type_name("N")
      ->check(CLI::Range(1, 10000));
  app.add_option("-m,--model", options->model, "Another model for seeing; hearth models lists them.")
      ->type_name("MODEL");
  cli.manual.examples(app, {{"hearth see photo.jpg", "Who is in it?"},
                            {"hearth see photo.jpg --labels face -o faces.png", "Draw a box around every face."},
                            {"hearth see door.mp4 --every 10 --json", "A frame every ten seconds, for a program."}});
}

}  // namespace hearth::tool
