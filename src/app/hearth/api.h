// The box's abilities as functions: one request each, through the public API. Commands and the tour share them.
#pragma once

#include "session.h"
#include "transcript.h"
#include "vectors.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hearth::tool::api {

// Names that every box answers to, whatever engine is behind them.
inline constexpr const char* kSpeechModel = "auto";
inline constexpr const char* kTranscriptionModel = "auto";
inline constexpr const char* kEmbeddingModel = "auto";
inline constexpr const char* kOcrModel = "auto";
inline constexpr const char* kDetectionModel = "auto";

using OnBytes = std::function<Result<void>(std::string_view)>;
using OnUpload = std::function<void(std::uint64_t, std::uint64_t)>;

struct Speech {
  std::string model = kSpeechModel;
  std::string text;
  std::string voice;     // empty: the box's own
  std::string language;  // empty: the voice's own
  std::string format = "wav";
  double speed = 1.0;
};
// Audio as it is spoken.
Result<void> speak(Session& session, const Speech& speech, const OnBytes& on_audio);
// {"data":[{"id","name","language","gender"}]}
Result<json::value> voices(Session& session);

struct Listening {
  std::string model = kTranscriptionModel;
  std::string language;
  bool words = false;
  OnUpload on_upload;
  std::function<void(double)> on_duration;                 // seconds of sound, where the box knows them beforehand
  std::function<Result<void>(const Segment&)> on_segment;  // as it is recognised
};
// Streams; language and the segments' probabilities are not in what comes back.
Result<Transcript> listen(Session& session, FormPart sound, const Listening& wish);
// The box's own answer in `format` ("json", "verbose_json", …), when all is heard.
Result<std::string> listen_whole(Session& session, FormPart sound, const Listening& wish, std::string_view format);

struct Reading {
  std::string model = kOcrModel;
  std::vector<int> pages;  // from 0; empty: all
  bool words = false;
  std::vector<std::string> languages;
  OnUpload on_upload;
  std::function<void(int)> on_page_count;  // pages that the document has, where the box says so
};
using OnPage = std::function<Result<void>(const json::value&)>;
// `document`: the bytes of a PDF or an image. Pages as they are read: a PDF is sent once and its pages are asked for
// one by one, so that the first is there long before the last, and no request takes as long as a book.
Result<void> read(Session& session, std::string_view document, std::string_view name, const Reading& wish,
                  const OnPage& on_page);

struct Seeing {
  std::string model = kDetectionModel;
  std::string labels;  // "person,face"; empty: all
  double min_score = 0;
  bool annotate = false;
  double every = 0;    // of a video: a frame every so many seconds; 0: the first
  int max_frames = 0;  // 0: the box's own limit
  OnUpload on_upload;
};
// The box's answer: {"data":[{"index","width","height","detections":[{"label","score","box":{…}}],"annotated_image"?}]}
Result<json::value> see(Session& session, FormPart picture, const Seeing& wish);

struct Embedding {
  std::string model = kEmbeddingModel;
  int dimensions = 0;  // 0: all that the model has
};
// A vector for every text, in their order. No text may be empty.
Result<std::vector<Vector>> embed(Session& session, std::span<const std::string> texts, const Embedding& wish);

}  // namespace hearth::tool::api
