#include "../api.h"
#include "../cli.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <memory>

namespace hearth::tool {
namespace {

struct Options {
  std::string file;
  std::string format;
  std::string output;
  std::string language;
  std::string model = api::kTranscriptionModel;
  bool words = false;
};

TranscriptFormat format_for(const Session& s, const Options& options) {
  if (!options.format.empty()) return transcript_format(options.format).value_or(TranscriptFormat::text);
  if (!options.output.empty())
    if (const auto by_name = transcript_format_of_file(options.output)) return *by_name;
  return s.json() ? TranscriptFormat::verbose_json : TranscriptFormat::text;
}

// How far it is: first the file is sent, then it is heard.
class Watch {
 public:
  explicit Watch(Progress& progress) : progress_(progress) {}

  void sent(std::uint64_t bytes, std::uint64_t of) {
    if (of == 0 || bytes < of) {
      const double share = of > 0 ? static_cast<double>(bytes) / static_cast<double>(of) : -1;
      return progress_.update("sending", share, format_bytes(bytes));
    }
    show();
  }
  void set_duration(double seconds) { duration_ = seconds; }
  void heard(double until) {
    heard_ = until;
    show();
  }
  // Text may share the terminal with the bar.
  void make_room() { progress_.clear(); }

 private:
  // Where the box does not say how long the sound is, how long it has been listening is all there is to show.
  void show() {
    if (duration_ > 0) {
      progress_.update("listening", heard_ / duration_, clock_time(heard_) + " / " + clock_time(duration_));
    } else {
      progress_.update("listening", -1, "for " + clock_time(seconds_between(started_, steady_now())));
    }
  }

  Progress& progress_;
  SteadyTime started_ = steady_now();
  double heard_ = 0;
  double duration_ = 0;
};

// JSON is the box's own: it knows more than its stream of events says.
Result<ExitCode> as_json(Session& s, const Options& options, FormPart sound, TranscriptFormat format) {
  Progress progress = s.progress();
  api::Listening wish{options.model, options.language, options.words, {}, {}, {}};
  Watch watch(progress);
  wish.on_upload = [&](std::uint64_t bytes, std::uint64_t of) { watch.sent(bytes, of); };
  const std::string_view name = format == TranscriptFormat::json ? "json" : "verbose_json";
  HEARTH_TRY_ASSIGN(const std::string body, api::listen_whole(s, std::move(sound), wish, name));
  HEARTH_TRY_ASSIGN(const json::value answer, json::parse(body));
  progress.clear();
  HEARTH_TRY_ASSIGN(Output output, Output::open(options.output));
  HEARTH_TRY(output.write(json::pretty(answer)));
  HEARTH_TRY(output.finish());
  return ExitCode::ok;
}

// Text and subtitles are written as they are heard.
class Writer {
 public:
  Writer(Output& output, TranscriptFormat format, Words words) : output_(output), format_(format), words_(words) {}

  Result<void> begin() { return format_ == TranscriptFormat::vtt ? output_.write("WEBVTT\n\n") : Result<void>(); }
  Result<void> segment(const Segment& segment) {
    if (words_ == Words::leave_out) return line(segment);
    for (const Segment& word : word_segments(segment)) {
      HEARTH_TRY(line(word));
    }
    return {};
  }

 private:
  Result<void> line(const Segment& segment) {
    if (format_ != TranscriptFormat::text) return output_.write(write_cue(segment, ++number_, format_));
    std::string text = printable(segment.text);
    while (text.starts_with(' ')) text.erase(0, 1);
    if (words_ == Words::include) text = fmt::format("{:8.2f} {:8.2f}  {}", segment.start, segment.end, text);
    return output_.write(text + "\n");
  }

  Output& output_;
  TranscriptFormat format_;
  Words words_;
  std::size_t number_ = 0;
};

Result<ExitCode> streamed(Session& s, const Options& options, FormPart sound, TranscriptFormat format) {
  HEARTH_TRY_ASSIGN(Output output, Output::open(options.output));
  Progress progress = s.progress();
  Writer writer(output, format, options.words ? Words::include : Words::leave_out);
  HEARTH_TRY(writer.begin());
  Watch watch(progress);
  api::Listening wish{options.model, options.language, options.words, {}, {}, {}};
  wish.on_upload = [&](std::uint64_t bytes, std::uint64_t of) { watch.sent(bytes, of); };
  wish.on_duration = [&](double seconds) { watch.set_duration(seconds); };
  wish.on_segment = [&](const Segment& segment) -> Result<void> {
    watch.make_room();
    HEARTH_TRY(writer.segment(segment));
    watch.heard(segment.end);
    return {};
  };
  HEARTH_TRY(api::listen(s, std::move(sound), wish));
  progress.clear();
  HEARTH_TRY(output.finish());
  return ExitCode::ok;
}

Result<ExitCode> listen(Session& s, const Options& options) {
  const TranscriptFormat format = format_for(s, options);
  HEARTH_TRY_ASSIGN(FormPart sound, file_part("file", options.file));
  if (format == TranscriptFormat::json || format == TranscriptFormat::verbose_json)
    return as_json(s, options, std::move(sound), format);
  return streamed(s, options, std::move(sound), format);
}

}  // namespace

void add_listen(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app =
      cli.command(cli.app, "listen",
                  "Write down what is said in a recording.\n\n"
                  "Takes any file with sound in it, videos too. On a terminal the text appears while it is being "
                  "heard. With --json: OpenAI's verbose_json, with text, segments and their times.",
                  [options](Session& s) { return listen(s, *options); });
  auto* file = app.add_option("FILE", options->file, "The recording; - reads standard input.");
  file->required();
  cli.manual.files(*file);
  auto* format = app.add_option("-f,--format", options->format,
                                "How to write it; without this, the ending of -o decides, or it is text.");
  format->type_name("FORMAT");
  cli.manual.choices(*format, {"text", "json", "srt", "vtt", "verbose_json"});
  app.add_flag("-w,--words", options->words, "The time of every word, in place of whole segments.");
  auto* output = app.add_option("-o,--output", options->output, "Write a file: .txt, .srt, .vtt or .json.");
  output->type_name("FILE");
  cli.manual.files(*output);
  app.add_option("-l,--language", options->language, "The language that is spoken, such as en.")->type_name("TAG");
  app.add_option("-m,--model", options->model, "Another model for hearing; hearth models lists them.")
      ->type_name("MODEL");
  cli.manual.examples(
      app, {{"hearth listen interview.mp3", "The text, as it is heard."},
            {"hearth listen film.mkv -o film.srt", "Subtitles for a film."},
            {"arecord -f S16_LE -r 16000 -d 5 -t wav | hearth listen -", "Five seconds of the microphone."},
            {"hearth listen talk.ogg --json | jq -r '.segments[] | [.start, .text] | @tsv'", "When was what said?"}});
}

}  // namespace hearth::tool
