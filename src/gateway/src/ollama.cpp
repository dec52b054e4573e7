// /api/…: Ollama's clients, answered by the box's own models.
#include "forward.h"

#include <hearth/dialects/ollama.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::gateway {
namespace {

dialects::OllamaMoment now_of(const Call& call) {
  return {format_rfc3339(wall_now()), steady_now() - call.began};
}

template <dialects::OllamaShape Shape>
class OllamaRelay : public Relay {
 public:
  explicit OllamaRelay(const Call& call) : call_(call) {}
  [[nodiscard]] std::string_view stream_type() const override { return "application/x-ndjson"; }
  Result<std::string_view> part(std::string_view bytes) override {
    HEARTH_TRY_ASSIGN(part_, stream_.feed(bytes, now_of(call_)));
    return part_;
  }
  Result<void> end() override {
    usage_ = stream_.usage();
    return stream_.end();
  }
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(dialects::OllamaAnswer answer,
                      dialects::translate_ollama_answer(body, Shape, call_.decision.requested_model, now_of(call_)));
    usage_ = answer.usage;
    return std::move(answer.body);
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }

 private:
  const Call& call_;
  dialects::OllamaStream stream_{Shape, call_.decision.requested_model};
  std::string part_;
  dialects::Usage usage_;
};

template <bool One>
class EmbedRelay : public WholeRelay {
 public:
  explicit EmbedRelay(const Call& call) : call_(call) {}
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(dialects::OllamaAnswer answer,
                      dialects::translate_ollama_embeddings(body, One, call_.decision.requested_model, now_of(call_)));
    usage_ = answer.usage;
    return std::move(answer.body);
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }

 private:
  const Call& call_;
  dialects::Usage usage_;
};

dialects::OllamaModel shown(const Model& model) {
  dialects::OllamaModel shown;
  shown.name = model.id;
  shown.embeds = model.task == Task::embedding;
  shown.ready = model.upstream->ready();
  if (model.files == nullptr) return shown;
  const ModelFiles& files = *model.files;
  shown.bytes = files.bytes;
  shown.digest = files.sha256;
  shown.modified_at = format_rfc3339(files.installed);
  shown.format = files.format;
  shown.family = files.family;
  shown.quantisation = files.quantisation;
  shown.parameters = files.parameters;
  return shown;
}

std::vector<dialects::OllamaModel> models_of(const Call& call) {
  std::vector<dialects::OllamaModel> all;
  const Models models = call.services.catalogue.models();
  for (const Model& model : *models)
    if (model.task == Task::chat || model.task == Task::embedding) all.push_back(shown(model));
  return all;
}

// A model that is only to be ready: its engine is started, and nothing is asked.
net::awaitable<void> load(Call& call, const std::string& name) {
  const auto model = choose_model(call, name, Task::chat);
  if (!model) co_return co_await reply_error(call, model.error());
  auto lease = co_await acquire(call, *(*model)->upstream);
  if (!lease) co_return co_await reply_error(call, lease.error().error);
  (*lease)->finish(Outcome::ok);
  co_await reply_json(call, dialects::encode_ollama_loaded(name, now_of(call)));
}

net::awaitable<void> embed(Call& call, MakeRelay relay) {
  call.decision.operation = "embeddings";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request =
      co_await parse_sized(call, body->size(), [&] { return dialects::translate_ollama_embed(*body); });
  if (!request) co_return co_await reply_error(call, request.error());
  co_await forward(call, request->body, request->head, Task::embedding, "/v1/embeddings", relay);
}

}  // namespace

net::awaitable<void> handle_ollama_chat(Call& call) {
  call.decision.operation = "chat";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request = co_await parse_sized(call, body->size(), [&] { return dialects::translate_ollama_chat(*body); });
  if (!request) co_return co_await reply_error(call, request.error());
  co_await forward(call, request->body, request->head, Task::chat, "/v1/chat/completions",
                   make_relay<OllamaRelay<dialects::OllamaShape::chat>>);
}

net::awaitable<void> handle_ollama_generate(Call& call) {
  call.decision.operation = "text_completion";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto generate =
      co_await parse_sized(call, body->size(), [&] { return dialects::translate_ollama_generate(*body); });
  if (!generate) co_return co_await reply_error(call, generate.error());
  if (generate->load) co_return co_await load(call, generate->request.head.model);
  co_await forward(call, generate->request.body, generate->request.head, Task::chat,
                   generate->raw ? "/v1/completions" : "/v1/chat/completions",
                   make_relay<OllamaRelay<dialects::OllamaShape::generate>>);
}

net::awaitable<void> handle_ollama_embed(Call& call) {
  return embed(call, make_relay<EmbedRelay<false>>);
}

net::awaitable<void> handle_ollama_embedding(Call& call) {
  return embed(call, make_relay<EmbedRelay<true>>);
}

net::awaitable<void> handle_ollama_tags(Call& call) {
  call.decision.operation = "models";
  co_await reply_json(call, dialects::encode_ollama_tags(models_of(call)));
}

net::awaitable<void> handle_ollama_running(Call& call) {
  call.decision.operation = "models";
  co_await reply_json(call, dialects::encode_ollama_running(models_of(call)));
}

net::awaitable<void> handle_ollama_version(Call& call) {
  call.decision.operation = "models";
  co_await reply_json(call, dialects::encode_ollama_version());
}

net::awaitable<void> handle_ollama_show(Call& call) {
  call.decision.operation = "models";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto name = dialects::decode_ollama_name(*body);
  if (!name) co_return co_await reply_error(call, name.error());
  const std::vector<dialects::OllamaModel> models = models_of(call);
  const auto found = std::ranges::find(models, *name, &dialects::OllamaModel::name);
  if (found == models.end())
    co_return co_await reply_error(
        call,
        dialects::api_error(dialects::ApiCode::model_not_found,
                            fmt::format("no model '{}' is on this box; GET /api/tags lists them", name->substr(0, 100)),
                            "model"));
  co_await reply_json(call, dialects::encode_ollama_show(*found));
}

}  // namespace hearth::gateway
