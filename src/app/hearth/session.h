// What every command is given: the terminal, the options that are understood everywhere, and the box.
#pragma once

#include "client.h"
#include "exit_code.h"
#include "json.h"
#include "output.h"
#include "progress.h"
#include "terminal.h"

#include <hearth/core/paths.h>

#include <functional>
#include <optional>
#include <string>

namespace hearth::tool {

struct Globals {
  std::string data;    // --data
  std::string config;  // --config
  std::string url;     // --url or HEARTH_URL
  std::string key;     // --key or HEARTH_API_KEY
  bool json = false;
};

// One per run, on main's thread.
class Session {
 public:
  Session(Globals globals, Terminal terminal);

  [[nodiscard]] const Globals& globals() const noexcept { return globals_; }
  [[nodiscard]] const Terminal& terminal() const noexcept { return terminal_; }
  [[nodiscard]] const Paths& paths() const noexcept { return paths_; }
  [[nodiscard]] bool remote() const noexcept { return !globals_.url.empty(); }
  [[nodiscard]] bool json() const noexcept { return globals_.json; }
  // Of the terminal, or 0 where the output is read by a program and nothing may be cut.
  [[nodiscard]] std::size_t table_columns() const noexcept { return terminal_.out ? terminal_.columns : 0; }
  [[nodiscard]] std::string ink(std::string_view text, Ink ink) const { return paint(text, ink, terminal_.out_colour); }

  // The public API. Errors as Client::send.
  Result<Response> api(const Request& request);
  // What is asked is worked on, even if it was asked before. Call it before the first request.
  void ask_anew() noexcept { anew_ = true; }
  // The admin API, over its socket only: invalid_argument with --url.
  Result<json::value> admin(std::string_view method, std::string path, std::string body = {}, double seconds = 15);
  // The same for an answer that is read as it comes.
  Result<Response> admin_stream(const Request& request);
  [[nodiscard]] Progress progress() const {
    return Progress(terminal_.err ? Progress::Show::yes : Progress::Show::no, terminal_.columns);
  }

 private:
  Result<void> reach_admin();

  Globals globals_;
  Terminal terminal_;
  Paths paths_;
  bool anew_ = false;
  std::optional<Client> api_;
  std::optional<Client> admin_;
};

// "/admin/keys/" + what a person typed.
std::string url_escape(std::string_view text);
// A file part of a form: `path`, or stdin for "-". invalid_argument: not there, a folder; permission_denied.
Result<FormPart> file_part(std::string name, const std::string& path);

}  // namespace hearth::tool
