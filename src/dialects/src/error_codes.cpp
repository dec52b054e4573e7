#include <hearth/dialects/error_codes.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {

namespace {

constexpr auto kCodes = std::to_array<ApiCodeInfo>({
#define HEARTH_API_CODE_ROW(code, status, type, meaning) {#code, status, #type, meaning},
    HEARTH_API_CODES(HEARTH_API_CODE_ROW)
#undef HEARTH_API_CODE_ROW
});

}  // namespace

std::span<const ApiCodeInfo> api_codes() noexcept {
  return kCodes;
}

const ApiCodeInfo& info(ApiCode code) noexcept {
  return kCodes[static_cast<std::size_t>(code)];
}

std::optional<ApiCode> find_api_code(std::string_view code) noexcept {
  const auto found = std::ranges::find(kCodes, code, &ApiCodeInfo::code);
  if (found == kCodes.end()) return std::nullopt;
  return static_cast<ApiCode>(found - kCodes.begin());
}

}  // namespace hearth::dialects
