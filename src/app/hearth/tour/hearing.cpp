#include "../api.h"
#include "stations.h"

#include <hearth/core/edit_distance.h>
#include <hearth/core/file.h>

#include <fmt/format.h>

namespace hearth::tool::tour {
namespace {

constexpr std::size_t kSoundLimit = 64U << 20U;

FormPart sound_part(std::string bytes, std::string name) {
  FormPart part;
  part.kind = FormPart::Kind::bytes;
  part.name = "file";
  part.value = std::move(bytes);
  part.file_name = std::move(name);
  return part;
}

std::string in_quotes(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return fmt::format("“{}”", text);
}

std::string count_words(const EditCounts& errors) {
  return fmt::format("{} of {} words", errors.errors(), errors.reference);
}

Result<std::string> sentence_of(const Inputs& inputs) {
  HEARTH_TRY_ASSIGN(std::string sentence, inputs.own("speak/sentence.txt"));
  while (sentence.ends_with('\n')) sentence.pop_back();
  return sentence;
}

}  // namespace

Result<Finding> listen_station(Session& session, const Inputs& inputs, Progress& progress) {
  HEARTH_TRY_ASSIGN(const std::vector<Inputs::Clip> clips, inputs.clips());
  EditCounts errors;
  double seconds = 0;
  std::string shown;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    progress.update("listen", static_cast<double>(i) / static_cast<double>(clips.size()),
                    fmt::format("clip {} of {}", i + 1, clips.size()));
    HEARTH_TRY_ASSIGN(std::string bytes, read_file(clips[i].file, kSoundLimit));
    HEARTH_TRY_ASSIGN(const Transcript heard, api::listen(session, sound_part(std::move(bytes), "clip.wav"), {}));
    errors += word_errors(clips[i].text, heard.text);
    seconds += heard.duration;
    if (i == 1) shown = heard.text;  // the shortest sentence fits a line
  }
  return Finding{fmt::format("{} LibriVox clips, {:.0f} s", clips.size(), seconds), in_quotes(shown), false,
                 errors.rate(), count_words(errors)};
}

Result<Finding> speak_station(Session& session, const Inputs& inputs, Progress& progress) {
  HEARTH_TRY_ASSIGN(const std::string sentence, sentence_of(inputs));
  progress.update("speak", -1, "speaking");
  api::Speech speech;
  speech.text = sentence;
  std::string wav;
  HEARTH_TRY(api::speak(session, speech, [&](std::string_view audio) -> Result<void> {
    if (wav.size() + audio.size() > kSoundLimit) return fail(Errc::too_large, "The spoken sentence does not end");
    wav += audio;
    return {};
  }));
  if (const auto other = inputs.instead("speak/spoken.wav"); !other.empty()) {
    HEARTH_TRY_ASSIGN(wav, read_file(other, kSoundLimit));
  }
  progress.update("speak", -1, "hearing it");
  HEARTH_TRY_ASSIGN(const Transcript heard, api::listen(session, sound_part(std::move(wav), "spoken.wav"), {}));
  const EditCounts errors = word_errors(sentence, heard.text);
  return Finding{fmt::format("{} words spoken and heard", errors.reference), in_quotes(heard.text), false,
                 errors.rate(), count_words(errors)};
}

}  // namespace hearth::tool::tour
