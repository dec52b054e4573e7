#include "options.h"

#include <hearth/app/help.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace hearth::daemon {
namespace {

struct Arguments {
  std::string config;
  std::string data;
  std::vector<std::string> listen;
  std::string log_level;
  std::string log_format;
  bool help = false;
  bool version = false;
  bool man = false;
};

void describe_options(CLI::App& app, help::Manual& manual, Arguments& a) {
  app.set_help_flag();
  manual.files(
      *app.add_option("-c,--config", a.config, "Read this hearth.yaml instead of the default one.")->type_name("FILE"));
  manual.directories(
      *app.add_option("-d,--data", a.data,
                      "Keep keys, uploads and sockets under this folder: a second, independent box on one machine.")
           ->type_name("DIR"));
  app.add_option("-l,--listen", a.listen,
                 "Listen here instead of where server.listen says; may be repeated. Port 0 lets the system choose: "
                 "`hearth status --json` has the url.")
      ->type_name("ADDR:PORT");
  manual.choices(*app.add_option("--log-level", a.log_level, "Log this and what is graver.")->type_name("LEVEL"),
                 {"debug", "info", "warn", "error"});
  manual.choices(
      *app.add_option("--log-format", a.log_format, "json for machines, text for a terminal.")->type_name("FORMAT"),
      {"json", "text"});
  app.add_flag("-h,--help", a.help, "Show this help.");
  app.add_flag("--version", a.version, "Show the version.");
  app.add_flag("--man", a.man, "Print the man page's source.")->group("");
  manual.examples(app, {{"hearthd", "serve on 127.0.0.1:8420 with the defaults"},
                        {"hearthd --listen 0.0.0.0:8420",
                         "serve the local network; clients then need a key (hearth keys new NAME)"},
                        {"hearthd --data /tmp/second --listen 127.0.0.1:0",
                         "a second box beside the first; find it with: hearth --data /tmp/second status"}});
  manual.section({"FILES",
                  "",
                  {{"/etc/hearth/hearth.yaml",
                    "configuration for root and the service; others: $XDG_CONFIG_HOME/hearth/hearth.yaml; with --data: "
                    "DIR/hearth.yaml"},
                   {"/var/lib/hearth", "keys, uploads; others: $XDG_DATA_HOME/hearth"},
                   {"/run/hearth", "sockets; others: $XDG_RUNTIME_DIR/hearth; with --data: DIR/run"}}});
  manual.section(
      {"SIGNALS",
       "",
       {{"TERM, INT", "stop gracefully: requests in flight end, engines are stopped, the store is closed"}}});
  manual.section({"EXIT STATUS",
                  "",
                  {{"0", "stopped as asked"},
                   {"1", "it could not start or had to stop; the log says why"},
                   {"2", "wrong usage or configuration"}}});
}

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100;
}

Paths choose_paths(const Arguments& a) {
  Paths paths = default_paths();
  if (!a.data.empty()) {
    std::error_code ec;
    paths.data = std::filesystem::absolute(a.data, ec);
    paths.runtime = paths.data / "run";
    paths.config_file = paths.data / "hearth.yaml";
  }
  if (!a.config.empty()) paths.config_file = a.config;
  return paths;
}

}  // namespace

Result<config::Config> configure(int argc, char** argv) {
  Arguments a;
  CLI::App app{"Hearth's daemon: runs the small models of this box and serves them over HTTP.", "hearthd"};
  help::Manual manual;
  describe_options(app, manual, a);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "hearthd: {}\nhearthd --help shows what there is.\n", e.what());
    std::exit(2);
  }
  if (a.version) {
    fmt::print("hearthd {}\n", HEARTH_VERSION);
    std::exit(0);
  }
  if (a.help || a.man) {
    const help::CommandDoc doc = help::describe(app, manual);
    const auto colour =
        ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr ? help::Colour::yes : help::Colour::no;
    fmt::print("{}", a.man ? help::man_page(doc, manual.sections(), {8, "2026-11-21", HEARTH_VERSION, {"hearth(1)"}})
                           : help::help_text(doc, doc, terminal_columns(), colour));
    std::exit(0);
  }
  const Paths paths = choose_paths(a);
  if (!a.config.empty() && !std::filesystem::exists(a.config))
    return fail(Errc::not_found, fmt::format("there is no configuration file {}", a.config));
  HEARTH_TRY_ASSIGN(config::Config config, config::load(paths));
  if (!a.listen.empty()) config.server.listen = a.listen;
  if (!a.log_level.empty()) config.log.level = log::parse_level(a.log_level, config.log.level);
  if (!a.log_format.empty()) config.log.format = a.log_format == "json" ? log::Format::json : log::Format::text;
  return config;
}

}  // namespace hearth::daemon
