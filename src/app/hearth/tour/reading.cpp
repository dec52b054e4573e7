#include "../api.h"
#include "stations.h"

#include <hearth/core/edit_distance.h>

#include <fmt/format.h>

namespace hearth::tool::tour {

Result<Finding> read_station(Session& session, const Inputs& inputs, Progress& progress) {
  HEARTH_TRY_ASSIGN(const std::string pdf, inputs.own("read/page.pdf"));
  HEARTH_TRY_ASSIGN(const std::string printed, inputs.own("read/page.txt"));
  progress.update("read", -1, "one page");
  std::string text;
  HEARTH_TRY(api::read(session, pdf, "page.pdf", {}, [&](const json::value& page) -> Result<void> {
    std::string plain = json::text(page, "text");
    text += plain.empty() ? json::text(page, "markdown") : plain;
    return {};
  }));
  const EditCounts errors = character_errors(printed, text);
  const std::string first_line(std::string_view(text).substr(0, text.find('\n')));
  return Finding{fmt::format("a page of {} characters", errors.reference), fmt::format("“{}”", first_line), false,
                 errors.rate(), fmt::format("{} of {} characters", errors.errors(), errors.reference)};
}

}  // namespace hearth::tool::tour
