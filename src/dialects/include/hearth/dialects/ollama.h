// Ollama's API for clients, OpenAI's for whoever answers: chat, generate and embed one way, answers and streams of JSON
// lines the other. Pure; what a client authored (tool inputs, schemas, numbers) is passed on byte for byte.
//
// Source: docs/api.md of ollama/ollama and the types of its clients.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/chat.h>
#include <hearth/dialects/json_body.h>
#include <hearth/dialects/sse.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

struct ChatDelta;

// Streams unless told otherwise, as there. ":latest" at the end of a model's name is dropped. Of `options`, those that
// say how to answer are passed on; those that say how to load a model are the box's own business and are not.
Decoded<TranslatedRequest> translate_ollama_chat(const JsonBody& request);
struct OllamaGenerate {
  TranslatedRequest request;
  bool raw = false;   // for /v1/completions: the prompt goes to the model without its template
  bool load = false;  // no prompt: the client only wants the model to be ready
};
Decoded<OllamaGenerate> translate_ollama_generate(const JsonBody& request);
// `input` of /api/embed, or `prompt` of /api/embeddings.
Decoded<TranslatedRequest> translate_ollama_embed(const JsonBody& request);

// /api/chat has `message`, /api/generate `response`.
enum class OllamaShape { chat, generate };
struct OllamaMoment {
  std::string created_at;               // RFC 3339
  std::chrono::nanoseconds elapsed{0};  // since the request came
};

// A stream of chat completion chunks as lines of JSON, in whatever pieces it comes. Tool calls are held back until they
// are whole: there, they are objects.
class OllamaStream {
 public:
  OllamaStream(OllamaShape shape, std::string model);
  ~OllamaStream();

  // protocol_error, too_large: the stream cannot go on; encode_ollama() tells the client.
  Result<std::string> feed(std::string_view bytes, const OllamaMoment& now);
  // The bytes have ended. unavailable if they ended before the answer did.
  Result<void> end() const;
  [[nodiscard]] Usage usage() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct OllamaAnswer {
  std::string body;
  Usage usage;
};
// A whole chat completion, or completion. protocol_error.
Result<OllamaAnswer> translate_ollama_answer(std::string_view answer, OllamaShape shape, std::string_view model,
                                             const OllamaMoment& now);
// What /api/generate answers when it was only to load the model.
std::string encode_ollama_loaded(std::string_view model, const OllamaMoment& now);
// OpenAI's answer to embeddings; `one`: /api/embeddings, which has one vector. protocol_error.
Result<OllamaAnswer> translate_ollama_embeddings(std::string_view answer, bool one, std::string_view model,
                                                 const OllamaMoment& now);

struct OllamaModel {
  std::string name;
  bool embeds = false;  // else it chats
  bool ready = false;
  // Of its files; what is not known is 0, or empty.
  std::uint64_t bytes = 0;
  std::string digest;       // hex
  std::string modified_at;  // RFC 3339
  std::string format;
  std::string family;
  std::string quantisation;
  std::uint64_t parameters = 0;
};
std::string encode_ollama_tags(std::span<const OllamaModel> models);     // GET /api/tags
std::string encode_ollama_running(std::span<const OllamaModel> models);  // GET /api/ps: those that are ready
std::string encode_ollama_show(const OllamaModel& model);                // POST /api/show
// The version of the API that this is like, not of the box: clients ask for it before they use what came with it.
std::string encode_ollama_version();
// `model` (or `name`, as it was once called) of a body that has little else.
Decoded<std::string> decode_ollama_name(const JsonBody& request);

// {"error": "…"}; in a stream, a line of its own.
std::string encode_ollama(const ApiError& error);

}  // namespace hearth::dialects
