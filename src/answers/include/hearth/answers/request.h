// When are two requests the same, and which answers would be the same again? Pure functions over a request's bytes.
//
// Two requests have one digest only if nothing that can change an answer differs: every field of the body counts, with
// its value byte for byte (a number's spelling, the order of an array and of the keys inside a value, the white space
// in it). Left out is only what no model and no server's memory gets to see: the order of the outermost keys, the hints
// where a provider keeps prefixes (prompt_cache_key, prompt_cache_retention), and how long Ollama keeps a model loaded
// (keep_alive). `user` and `metadata` count: a server may answer by them, and who names end users wants them kept
// apart. `stream` is part of the key by itself: an answer that is streamed is another one.
#pragma once

#include <hearth/answers/digest.h>
#include <hearth/core/data_class.h>
#include <hearth/core/error.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace hearth::answers {

// How a request says what makes its answer random, and where it may lean on what others keep.
enum class Shape {
  chat,           // OpenAI's chat completions and completions
  responses,      // OpenAI's responses
  messages,       // Anthropic's messages
  ollama,         // Ollama's chat and generate
  deterministic,  // embeddings, OCR, transcription: nothing random in them
};

struct Request {
  Digest digest;                   // of the body alone: see key()
  bool stream = false;             // it asks for a stream
  std::string_view not_cacheable;  // why its answer may differ next time, for records; empty: it will not
};

// A JSON object that was found well-formed; at least 64 bytes past its end must be readable. invalid_argument: it is
// not an object.
//
// Cacheable is what names temperature 0 or a seed, wants one answer, leans on nothing that a provider keeps (earlier
// responses, stored prompts, files, hosted tools) or the web may change (addresses of pictures), and asks for nothing
// to be kept there.
Result<Request> read_request(Shape shape, std::string_view body);

// All that decides an answer besides the body. Views are only read during the call.
struct Identity {
  std::string_view tenant;               // the id of the caller's key: nothing is ever shared between tenants
  std::string_view target;               // the path that was asked: dialect and operation in one
  std::string_view model;                // as resolved
  std::string_view revision;             // of its files, where they can change under its name
  std::string_view upstream;             // who would answer
  std::string_view policy;               // the version of the rules that were applied
  DataClass data_class = kUnknownClass;  // what may go to fewer is not answered by whoever else may see it
  // Those fields of the request's header that the upstream gets to see, as "name: value".
  std::span<const std::string> headers;
};

Digest key(const Identity& identity, const Request& request);

}  // namespace hearth::answers
