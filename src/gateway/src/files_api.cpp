// /v1/files: uploads that a later request names by id, as Mistral's OCR clients do.
#include "upload.h"

#include <hearth/dialects/files.h>

#include <fmt/format.h>

#include <vector>

namespace hearth::gateway {
namespace {

using dialects::ApiCode;

constexpr std::int64_t kLifetime = 24 * 3600;  // unless the client asks for another

dialects::ApiError file_error(const Error& error) {
  if (error.is(Errc::not_found)) return dialects::api_error(ApiCode::file_not_found, error.message(), "file_id");
  return dialects::to_api_error(error);
}

net::awaitable<void> upload_file(Call& call) {
  auto upload = co_await receive_form(call, "file");
  if (!upload) co_return co_await reply_error(call, upload.error());
  const auto form = dialects::decode_file_upload(upload->fields);
  if (!form) co_return co_await reply_error(call, form.error());
  if (!upload->file)
    co_return co_await reply_error(call, dialects::api_error(ApiCode::missing_required_parameter,
                                                             "send the file as the form's part 'file'", "file"));
  const auto kept = co_await call.services.pool.run([&] {
    return call.services.files.add(upload->file->content, upload->file->part.filename.value_or("file"),
                                   upload->file->part.content_type, form->purpose, call.principal.id,
                                   form->expires_after_seconds.value_or(kLifetime));
  });
  if (!kept) co_return co_await reply_error(call, file_error(kept.error()));
  co_await reply_json(call, dialects::encode_file(*kept));
}

net::awaitable<void> send_content(Call& call, const std::string& id) {
  const auto described =
      co_await call.services.pool.run([&] { return call.services.files.describe(id, call.principal.id); });
  if (!described) co_return co_await reply_error(call, file_error(described.error()));
  const auto file = co_await call.services.pool.run([&] { return call.services.files.read(id, call.principal.id); });
  if (!file) co_return co_await reply_error(call, file_error(file.error()));
  call.decision.status = 200;
  // Never as a page: what was uploaded must not run in a browser under this box's name.
  net::Headers headers = answer_headers(call, "application/octet-stream");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Content-Disposition", "attachment");
  call.exchange.start(200, std::move(headers));
  std::vector<char> part(256 * 1024);
  for (std::uint64_t offset = 0;;) {
    const auto n = co_await call.services.pool.run([&] { return file->read_at(offset, part); });
    if (!n) co_return;
    if (*n == 0) break;
    offset += *n;
    const auto written = co_await call.exchange.write({part.data(), *n});
    if (!written) co_return;
  }
  co_await call.exchange.finish();
}

}  // namespace

net::awaitable<void> handle_files(Call& call) {
  call.decision.operation = "files";
  const net::RequestHead& request = call.exchange.request();
  FileStore& files = call.services.files;
  constexpr std::string_view kFiles = "/v1/files";
  std::string rest = request.path().substr(kFiles.size());
  const bool to_all = rest.empty();
  if ((request.method == "POST" && !to_all) ||
      (request.method == "DELETE" && (to_all || rest.find('/', 1) != rest.npos)))
    co_return co_await reply_error(
        call,
        dialects::api_error(ApiCode::method_not_allowed,
                            "POST goes to /v1/files, DELETE to /v1/files/ID; both paths and those below take GET"));
  if (to_all) {
    if (request.method == "POST") co_return co_await upload_file(call);
    const auto all = files.list(call.principal.id);
    co_return co_await reply_json(call, dialects::encode_file_list(all));
  }
  rest.erase(0, 1);
  const auto slash = rest.find('/');
  const std::string id = rest.substr(0, slash);
  const std::string part = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
  if (part == "content") co_return co_await send_content(call, id);
  if (request.method == "DELETE" && part.empty()) {
    const auto removed = co_await call.services.pool.run([&] { return files.remove(id, call.principal.id); });
    if (!removed) co_return co_await reply_error(call, file_error(removed.error()));
    co_return co_await reply_json(call, dialects::encode_file_deleted(id));
  }
  const auto described = co_await call.services.pool.run([&] { return files.describe(id, call.principal.id); });
  if (!described) co_return co_await reply_error(call, file_error(described.error()));
  if (part.empty()) co_return co_await reply_json(call, dialects::encode_file(*described));
  const std::string base = fmt::format("http://{}", request.headers.get("Host"));
  co_await reply_json(call, dialects::encode_file_url(dialects::own_file_url(base, id)));
}

}  // namespace hearth::gateway
