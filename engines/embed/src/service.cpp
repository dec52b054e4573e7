#include "service.h"

#include "response.h"

#include <vector>

namespace hearth::embed {
namespace {

constexpr std::size_t kPiece = 256U << 10U;

}  // namespace

Service::Service(const Tables& tables)
    : tables_(&tables), decoder_(tables.words.dims(), tables_->ids), embedder_(tables_->words) {}

Result<void> answer_request(const EmbedRequest& request, std::string_view model, const EmbedOne& embed,
                            const Sink& sink) {
  const std::size_t each = vector_bytes(request.dimensions, request.encoding);
  const bool in_pieces = request.inputs.size() * each > kPiece;
  std::vector<Component> vector(request.dimensions);
  std::string out;
  out.reserve(in_pieces ? kPiece + each : request.inputs.size() * each + 256);
  begin_list(out);
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    HEARTH_TRY_ASSIGN(const std::size_t counted, embed(request.inputs[i], vector));
    tokens += counted;
    append_vector(out, i, vector, request.encoding);
    if (!in_pieces || out.size() < kPiece) continue;
    if (!sink.piece(out)) return {};
    out.clear();
  }
  end_list(out, model, tokens);
  [[maybe_unused]] const auto sent = in_pieces ? sink.piece(out) : sink.whole(out);
  return {};
}

std::expected<void, Refusal> Service::answer(std::string& body, const Sink& sink) {
  HEARTH_TRY_ASSIGN(const EmbedRequest request, decoder_.decode(body));
  const auto one = [&](const Input& input, std::span<Component> into) -> Result<std::size_t> {
    return embed(request, input, into);
  };
  static_cast<void>(answer_request(request, tables_->words.model(), one, sink));  // the table never fails
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
