// Deferred calls as JSON: for clients, for `hearth deferred`, and for webhooks. Nothing of a call's content is in it.
#pragma once

#include <hearth/deferred/queue.h>

#include <span>
#include <string>

namespace hearth::deferred {

// {"id","object":"deferred","status",…}
std::string encode(const Job& job);
// {"object":"list","data":[…]}. With `Whose::all` each says whose it is.
enum class Whose { own, all };
std::string encode_list(std::span<const Job> jobs, Whose whose);
std::string encode_removed(std::string_view id);
// What a webhook is told: {"type":"deferred.done","timestamp","data":{the call}}.
std::string encode_message(const Job& job);

}  // namespace hearth::deferred
