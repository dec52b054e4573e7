#include "api.h"

#include "base64.h"
#include "page_stream.h"
#include "sse.h"

#include <fmt/format.h>

#include <charconv>

namespace hearth::tool::api {
namespace {

// A document up to this size goes into the request itself; a larger one is uploaded first.
constexpr std::size_t kInlineDocument = 24U << 20U;

FormPart field(std::string name, std::string value) {
  FormPart part;
  part.name = std::move(name);
  part.value = std::move(value);
  return part;
}

std::vector<FormPart> listening_form(FormPart sound, const Listening& wish, std::string_view format) {
  std::vector<FormPart> form{field("model", wish.model), field("response_format", std::string(format))};
  if (!wish.language.empty()) form.push_back(field("language", wish.language));
  if (wish.words) form.push_back(field("timestamp_granularities[]", "word"));
  if (wish.words) form.push_back(field("timestamp_granularities[]", "segment"));
  // The file comes last, so that the box knows the wishes before the first byte of sound.
  sound.name = "file";
  form.push_back(std::move(sound));
  return form;
}

// Server-sent events of one transcription.
struct Heard {
  Transcript transcript;
  bool done = false;

  Result<void> take(const json::value& event, const Listening& wish) {
    const std::string type = json::text(event, "type");
    if (type == "transcript.text.segment") {
      transcript.segments.push_back(read_segment(event));
      const double duration = json::number(event, "duration");
      if (duration > 0 && wish.on_duration) wish.on_duration(duration);
      if (wish.on_segment) return wish.on_segment(transcript.segments.back());
    } else if (type == "transcript.text.done") {
      done = true;
      transcript.text = json::text(event, "text");
      transcript.language = json::text(event, "language");
      transcript.duration = json::number(event, "duration", json::number(json::field(event, "usage"), "seconds"));
    }
    return {};
  }
};

std::string_view media_type(std::string_view bytes) {
  if (bytes.starts_with("%PDF")) return "application/pdf";
  if (bytes.starts_with("\x89PNG")) return "image/png";
  if (bytes.starts_with("\xFF\xD8")) return "image/jpeg";
  if (bytes.starts_with("II*") || bytes.starts_with("MM")) return "image/tiff";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  return "application/octet-stream";
}

Result<std::string> upload(Session& session, std::string_view document, std::string_view name, const OnUpload& watch) {
  Request request;
  request.method = "POST";
  request.path = "/v1/files";
  request.on_upload = watch;
  FormPart file;
  file.kind = FormPart::Kind::bytes;
  file.name = "file";
  file.value = document;
  file.file_name = name;
  request.form = {field("purpose", "ocr"), std::move(file)};
  HEARTH_TRY_ASSIGN(const Response response, session.api(request));
  HEARTH_TRY_ASSIGN(const json::value answer, json::parse(response.body));
  const std::string id = json::text(answer, "id");
  if (id.empty()) return fail(Errc::protocol_error, "The box took the file but gave it no id");
  return id;
}

json::object inline_document(std::string_view document, std::string_view name) {
  const std::string_view type = media_type(document);
  const std::string url = fmt::format("data:{};base64,{}", type, encode_base64(document));
  if (type.starts_with("image/")) return {{"type", "image_url"}, {"image_url", url}};
  return {{"type", "document_url"}, {"document_url", url}, {"document_name", name}};
}

// Returns how many pages the document has; 0 if the box does not say.
Result<int> read_request(Session& session, const json::object& document, const Reading& wish,
                         std::span<const int> pages, const OnPage& on_page) {
  json::object body{{"model", wish.model}, {"document", document}};
  if (!pages.empty()) body["pages"] = json::array(pages.begin(), pages.end());
  if (wish.words) body["include_words"] = true;
  if (!wish.languages.empty()) body["languages"] = json::array(wish.languages.begin(), wish.languages.end());
  int count = 0;
  PageStream stream(on_page);
  Request request;
  request.method = "POST";
  request.path = "/v1/ocr";
  request.json = boost::json::serialize(body);
  request.on_upload = wish.on_upload;
  request.on_header = [&](const std::map<std::string, std::string>& headers) {
    const auto found = headers.find("x-document-pages");
    if (found == headers.end()) return;
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), count);
    if (count > 0 && wish.on_page_count) wish.on_page_count(count);
  };
  request.on_data = [&](std::string_view chunk) { return stream.feed(chunk); };
  std::string code;
  request.on_error_code = [&](std::string_view said) { code = said; };
  const auto answered = session.api(request);
  // The box counts pages from 0, people from 1.
  if (!answered && code == "page_out_of_range" && pages.size() == 1)
    return fail(Errc::invalid_argument, fmt::format("The document has no page {}", pages.front() + 1));
  HEARTH_TRY(answered);
  HEARTH_TRY(stream.finish());
  return count;
}

// The pages of a PDF, one by one: those that were asked for, or all.
Result<void> read_page_by_page(Session& session, const json::object& document, const Reading& wish,
                               const OnPage& on_page) {
  std::vector<int> pages = wish.pages.empty() ? std::vector<int>{0} : wish.pages;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    HEARTH_TRY_ASSIGN(const int count, read_request(session, document, wish, std::span(pages).subspan(i, 1), on_page));
    if (i > 0 || !wish.pages.empty()) continue;
    for (int page = 1; page < count; ++page) pages.push_back(page);
  }
  return {};
}

}  // namespace

Result<void> speak(Session& session, const Speech& speech, const OnBytes& on_audio) {
  json::object body{{"model", speech.model}, {"input", speech.text}, {"response_format", speech.format}};
  if (!speech.voice.empty()) body["voice"] = speech.voice;
  if (!speech.language.empty()) body["language"] = speech.language;
  if (speech.speed != 1.0) body["speed"] = speech.speed;
  Request request;
  request.method = "POST";
  request.path = "/v1/audio/speech";
  request.json = boost::json::serialize(body);
  request.on_data = on_audio;
  HEARTH_TRY(session.api(request));
  return {};
}

Result<json::value> voices(Session& session) {
  Request request;
  request.path = "/v1/audio/voices";
  HEARTH_TRY_ASSIGN(const Response response, session.api(request));
  return json::parse(response.body);
}

Result<Transcript> listen(Session& session, FormPart sound, const Listening& wish) {
  Heard heard;
  EventReader reader([&](std::string_view data) -> Result<void> {
    if (data == "[DONE]") return {};
    if (const auto error = error_of_event(data)) return std::unexpected(*error);
    HEARTH_TRY_ASSIGN(const json::value event, json::parse(data));
    return heard.take(event, wish);
  });
  Request request;
  request.method = "POST";
  request.path = "/v1/audio/transcriptions";
  request.form = listening_form(std::move(sound), wish, "json");
  request.form.insert(request.form.begin(), field("stream", "true"));
  request.on_upload = wish.on_upload;
  request.on_header = [&](const std::map<std::string, std::string>& headers) {
    const auto found = headers.find("x-audio-duration");
    if (found == headers.end() || !wish.on_duration) return;
    double seconds = 0;
    const std::string& text = found->second;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec == std::errc()) wish.on_duration(seconds);
  };
  request.on_data = [&](std::string_view chunk) { return reader.feed(chunk); };
  HEARTH_TRY(session.api(request));
  if (!heard.done)
    return fail(Errc::unavailable, "The transcription broke off before its end. See `hearth logs` for what happened");
  return std::move(heard.transcript);
}

Result<std::string> listen_whole(Session& session, FormPart sound, const Listening& wish, std::string_view format) {
  Request request;
  request.method = "POST";
  request.path = "/v1/audio/transcriptions";
  request.form = listening_form(std::move(sound), wish, format);
  request.on_upload = wish.on_upload;
  HEARTH_TRY_ASSIGN(Response response, session.api(request));
  return std::move(response.body);
}

Result<void> read(Session& session, std::string_view document, std::string_view name, const Reading& wish,
                  const OnPage& on_page) {
  const bool pdf = media_type(document) == "application/pdf";
  if (!pdf && document.size() <= kInlineDocument) {
    HEARTH_TRY(read_request(session, inline_document(document, name), wish, wish.pages, on_page));
    return {};
  }
  HEARTH_TRY_ASSIGN(const std::string file_id, upload(session, document, name, wish.on_upload));
  const json::object uploaded{{"type", "file"}, {"file_id", file_id}};
  Result<void> done;
  if (pdf) {
    done = read_page_by_page(session, uploaded, wish, on_page);
  } else if (const auto read = read_request(session, uploaded, wish, wish.pages, on_page); !read) {
    done = std::unexpected(read.error());
  }
  // The box forgets uploads by itself; asking it to do so now only frees the space sooner.
  Request forget;
  forget.method = "DELETE";
  forget.path = "/v1/files/" + file_id;
  forget.seconds = 10;
  static_cast<void>(session.api(forget));
  return done;
}

Result<json::value> see(Session& session, FormPart picture, const Seeing& wish) {
  Request request;
  request.method = "POST";
  request.path = "/v1/images/detections";
  request.on_upload = wish.on_upload;
  request.form = {field("model", wish.model)};
  if (!wish.labels.empty()) request.form.push_back(field("labels", wish.labels));
  if (wish.min_score > 0) request.form.push_back(field("min_score", fmt::format("{}", wish.min_score)));
  if (wish.annotate) request.form.push_back(field("annotate", "true"));
  if (wish.every > 0) request.form.push_back(field("every", fmt::format("{}", wish.every)));
  if (wish.max_frames > 0) request.form.push_back(field("max_frames", fmt::format("{}", wish.max_frames)));
  picture.name = "image";
  request.form.push_back(std::move(picture));
  HEARTH_TRY_ASSIGN(const Response response, session.api(request));
  return json::parse(response.body);
}

Result<std::vector<Vector>> embed(Session& session, std::span<const std::string> texts, const Embedding& wish) {
  json::object body{{"model", wish.model}, {"encoding_format", "base64"}};
  body["input"] = json::array(texts.begin(), texts.end());
  if (wish.dimensions > 0) body["dimensions"] = wish.dimensions;
  Request request;
  request.method = "POST";
  request.path = "/v1/embeddings";
  request.json = boost::json::serialize(body);
  HEARTH_TRY_ASSIGN(const Response response, session.api(request));
  HEARTH_TRY_ASSIGN(const json::value answer, json::parse(response.body));
  std::vector<Vector> out(texts.size());
  for (const json::value& item : json::list(answer, "data")) {
    const auto index = static_cast<std::size_t>(json::number(item, "index"));
    if (index >= out.size()) return fail(Errc::protocol_error, "The box answered with more vectors than texts");
    HEARTH_TRY_ASSIGN(out[index], decode_vector(json::text(item, "embedding")));
  }
  for (const Vector& vector : out)
    if (vector.empty() || vector.size() != out.front().size())
      return fail(Errc::protocol_error, "The box did not answer with one vector for every text");
  return out;
}

}  // namespace hearth::tool::api
