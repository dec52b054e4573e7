#include "../cli.h"
#include "../pull_view.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace hearth::tool {
namespace {

constexpr std::size_t kMaxLine = 1U << 20U;

struct Options {
  std::vector<std::string> sources;
  std::string name;
  std::string task;
  bool insist = false;
  bool accept_change = false;
};

// The daemon has another working directory.
std::string made_absolute(const std::string& source) {
  if (!source.starts_with("./") && !source.starts_with("../")) return source;
  std::error_code ec;
  const auto path = std::filesystem::absolute(source, ec);
  return ec ? source : path.lexically_normal().string();
}

// Whole lines out of pieces.
class Lines {
 public:
  template <typename OnLine>
  Result<void> take(std::string_view data, const OnLine& on_line) {
    for (;;) {
      const auto end = data.find('\n');
      buffer_ += data.substr(0, end);
      if (buffer_.size() > kMaxLine) return fail(Errc::protocol_error, "hearthd's answer has a line without end");
      if (end == std::string_view::npos) return {};
      data.remove_prefix(end + 1);
      HEARTH_TRY(on_line(std::exchange(buffer_, {})));
    }
  }

 private:
  std::string buffer_;
};

Result<void> pull_one(Session& s, const Options& options, const std::string& source) {
  Request request;
  request.method = "POST";
  request.path = "/admin/models/pull";
  request.json = boost::json::serialize(json::object{{"source", made_absolute(source)},
                                                     {"name", options.name},
                                                     {"task", options.task},
                                                     {"insist", options.insist},
                                                     {"accept_change", options.accept_change}});
  PullView view;
  LiveLines live(s.terminal().err && !s.json(), s.terminal().columns);
  Lines lines;
  request.on_data = [&](std::string_view data) {
    return lines.take(data, [&](const std::string& line) -> Result<void> {
      HEARTH_TRY_ASSIGN(const json::value event, json::parse(line));
      view.take(event);
      if (s.json()) return print(line + "\n");
      live.draw(view.lines(live.columns()), LiveLines::When::soon);
      return {};
    });
  };
  HEARTH_TRY(s.admin_stream(request));
  live.draw(view.lines(live.columns()), LiveLines::When::now);
  if (view.failure()) return fail(*view.failure());
  if (view.ending().empty())
    return fail(Errc::unavailable, "hearthd stopped in the midst; the same command goes on where it was");
  return s.json() ? Result<void>() : print(view.ending() + "\n");
}

Result<ExitCode> pull(Session& s, const Options& options) {
  if (options.sources.size() > 1 && !options.name.empty())
    return fail(Errc::invalid_argument, "--name is for one model; pull them one by one");
  for (const std::string& source : options.sources) {
    HEARTH_TRY(pull_one(s, options, source));
  }
  return ExitCode::ok;
}

}  // namespace

void add_pull(Cli& cli) {
  const auto options = std::make_shared<Options>();
  auto& app = cli.command(
      cli.app, "pull",
      "Download models and install them: from the catalogue, Hugging Face, ModelScope, an OCI registry, a URL or a "
      "file.\n\n"
      "A download that was interrupted (Ctrl-C, no net, no power) goes on where it was when the same command is given "
      "again. Every file is checked against the digest that the catalogue or the registry gives, and the digest is "
      "remembered: when a source has other bytes later, that is an error and not an update. A model is installed whole "
      "or "
      "not at all.\n\n"
      "With --json: one object a line, as it happens ({\"event\":\"progress\",\"model\",\"file\",\"done\",\"total\"}; "
      "the "
      "last is \"installed\" or \"failed\").",
      [options](Session& s) { return pull(s, *options); });
  auto* source = app.add_option("SOURCE", options->sources,
                                "A name of the catalogue (hearth models available), hf:ORG/REPO[:QUANT], ms:ORG/REPO, "
                                "oci://REGISTRY/NAME:TAG, https://… or ./FILE.");
  source->required();
  cli.manual.values_from(*source, "hearth internal names catalogue");
  app.add_option("--name", options->name, "Call it that here; else the name follows from the source.")
      ->type_name("NAME");
  app.add_option("--task", options->task, "What it is for, where neither the source nor the file says so.")
      ->type_name("TASK");
  app.add_flag("--insist", options->insist,
               "Take a file that no digest vouches for, and plain http; its digest is remembered from then on.");
  app.add_flag("--accept-change", options->accept_change,
               "The source has other bytes than when it was first pulled, and that is fine.");
  cli.manual.examples(
      app, {{"hearth pull qwen3-1.7b", "A model of the catalogue."},
            {"hearth pull hf:Qwen/Qwen3-0.6B-GGUF:Q8_0", "A repository of Hugging Face, eight bits a weight."},
            {"hearth pull oci://registry.example/ai/smollm2:360M", "From a registry."},
            {"hearth pull ./my-model.gguf --name mine", "A file of this machine."}});
}

}  // namespace hearth::tool
