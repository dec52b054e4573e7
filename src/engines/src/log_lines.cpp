#include "log_lines.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hearth::engines {
namespace json = boost::json;

void LineSplitter::push(std::string_view bytes, const std::function<void(std::string_view)>& line) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    partial_.append(part.substr(0, max_line_ - std::min(max_line_, partial_.size())));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    this->end(line);
  }
}

void LineSplitter::end(const std::function<void(std::string_view)>& line) {
  if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
  if (!partial_.empty()) line(partial_);
  partial_.clear();
}

bool LineBudget::take(SteadyTime now) {
  if (last_ != SteadyTime()) left_ = std::min(burst_, left_ + per_second_ * std::max(0.0, seconds_between(last_, now)));
  last_ = now;
  if (left_ < 1) {
    ++refused_;
    return false;
  }
  left_ -= 1;
  return true;
}

std::uint64_t LineBudget::take_refused() {
  return std::exchange(refused_, 0);
}

EngineLine parse_engine_line(std::string_view line) {
  EngineLine parsed{log::Level::info, std::string(line), {}};
  if (line.empty() || line.front() != '{') return parsed;
  boost::system::error_code ec;
  const json::value value = json::parse(line, ec);
  if (ec || !value.is_object()) return parsed;
  const json::object& object = value.as_object();
  const json::value* message = object.if_contains("msg");
  const json::value* level = object.if_contains("level");
  if (message == nullptr || !message->is_string()) return parsed;
  parsed.message = std::string(message->as_string());
  if (level != nullptr && level->is_string())
    parsed.level = log::parse_level(std::string_view(level->as_string()), log::Level::info);
  json::object rest;
  for (const auto& [key, field] : object) {
    if (key != "msg" && key != "level" && key != "time" && key != "room") rest[key] = field;
  }
  if (!rest.empty()) parsed.detail = json::serialize(rest);
  return parsed;
}

}  // namespace hearth::engines
