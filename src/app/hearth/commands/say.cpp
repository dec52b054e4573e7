#include "../api.h"
#include "../cli.h"
#include "../player.h"
#include "../table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>

namespace hearth::tool {
namespace {

constexpr std::size_t kTextLimit = 1U << 20U;

struct Options {
  std::vector<std::string> words;
  std::string output;
  std::string voice;
  std::string language;
  std::string format;
  std::string model = api::kSpeechModel;
  double speed = 1.0;
  bool voices = false;
};

std::string ending_of(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos || path.find('/', dot) != std::string::npos ? "" : path.substr(dot + 1);
}

Result<std::string> format_for(const Options& options) {
  if (!options.format.empty()) return options.format;
  if (options.output.empty() || options.output == "-") return "wav";
  const std::string ending = ending_of(options.output);
  if (ending == "mp3" || ending == "aac" || ending == "flac" || ending == "wav" || ending == "pcm") return ending;
  if (ending == "ogg" || ending == "opus" || ending == "oga") return "opus";
  if (ending == "raw") return "pcm";
  if (options.output.starts_with("/dev/")) return "wav";
  return fail(
      Errc::invalid_argument,
      fmt::format("What format is {}? End it with .mp3, .ogg, .opus, .aac, .flac, .wav or .pcm, or say --format",
                  options.output));
}

Result<std::string> text_of(const Options& options) {
  std::string text;
  for (const std::string& word : options.words) text += (text.empty() ? "" : " ") + word;
  if (text == "-" || (text.empty() && isatty(STDIN_FILENO) == 0)) {
    HEARTH_TRY_ASSIGN(text, read_stdin(kTextLimit));
  }
  while (text.ends_with('\n')) text.pop_back();
  if (text.empty()) return fail(Errc::invalid_argument, "What shall be said? Give a TEXT, or - for standard input");
  return text;
}

Result<ExitCode> list_voices(Session& s) {
  HEARTH_TRY_ASSIGN(const json::value answer, api::voices(s));
  if (s.json()) {
    HEARTH_TRY(print(json::pretty(answer)));
    return ExitCode::ok;
  }
  Table table({{"VOICE"}, {"LANGUAGE"}, {"GENDER"}, {"NAME", Align::left, true}});
  const char* key = json::list(answer, "data").empty() ? "voices" : "data";
  for (const json::value& voice : json::list(answer, key))
    table.add({{json::text(voice, "id"), Ink::bold},
               {json::text(voice, "language")},
               {json::text(voice, "gender")},
               {json::text(voice, "name")}});
  HEARTH_TRY(print(table.render(s.table_columns(), s.terminal().out_colour)));
  return ExitCode::ok;
}

Result<ExitCode> to_file(Session& s, const Options& options, const api::Speech& speech) {
  HEARTH_TRY_ASSIGN(Output output, Output::open(options.output));
  Progress progress = s.progress();
  std::uint64_t written = 0;
  HEARTH_TRY(api::speak(s, speech, [&](std::string_view audio) -> Result<void> {
    written += audio.size();
    progress.update("speaking", -1, fmt::format("{} kB", written / 1000));
    return output.write(audio);
  }));
  HEARTH_TRY(output.finish());
  progress.clear();
  const bool to_stdout = options.output.empty() || options.output == "-";
  if (s.json() && !to_stdout) {
    HEARTH_TRY(
        print(json::pretty(json::object{{"file", options.output}, {"format", speech.format}, {"bytes", written}})));
  }
  return ExitCode::ok;
}

Result<ExitCode> aloud(Session& s, const api::Speech& speech) {
  std::string wav;
  HEARTH_TRY(api::speak(s, speech, [&](std::string_view audio) -> Result<void> {
    wav += audio;
    return {};
  }));
  HEARTH_TRY(play_wav(wav));
  return ExitCode::ok;
}

Result<ExitCode> say(Session& s, const Options& options) {
  if (options.voices) return list_voices(s);
  api::Speech speech;
  speech.model = options.model;
  speech.voice = options.voice;
  speech.language = options.language;
  speech.speed = options.speed;
  HEARTH_TRY_ASSIGN(speech.format, format_for(options));
  HEARTH_TRY_ASSIGN(speech.text, text_of(options));
  if (!options.output.empty() || !s.terminal().out) return to_file(s, options, speech);
  if (speech.format != "wav")
    return fail(Errc::invalid_argument,
                fmt::format("{} is not for a terminal; name a file: -o speech.{}", speech.format, speech.format));
  return aloud(s, speech);
}

}  // namespace

void add_say(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app =
      cli.command(cli.app, "say",
                  "Speak a text: into a file, into a pipe, or aloud.\n\n"
                  "Without -o, the sound goes to a pipe as WAV, and on a terminal it is played. The file's ending "
                  "chooses the format. With --json: {\"file\", \"format\", \"bytes\"}, or the list of voices.",
                  [options](Session& s) { return say(s, *options); });
  app.add_option("TEXT", options->words, "What to say; - reads it from standard input.");
  auto* output =
      app.add_option("-o,--output", options->output, "Write a file: .mp3, .ogg or .opus, .aac, .flac, .wav, .pcm.");
  output->type_name("FILE");
  cli.manual.files(*output);
  auto* voice = app.add_option("-v,--voice", options->voice, "Who speaks; --voices lists them.");
  voice->type_name("VOICE");
  cli.manual.values_from(*voice, "hearth internal names voices");
  app.add_option("-l,--language", options->language,
                 "The text's language, such as de or zh-CN, where the voice has several.")
      ->type_name("TAG");
  app.add_option("-s,--speed", options->speed, "How fast: 0.25 to 4.")
      ->type_name("TIMES")
      ->capture_default_str()
      ->check(CLI::Range(0.25, 4.0));
  auto* format = app.add_option("-f,--format", options->format, "The format, whatever the file is called.");
  format->type_name("FORMAT");
  cli.manual.choices(*format, {"mp3", "opus", "aac", "flac", "wav", "pcm"});
  app.add_option("-m,--model", options->model, "Another model for speech; hearth models lists them.")
      ->type_name("MODEL");
  app.add_flag("--voices", options->voices, "List the voices instead.");
  cli.manual.examples(app, {{"hearth say 'Good morning.'", "Aloud, on this machine."},
                            {"hearth say 'Good morning.' -o morning.ogg", "Into a file."},
                            {"fortune | hearth say - --voice nova | aplay", "From a pipe into a pipe."},
                            {"hearth say --voices", "Who can speak?"}});
}

}  // namespace hearth::tool
