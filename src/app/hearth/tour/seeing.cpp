#include "../api.h"
#include "../base64.h"
#include "stations.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace hearth::tool::tour {
namespace {

// How many people were counted by eye, at which second of the video.
struct Counted {
  double second = 0;
  std::size_t people = 0;
};

Result<std::vector<Counted>> counted_people(const Inputs& inputs) {
  HEARTH_TRY_ASSIGN(const auto rows, inputs.own_table("see/people.tsv"));
  std::vector<Counted> out;
  for (const auto& row : rows) {
    if (row.size() != 2) return fail(Errc::corrupt, "see/people.tsv: a line has not two fields");
    out.push_back({std::strtod(row[0].c_str(), nullptr), std::strtoul(row[1].c_str(), nullptr, 10)});
  }
  if (out.size() < 2 || out[1].second <= out[0].second)
    return fail(Errc::corrupt, "see/people.tsv: the seconds must grow evenly");
  return out;
}

std::size_t people_in(const json::value& frame) {
  std::size_t n = 0;
  for (const json::value& found : json::list(frame, "detections")) n += json::text(found, "label") == "person" ? 1 : 0;
  return n;
}

// Beside the box's data; for a box elsewhere, in the user's own state folder.
std::filesystem::path picture_folder(const Session& session) {
  if (!session.remote()) return session.paths().data / "tour";
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if (state != nullptr && *state != '\0') return std::filesystem::path(state) / "hearth/tour";
  return std::filesystem::path(home == nullptr ? "." : home) / ".local/state/hearth/tour";
}

Result<std::string> write_picture(const Session& session, const json::value& frame) {
  const std::string encoded = json::text(frame, "annotated_image");
  if (encoded.empty()) return fail(Errc::protocol_error, "The box sent no picture with boxes");
  const std::size_t comma = encoded.starts_with("data:") ? encoded.find(',') + 1 : 0;
  HEARTH_TRY_ASSIGN(const std::string png, decode_base64(std::string_view(encoded).substr(comma)));
  const std::filesystem::path folder = picture_folder(session);
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  const std::string path = (folder / "people.png").string();
  HEARTH_TRY_ASSIGN(Output output, Output::open(path));
  HEARTH_TRY(output.write(png));
  HEARTH_TRY(output.finish());
  return path;
}

}  // namespace

Result<Finding> see_station(Session& session, const Inputs& inputs, Progress& progress) {
  HEARTH_TRY_ASSIGN(const std::filesystem::path video, inputs.video());
  HEARTH_TRY_ASSIGN(const std::vector<Counted> counted, counted_people(inputs));
  HEARTH_TRY_ASSIGN(FormPart part, file_part("image", video.string()));
  api::Seeing wish;
  wish.labels = "person";
  wish.annotate = true;
  wish.every = counted[1].second - counted[0].second;
  wish.max_frames = static_cast<int>(counted.size());
  progress.update("see", -1, fmt::format("{} frames", counted.size()));
  HEARTH_TRY_ASSIGN(const json::value answer, api::see(session, std::move(part), wish));

  const json::array& frames = json::list(answer, "data");
  if (frames.empty()) return fail(Errc::protocol_error, "The box looked at no frame of the video");
  std::size_t there = 0;
  std::size_t found = 0;
  std::size_t extra = 0;
  const json::value* best = &frames.front();
  for (std::size_t i = 0; i < counted.size(); ++i) {
    const std::size_t seen = i < frames.size() ? people_in(frames[i]) : 0;
    there += counted[i].people;
    found += std::min(seen, counted[i].people);
    extra += seen - std::min(seen, counted[i].people);
    if (i < frames.size() && seen > people_in(*best)) best = &frames[i];
  }
  HEARTH_TRY_ASSIGN(const std::string picture, write_picture(session, *best));
  // Someone who is not there takes back one who was found: boxes everywhere are no success.
  const double hits = static_cast<double>(found) - static_cast<double>(extra);
  return Finding{fmt::format("{} video frames, {} people", counted.size(), there), picture, true,
                 std::max(0.0, hits) / static_cast<double>(there),
                 fmt::format("{} of {}, {} where nobody is", found, there, extra)};
}

}  // namespace hearth::tool::tour
