#include "handler.h"

#include <service.h>

namespace hearth::onnx {

void answer_embeddings(const Encoder& encoder, const embed::Cl100kView& ids, std::string_view model, Slots& slots,
                       kit::Request& request, kit::Response& response) {
  auto body = request.read_all(embed::kMaxBody);
  if (!body) return response.error(body.error());
  embed::RequestDecoder decoder(static_cast<std::uint32_t>(encoder.dims()), ids);
  const auto decoded = decoder.decode(*body);
  if (!decoded)
    return response.error(decoded.error().status, decoded.error().code, decoded.error().message, decoded.error().param);
  const Interrupt interrupt = interrupt_of(request);
  const auto lease = slots.take(interrupt);
  if (!lease) return response.error(lease.error());

  const embed::Sink sink{.whole = [&](std::string_view answer) -> Result<void> {
                           response.bytes(200, "application/json", answer);
                           return {};
                         },
                         .piece = [&](std::string_view part) -> Result<void> {
                           if (!response.started()) response.start(200, "application/json");
                           return response.write(part);
                         }};
  std::string text;
  const auto one = [&](const embed::Input& input, std::span<embed::Component> into) -> Result<std::size_t> {
    HEARTH_TRY(interrupt());
    if (input.id_count == 0) return encoder.embed(input.text, into);
    text.clear();
    for (std::size_t i = 0; i < input.id_count; ++i)
      text += ids.text(decoded->ids[input.first_id + i]).value_or(std::string_view());
    return encoder.embed(text, into);
  };
  const auto done = embed::answer_request(*decoded, model, one, sink);
  if (done) return;
  if (response.started()) return response.abort();
  refuse_run(done.error(), response);
}

}  // namespace hearth::onnx
