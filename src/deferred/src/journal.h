// The deferred calls' rows in hearth.db. On the store thread, within its transaction. Private to this room.
#pragma once

#include <hearth/deferred/queue.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::deferred::journal {

// already_exists: see find_by_client_key.
Result<void> insert(store::Connection& connection, const Job& job, const NewCall& call, std::string_view fingerprint);
struct Earlier {
  std::string id;
  std::string fingerprint;
};
Result<std::optional<Earlier>> find_by_client_key(store::Connection& connection, std::string_view owner,
                                                  std::string_view key);
// not_found.
Result<Progress> progress_of(store::Connection& connection, std::string_view id);
Result<void> update_progress(store::Connection& connection, std::string_view id, const Progress& progress);
// All of what has ended: its progress, answer and note; its request is forgotten.
Result<void> end(store::Connection& connection, const Job& job, const std::optional<Answer>& answer);
Result<void> remove(store::Connection& connection, std::string_view id);

// not_found.
Result<Request> request_of(store::Connection& connection, std::string_view id);
// not_found: there is none (yet).
Result<Answer> answer_of(store::Connection& connection, std::string_view id);

Result<void> insert_delivery(store::Connection& connection, const Delivery& delivery);
Result<void> update_delivery(store::Connection& connection, std::string_view id, const DeliveryProgress& progress);

struct Everything {
  std::vector<Job> jobs;
  std::vector<Delivery> deliveries;
  std::set<std::string> files;
};
Result<Everything> load(store::Connection& connection);

}  // namespace hearth::deferred::journal
