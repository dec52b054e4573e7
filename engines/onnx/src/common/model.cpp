#include "model.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMostShown = 12;

std::string_view name_of(Element element) {
  switch (element) {
    case Element::float32:
      return "float32";
    case Element::int64:
      return "int64";
    case Element::int32:
      return "int32";
    case Element::uint8:
      break;
  }
  return "uint8";
}

}  // namespace

std::optional<std::size_t> find_port(const std::vector<Port>& ports, std::string_view name) {
  const auto at = std::ranges::find(ports, name, &Port::name);
  if (at == ports.end()) return std::nullopt;
  return static_cast<std::size_t>(at - ports.begin());
}

std::string to_text(const std::vector<Port>& ports) {
  std::string text;
  for (std::size_t i = 0; i < ports.size() && i < kMostShown; ++i)
    text += fmt::format("{}{} {} {}", i == 0 ? "" : ", ", ports[i].name, name_of(ports[i].element),
                        to_text(ports[i].shape));
  if (ports.size() > kMostShown) text += fmt::format(" and {} more", ports.size() - kMostShown);
  return text;
}

}  // namespace hearth::onnx
