#include "service.h"

#include "response.h"

#include <vector>

namespace hearth::embed {
namespace {

constexpr std::size_t kPiece = 256U << 10U;

}  // namespace

Service::Service(const Tables& tables)
    : tables_(&tables), decoder_(tables.words.dims(), tables_->ids), embedder_(tables_->words) {}

std::expected<void, Refusal> Service::answer(std::string& body, const Sink& sink) {
  HEARTH_TRY_ASSIGN(const EmbedRequest request, decoder_.decode(body));
  const std::size_t each = vector_bytes(request.dimensions, request.encoding);
  const bool in_pieces = request.inputs.size() * each > kPiece;
  std::vector<Component> vector(request.dimensions);
  std::string out;
  out.reserve(in_pieces ? kPiece + each : request.inputs.size() * each + 256);
  begin_list(out);
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    tokens += embed(request, request.inputs[i], vector);
    append_vector(out, i, vector, request.encoding);
    if (!in_pieces || out.size() < kPiece) continue;
    if (!sink.piece(out)) return {};
    out.clear();
  }
  end_list(out, tables_->words.model(), tokens);
  [[maybe_unused]] const auto sent = in_pieces ? sink.piece(out) : sink.whole(out);
  return {};
}

std::size_t Service::embed(const EmbedRequest& request, const Input& input, std::span<Component> into) {
  if (input.id_count == 0) return embedder_.embed(input.text, into);
  decoded_.clear();
  for (std::size_t i = 0; i < input.id_count; ++i) {
    // The decoder let only ids of text tokens through.
    decoded_ += tables_->ids.text(request.ids[input.first_id + i]).value_or(std::string_view());
  }
  return embedder_.embed(decoded_, into);
}

}  // namespace hearth::embed
