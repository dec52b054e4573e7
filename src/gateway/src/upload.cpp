#include "upload.h"

#include <hearth/dialects/base64.h>

#include <fmt/format.h>

#include <array>

namespace hearth::gateway {

using dialects::ApiCode;
using dialects::reject;

namespace {

constexpr std::size_t kRead = 64 * 1024;
constexpr std::size_t kBase64Part = 1 << 20;  // a multiple of four

// Puts a form's events where they belong.
class FormReader {
 public:
  FormReader(Call& call, std::string_view file_field, std::string_view boundary, dialects::MultipartLimits limits)
      : call_(call), file_field_(file_field), parser_(boundary, limits) {}

  net::awaitable<dialects::Decoded<>> feed(std::string_view bytes) {
    parser_.feed(bytes);
    for (;;) {
      auto event = parser_.next();
      if (!event) co_return std::unexpected(event.error());
      if (!event->has_value()) co_return dialects::Decoded<>();
      if (auto* begin = std::get_if<dialects::PartBegin>(&**event)) {
        enter(std::move(*begin));
      } else if (const auto* data = std::get_if<dialects::PartData>(&**event)) {
        const auto kept = co_await keep(data->bytes);
        if (!kept) co_return std::unexpected(dialects::to_api_error(kept.error()));
      }
    }
  }

  dialects::Decoded<Upload> finish() {
    const auto whole = parser_.finish();
    if (!whole) return std::unexpected(whole.error());
    return std::move(upload_);
  }

 private:
  enum class Into { nowhere, field, file };

  void enter(dialects::PartBegin begin) {
    into_ = Into::nowhere;
    if (begin.name == file_field_ && !upload_.file) {
      upload_.file.emplace(UploadedFile{std::move(begin), new_spooled(call_)});
      into_ = Into::file;
    } else if (!begin.is_file()) {
      upload_.fields.push_back({std::move(begin.name), {}});
      into_ = Into::field;
    }
  }

  net::awaitable<Result<void>> keep(std::string_view bytes) {
    if (into_ == Into::field) upload_.fields.back().value += bytes;
    if (into_ != Into::file) co_return Result<void>();
    Spooled& file = upload_.file->content;
    if (!file.would_block(bytes.size())) co_return file.append(bytes);
    co_return co_await call_.services.pool.run([&] { return file.append(bytes); });
  }

  Call& call_;
  std::string_view file_field_;
  dialects::MultipartParser parser_;
  Upload upload_;
  Into into_ = Into::nowhere;
};

}  // namespace

bool is_multipart(const Call& call) {
  const auto type = call.exchange.request().headers.get("Content-Type");
  return net::iequals(type.substr(0, 10), "multipart/");
}

Spooled new_spooled(const Call& call) {
  return {call.services.spool_folder, call.services.config.limits.memory_body, &call.services.spool};
}

net::awaitable<dialects::Decoded<Upload>> receive_form(Call& call, std::string_view file_field) {
  const auto boundary = dialects::multipart_boundary(call.exchange.request().headers.get("Content-Type"));
  if (!boundary) co_return std::unexpected(boundary.error());
  dialects::MultipartLimits limits;
  limits.max_file_bytes = call.services.config.limits.upload;
  const std::uint64_t whole_limit = limits.max_file_bytes + (1 << 20);
  if (call.exchange.content_length().value_or(0) > whole_limit) {
    co_return reject(
        ApiCode::request_too_large,
        fmt::format("the request is larger than {} bytes (limits.upload); send a smaller file", limits.max_file_bytes));
  }
  FormReader reader(call, file_field, *boundary, limits);
  std::vector<char> part(kRead);
  for (std::uint64_t total = 0;;) {
    const auto n = co_await call.exchange.read_some(part);
    if (!n && n.error().is(Errc::deadline_exceeded))
      co_return reject(ApiCode::request_timeout, "the request's body did not arrive in time");
    if (!n && n.error().is(Errc::cancelled)) co_return std::unexpected(dialects::to_api_error(n.error()));
    if (!n) co_return reject(ApiCode::body_incomplete, "the request's body ended early or is malformed");
    if (*n == 0) break;
    total += *n;
    if (total > whole_limit)
      co_return reject(ApiCode::request_too_large,
                       fmt::format("the request is larger than {} bytes (limits.upload)", whole_limit));
    const auto fed = co_await reader.feed({part.data(), *n});
    if (!fed) co_return std::unexpected(fed.error());
  }
  call.exchange.watch_client();
  co_return reader.finish();
}

net::awaitable<dialects::Decoded<Spooled>> spool_base64(Call& call, std::string_view payload, std::string param) {
  Spooled file = new_spooled(call);
  using Done = dialects::Decoded<>;
  const auto decode = [&]() -> Done {
    dialects::Base64Decoder decoder;
    std::string bytes;
    for (std::string_view rest = payload; !rest.empty(); rest.remove_prefix(std::min(rest.size(), kBase64Part))) {
      bytes.clear();
      const auto pushed = decoder.push(rest.substr(0, kBase64Part), bytes);
      if (!pushed) return pushed;
      const auto kept = file.append(bytes);
      if (!kept) return std::unexpected(dialects::to_api_error(kept.error()));
    }
    return decoder.finish();
  };
  Done done = co_await parse_sized(call, payload.size(), decode);
  if (!done) {
    if (!done.error().param) done.error().param = std::move(param);
    co_return std::unexpected(std::move(done).error());
  }
  co_return std::move(file);
}

}  // namespace hearth::gateway
