#include "session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

namespace hearth::tool {
namespace {

Paths paths_for(const Globals& globals) {
  Paths paths = default_paths();
  if (!globals.data.empty()) {
    std::error_code ec;
    paths.data = std::filesystem::absolute(globals.data, ec);
    paths.runtime = paths.data / "run";
    paths.config_file = paths.data / "hearth.yaml";
  }
  if (!globals.config.empty()) paths.config_file = globals.config;
  return paths;
}

}  // namespace

Session::Session(Globals globals, Terminal terminal)
    : globals_(std::move(globals)), terminal_(terminal), paths_(paths_for(globals_)) {
  while (globals_.url.ends_with('/')) globals_.url.pop_back();
  // Clients of OpenAI's are configured with …/v1; people paste that.
  if (globals_.url.ends_with("/v1")) globals_.url.resize(globals_.url.size() - 3);
}

Result<Response> Session::api(const Request& request) {
  if (!api_) {
    api_.emplace(remote() ? Endpoint{{}, globals_.url, globals_.key, anew_}
                          : Endpoint{(paths_.runtime / "hearth.sock").string(), {}, {}, anew_});
  }
  return api_->send(request);
}

Result<Response> Session::admin_stream(const Request& request) {
  if (remote())
    return fail(
        Errc::invalid_argument,
        "This needs the box's admin socket, which is not on the net; run it on the box itself (ssh BOX hearth …)");
  if (!admin_) admin_.emplace(Endpoint{(paths_.runtime / "admin.sock").string(), {}, {}});
  return admin_->send(request);
}

Result<json::value> Session::admin(std::string_view method, std::string path, std::string body, double seconds) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  request.json = std::move(body);
  request.seconds = seconds;
  HEARTH_TRY_ASSIGN(const Response response, admin_stream(request));
  return json::parse(response.body);
}

std::string url_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Result<FormPart> file_part(std::string name, const std::string& path) {
  FormPart part;
  part.name = std::move(name);
  if (path == "-") {
    if (isatty(STDIN_FILENO) == 1)
      return fail(Errc::invalid_argument, "'-' reads standard input, but that is your keyboard; pipe a file into it");
    part.kind = FormPart::Kind::stdin_stream;
    part.file_name = "stdin";
    return part;
  }
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (!std::filesystem::exists(status)) return fail(Errc::invalid_argument, fmt::format("There is no file {}", path));
  if (std::filesystem::is_directory(status)) return fail(Errc::invalid_argument, fmt::format("{} is a folder", path));
  if (::access(path.c_str(), R_OK) != 0) return fail(Errc::permission_denied, fmt::format("You may not read {}", path));
  part.kind = FormPart::Kind::file;
  part.value = path;
  part.file_name = std::filesystem::path(path).filename().string();
  return part;
}

}  // namespace hearth::tool
