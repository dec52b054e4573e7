#include "entry_fields.h"

#include <algorithm>

namespace hearth::models {

Result<std::string> optional_text(const yaml::Fields& fields, std::string_view key) {
  HEARTH_TRY_ASSIGN(auto value, fields.text(key));
  return std::move(value).value_or(std::string());
}

Result<bool> flag(const yaml::Fields& fields, std::string_view key, bool fallback) {
  HEARTH_TRY_ASSIGN(const auto value, fields.text(key));
  if (!value) return fallback;
  if (*value == "true") return true;
  if (*value == "false") return false;
  return fail(fields.wrong(key, "must be true or false"));
}

Result<std::optional<ModelCanary>> read_canary(const yaml::Fields& entry, std::string_view origin) {
  if (!entry.has("canary")) return std::nullopt;
  HEARTH_TRY_ASSIGN(const yaml::Fields fields,
                    yaml::Fields::of(entry.node("canary"), origin, "canary", {"path", "body", "expect"}));
  ModelCanary canary;
  HEARTH_TRY_ASSIGN(canary.path, fields.required_text("path"));
  const auto plain = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  if (canary.path.front() != '/' || !std::ranges::all_of(canary.path, plain))
    return fail(fields.wrong("path", "must begin with / and hold no blanks"));
  HEARTH_TRY_ASSIGN(canary.body, optional_text(fields, "body"));
  HEARTH_TRY_ASSIGN(canary.expect, optional_text(fields, "expect"));
  return canary;
}

}  // namespace hearth::models
