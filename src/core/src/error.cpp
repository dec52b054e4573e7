#include <hearth/core/error.h>

#include <fmt/format.h>

namespace hearth {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "hearth"; }
  std::string message(int value) const override { return std::string(to_string(static_cast<Errc>(value))); }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_category()};
}

std::string_view to_string(Errc e) noexcept {
  switch (e) {
    case Errc::cancelled:
      return "cancelled";
    case Errc::deadline_exceeded:
      return "deadline_exceeded";
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::unsupported:
      return "unsupported";
    case Errc::too_large:
      return "too_large";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::permission_denied:
      return "permission_denied";
    case Errc::not_found:
      return "not_found";
    case Errc::already_exists:
      return "already_exists";
    case Errc::resource_exhausted:
      return "resource_exhausted";
    case Errc::unavailable:
      return "unavailable";
    case Errc::failed_precondition:
      return "failed_precondition";
    case Errc::io_error:
      return "io_error";
    case Errc::protocol_error:
      return "protocol_error";
    case Errc::corrupt:
      return "corrupt";
    case Errc::internal:
      return "internal";
  }
  return "unknown";
}

Error::Error(Errc code, std::string_view message) : code_(make_error_code(code)), message_(message) {}
Error::Error(std::error_code code, std::string_view message) : code_(code), message_(message) {}
Error::Error(const Error& other) = default;
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error() = default;

Error Error::wrap(std::string_view message) const {
  Error outer(code_, message);
  outer.cause_ = std::make_shared<const Error>(*this);
  return outer;
}

bool Error::is(Errc e) const noexcept {
  return code_.default_error_condition() == std::error_condition(static_cast<int>(e), error_category());
}

Errc Error::kind() const noexcept {
  const std::error_condition condition = code_.default_error_condition();
  return condition.category() == error_category() ? static_cast<Errc>(condition.value()) : Errc::io_error;
}

bool Error::retryable() const noexcept {
  switch (kind()) {
    case Errc::deadline_exceeded:
    case Errc::resource_exhausted:
    case Errc::unavailable:
    case Errc::io_error:
      return true;
    default:
      return false;
  }
}

std::string Error::describe() const {
  std::string text = message_;
  for (const Error* e = cause_.get(); e != nullptr; e = e->cause_.get()) text += fmt::format(": {}", e->message_);
  return text;
}

std::unexpected<Error> fail(Errc code, std::string_view message) {
  return std::unexpected(Error(code, message));
}

std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

std::unexpected<Error> fail_errno(int err, std::string_view what) {
  const std::error_code code(err, std::generic_category());
  return std::unexpected(Error(code, fmt::format("{}: {}", what, code.message())));
}

}  // namespace hearth
