#include "stations.h"

namespace hearth::tool::tour {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kListen{"transcription"sv, "media"sv};
constexpr std::array kRead{"ocr"sv, "media"sv};
constexpr std::array kSee{"detection"sv, "media"sv};
constexpr std::array kSpeak{"speech"sv, "transcription"sv, "media"sv};
constexpr std::array kSearch{"embedding"sv};

constexpr std::array<Station, 5> kStations{{{"listen", listen_station, kListen},
                                            {"read", read_station, kRead},
                                            {"see", see_station, kSee},
                                            {"speak", speak_station, kSpeak},
                                            {"search", search_station, kSearch}}};

}  // namespace

std::span<const Station> stations() noexcept {
  return kStations;
}

}  // namespace hearth::tool::tour
