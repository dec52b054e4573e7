// The one way Hearth reports an expected failure: Result<T> = std::expected<T, Error>.
//
// Network, disk, child exit, bad input, timeout, cancellation and quota are Results. Exceptions mean a bug; only the
// task boundary and main catch them. Allocation failure is not handled: sizes given by a peer are bounded first.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace hearth {

// What kind of failure it is, as far as a caller can act on it. The sentence in Error says the rest.
enum class Errc {
  cancelled = 1,        // the caller (or its client) gave up
  deadline_exceeded,    // it took longer than the caller allowed
  invalid_argument,     // the input is wrong; the same input will fail again
  unsupported,          // well-formed, but nothing here can do it
  too_large,            // over a limit; the message names the setting
  unauthenticated,      // no key, or a wrong one
  permission_denied,    // known, but not allowed
  not_found,            // no such thing
  already_exists,       // something by that name is there
  resource_exhausted,   // a queue, budget or quota is full; later may work
  unavailable,          // the other side is not there now; later may work
  failed_precondition,  // the box is not in a state to do it; the message says what to do
  io_error,             // disk or socket
  protocol_error,       // the other side broke the protocol
  corrupt,              // stored data fails its check
  internal,             // a bug of ours
};

}  // namespace hearth

template <>
struct std::is_error_code_enum<hearth::Errc> : std::true_type {};

namespace hearth {

const std::error_category& error_category() noexcept;
std::error_code make_error_code(Errc e) noexcept;
// "invalid_argument", "deadline_exceeded", …
std::string_view to_string(Errc e) noexcept;

// Whatever makes, moves or drops one is a function of its own and marked as rarely called: almost every call in Hearth
// may fail, and what it does then must not stand in the way of what it does otherwise, where the processor fetches
// code.
class Error {
 public:
  // `message`: a sentence for the operator that says what is wrong and what to do about it.
  [[gnu::cold]] Error(Errc code, std::string_view message);
  [[gnu::cold]] Error(std::error_code code, std::string_view message);
  [[gnu::cold]] Error(const Error& other);
  [[gnu::cold]] Error(Error&& other) noexcept;
  [[gnu::cold]] Error& operator=(const Error& other);
  [[gnu::cold]] Error& operator=(Error&& other) noexcept;
  [[gnu::cold]] ~Error();

  // The same failure, seen from one level higher: `message` is put in front, the old one becomes the cause.
  [[nodiscard]] Error wrap(std::string_view message) const;

  [[nodiscard]] const std::error_code& code() const noexcept { return code_; }
  // A library's own code counts as the Errc that its category maps it to (std::error_category's
  // default_error_condition).
  [[nodiscard]] bool is(Errc e) const noexcept;
  // The nearest Errc (io_error for a system code).
  [[nodiscard]] Errc kind() const noexcept;
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const Error* cause() const noexcept { return cause_.get(); }
  // Can the same call succeed later with nothing changed by a person?
  [[nodiscard]] bool retryable() const noexcept;
  // "message: cause: cause of the cause"
  [[nodiscard]] std::string describe() const;

 private:
  std::error_code code_;
  std::string message_;
  std::shared_ptr<const Error> cause_;
};

template <typename T = void>
using Result = std::expected<T, Error>;

// Shorthand for `return fail(Errc::not_found, "…")`.
[[gnu::cold]] std::unexpected<Error> fail(Errc code, std::string_view message);
[[gnu::cold]] std::unexpected<Error> fail(Error error);
// A failed system call: `what` says what was attempted, errno's text is added.
[[gnu::cold]] std::unexpected<Error> fail_errno(int err, std::string_view what);

}  // namespace hearth

// Propagate: HEARTH_TRY(expr); or HEARTH_TRY_ASSIGN(auto value, expr);  Statement forms only. In a coroutine use the
// CO_ forms, on a result that was already awaited and named.
#define HEARTH_CONCAT_(a, b) a##b
#define HEARTH_CONCAT(a, b) HEARTH_CONCAT_(a, b)
#define HEARTH_TRY_(tmp, ret, ...) \
  auto tmp = (__VA_ARGS__);        \
  if (!tmp) ret std::unexpected(std::move(tmp).error())
#define HEARTH_TRY(...) HEARTH_TRY_(HEARTH_CONCAT(try_result_, __COUNTER__), return, __VA_ARGS__)
#define HEARTH_CO_TRY(...) HEARTH_TRY_(HEARTH_CONCAT(try_result_, __COUNTER__), co_return, __VA_ARGS__)
#define HEARTH_TRY_ASSIGN_(tmp, ret, decl, ...)          \
  auto tmp = (__VA_ARGS__);                              \
  if (!tmp) ret std::unexpected(std::move(tmp).error()); \
  decl = std::move(*tmp)
#define HEARTH_TRY_ASSIGN(decl, ...) \
  HEARTH_TRY_ASSIGN_(HEARTH_CONCAT(try_result_, __COUNTER__), return, decl, __VA_ARGS__)
#define HEARTH_CO_TRY_ASSIGN(decl, ...) \
  HEARTH_TRY_ASSIGN_(HEARTH_CONCAT(try_result_, __COUNTER__), co_return, decl, __VA_ARGS__)
