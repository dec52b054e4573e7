#include "models_service.h"

#include <hearth/core/file.h>
#include <hearth/core/log.h>
#include <hearth/core/paths.h>
#include <hearth/dialects/api_error.h>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace hearth::daemon {

namespace json = boost::json;
using dialects::ApiCode;

namespace {

constexpr std::size_t kMaxBody = 64 * 1024;
constexpr std::size_t kMaxToken = 1024;
// How often a reader of a pull gets to see how far it is.
constexpr Millis kBetweenEvents{150};

json::array strings(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& s : list) array.emplace_back(s);
  return array;
}

json::object describe(const models::ModelManifest& m) {
  return {{"name", m.name},
          {"task", m.task},
          {"format", m.format},
          {"engine", m.engine},
          {"description", m.description},
          {"source", m.source},
          {"revision", m.revision},
          {"licence", m.licence},
          {"commercial", m.commercial},
          {"languages", strings(m.languages)},
          {"memory", m.memory},
          {"context", m.context},
          {"bytes", m.bytes()}};
}

json::object describe(const models::CatalogueEntry& e, bool installed) {
  return {{"name", e.name},
          {"task", e.task},
          {"rung", models::to_string(e.rung)},
          {"preferred", e.preferred},
          {"installed", installed},
          {"source", e.source},
          {"format", e.format},
          {"engine", e.engine},
          {"description", e.description},
          {"licence", e.licence},
          {"commercial", e.commercial},
          {"languages", strings(e.languages)},
          {"memory", e.memory}};
}

net::awaitable<void> reply(net::Exchange& exchange, const json::value& body) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(200, {{"Content-Type", "application/json"}}, json::serialize(body));
}

net::awaitable<void> refuse(net::Exchange& exchange, const dialects::ApiError& error) {
  [[maybe_unused]] const auto sent =
      co_await exchange.respond(error.status, {{"Content-Type", "application/json"}}, dialects::encode(error));
}

// The body as an object; an empty body is an empty one.
net::awaitable<Result<json::object>> read_object(net::Exchange& exchange) {
  const auto body = co_await exchange.read_all(kMaxBody);
  if (!body) co_return fail(body.error());
  if (body->empty()) co_return json::object();
  json::error_code ec;
  json::value value = json::parse(*body, ec);
  if (ec || !value.is_object()) co_return fail(Errc::invalid_argument, "the body must be a JSON object");
  co_return std::move(value.get_object());
}

std::string text(const json::object& from, std::string_view name) {
  const json::value* v = from.if_contains(name);
  const json::string* s = v != nullptr ? v->if_string() : nullptr;
  return s != nullptr ? std::string(s->data(), s->size()) : std::string();
}

bool flag(const json::object& from, std::string_view name) {
  const json::value* v = from.if_contains(name);
  const bool* b = v != nullptr ? v->if_bool() : nullptr;
  return b != nullptr && *b;
}

std::string read_token(const std::string& file) {
  if (file.empty()) return {};
  auto token = read_file(file, kMaxToken);
  if (!token) {
    log::warn("models", "the token of models.hf_token_file cannot be read", {{"error", token.error().describe()}});
    return {};
  }
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r' || token->back() == ' ')) token->pop_back();
  return *std::move(token);
}

}  // namespace

Result<std::unique_ptr<ModelsService>> ModelsService::open(const config::Config& config, egress::Connect connect) {
  std::unique_ptr<ModelsService> service(new ModelsService());
  models::LoadedCatalogue loaded = models::load_catalogue(share_dir() / "catalogue");
  for (const Error& problem : loaded.problems)
    log::error("models", "a file of the catalogue is no good", {{"error", problem.describe()}});
  service->catalogue_ = std::move(loaded.catalogue);
  HEARTH_TRY_ASSIGN(
      service->store_,
      models::ModelStore::open(config.paths.data / "models",
                               {.quota = config.models.quota, .keep_free = config.models.keep_free}, service->disk_));
  models::PullOptions options;
  options.connect = std::move(connect);
  options.hugging_face = config.models.endpoint_hf;
  options.model_scope = config.models.endpoint_ms;
  options.hugging_face_token = read_token(config.models.hf_token_file);
  options.parallel = static_cast<unsigned>(config.models.parallel);
  options.on_changed = [s = service.get()] { s->changed(); };
  options.hint = [s = service.get()](const models::ModelManifest& model) {
    const std::lock_guard lock(s->mutex_);
    return s->hint_ ? s->hint_(model) : std::string();
  };
  HEARTH_TRY_ASSIGN(service->puller_, models::Puller::start(*service->store_, service->catalogue_, std::move(options)));
  return service;
}

ModelsService::~ModelsService() {
  stop();
}

void ModelsService::stop() {
  stop_.request_stop();
}

void ModelsService::on_changed(std::function<void()> changed) {
  const std::lock_guard lock(mutex_);
  on_changed_ = std::move(changed);
}

void ModelsService::give_hints(std::function<std::string(const models::ModelManifest&)> hint) {
  const std::lock_guard lock(mutex_);
  hint_ = std::move(hint);
}

void ModelsService::changed() {
  const std::lock_guard lock(mutex_);
  if (on_changed_) on_changed_();
}

net::awaitable<void> ModelsService::installed(net::Exchange& exchange) {
  const auto found = co_await pool_.run([this]() -> Result<json::value> {
    std::vector<Error> problems;
    json::array all;
    for (const auto& model : store_->list(&problems)) all.push_back(describe(model.manifest));
    json::array broken;
    for (const Error& problem : problems) broken.emplace_back(problem.describe());
    return json::value{{"data", all}, {"problems", broken}};
  });
  if (!found) co_return co_await refuse(exchange, dialects::to_api_error(found.error()));
  co_await reply(exchange, *found);
}

net::awaitable<void> ModelsService::available(net::Exchange& exchange) {
  const auto found = co_await pool_.run([this]() -> Result<json::value> {
    json::array all;
    for (const models::CatalogueEntry& entry : catalogue_.entries())
      all.push_back(describe(entry, store_->show(entry.name).has_value()));
    return json::value{{"data", all}};
  });
  if (!found) co_return co_await refuse(exchange, dialects::to_api_error(found.error()));
  co_await reply(exchange, *found);
}

net::awaitable<void> ModelsService::show(net::Exchange& exchange, std::string name) {
  const auto found = co_await pool_.run([this, name] { return store_->show(name); });
  if (!found) co_return co_await refuse(exchange, dialects::to_api_error(found.error()));
  json::object answer = describe(found->manifest);
  answer["folder"] = found->folder.string();
  json::array files;
  for (const models::ModelFile& file : found->manifest.files)
    files.push_back({{"role", file.role}, {"name", file.name}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  answer["files"] = files;
  co_await reply(exchange, answer);
}

net::awaitable<void> ModelsService::remove(net::Exchange& exchange, std::string name) {
  const auto removed = co_await pool_.run([this, name] { return store_->remove(name); });
  if (!removed) co_return co_await refuse(exchange, dialects::to_api_error(removed.error()));
  changed();
  co_await reply(exchange, {{"name", name}, {"deleted", true}});
}

net::awaitable<void> ModelsService::verify(net::Exchange& exchange) {
  const auto request = co_await read_object(exchange);
  if (!request) co_return co_await refuse(exchange, dialects::to_api_error(request.error()));
  const std::string name = text(*request, "name");
  const auto report = co_await pool_.run([this, name] { return store_->verify(name, stop_.get_token()); });
  if (!report) co_return co_await refuse(exchange, dialects::to_api_error(report.error()));
  json::array broken;
  for (const models::BrokenFile& file : report->broken)
    broken.push_back({{"model", file.model}, {"file", file.file}, {"message", file.what}});
  co_await reply(exchange,
                 {{"models", report->models}, {"files", report->files}, {"bytes", report->bytes}, {"broken", broken}});
}

net::awaitable<void> ModelsService::collect(net::Exchange& exchange) {
  const auto report = co_await pool_.run([this] { return store_->gc(true); });
  if (!report) co_return co_await refuse(exchange, dialects::to_api_error(report.error()));
  co_await reply(exchange, {{"blobs", report->blobs}, {"partials", report->partials}, {"bytes", report->bytes}});
}

// One object a line, as it happens. A reader that goes away ends the pull; the next one goes on where it was.
net::awaitable<void> ModelsService::follow(net::Exchange& exchange, std::shared_ptr<models::PullJob> job) {
  exchange.start(200, {{"Content-Type", "application/x-ndjson"}});
  for (;;) {
    const bool over = job->over();
    std::string lines;
    for (const models::PullEvent& event : job->take()) lines += models::to_json(event) + "\n";
    if (!lines.empty()) {
      const auto written = co_await exchange.write(lines);
      if (!written) co_return job->cancel();
    }
    if (over) break;
    const auto slept = co_await net::sleep_for(kBetweenEvents);
    if (!slept || stop_.stop_requested()) co_return job->cancel();
  }
  [[maybe_unused]] const auto finished = co_await exchange.finish();
}

net::awaitable<void> ModelsService::pull(net::Exchange& exchange) {
  const auto body = co_await read_object(exchange);
  if (!body) co_return co_await refuse(exchange, dialects::to_api_error(body.error()));
  models::PullRequest request;
  request.source = text(*body, "source");
  request.name = text(*body, "name");
  request.task = text(*body, "task");
  request.insist = flag(*body, "insist");
  request.accept_change = flag(*body, "accept_change");
  if (request.source.empty()) {
    const auto error = dialects::api_error(
        ApiCode::missing_required_parameter,
        R"(send {"source": "a name of the catalogue, hf:ORG/REPO, oci://…, https://… or a path"})", "source");
    co_return co_await refuse(exchange, error);
  }
  const auto job = puller_->pull(std::move(request));
  if (!job) co_return co_await refuse(exchange, dialects::to_api_error(job.error()));
  exchange.watch_client();
  co_await follow(exchange, *job);
}

net::awaitable<bool> ModelsService::answer(net::Exchange& exchange) {
  constexpr std::string_view kInstalled = "/admin/models/installed/";
  const std::string path = exchange.request().path();
  const std::string method = exchange.request().method;
  if (method == "GET" && path == "/admin/models/installed") {
    co_await installed(exchange);
  } else if (method == "GET" && path == "/admin/models/available") {
    co_await available(exchange);
  } else if (method == "POST" && path == "/admin/models/pull") {
    co_await pull(exchange);
  } else if (method == "POST" && path == "/admin/models/verify") {
    co_await verify(exchange);
  } else if (method == "POST" && path == "/admin/models/gc") {
    co_await collect(exchange);
  } else if (method == "GET" && path.starts_with(kInstalled)) {
    co_await show(exchange, path.substr(kInstalled.size()));
  } else if (method == "DELETE" && path.starts_with(kInstalled)) {
    co_await remove(exchange, path.substr(kInstalled.size()));
  } else {
    co_return false;
  }
  co_return true;
}

}  // namespace hearth::daemon
