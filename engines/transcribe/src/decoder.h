// pocketsphinx with a model of English, and the pool of decoders that requests share.
#pragma once

#include <hearth/core/error.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace hearth::transcribe {

struct Word {
  std::string text;  // as the dictionary spells it, without the number of its pronunciation
  double start = 0;  // seconds from the samples' begin
  double end = 0;
  double probability = 0;  // posterior in the word lattice, 0 to 1
};

// One pocketsphinx decoder: one utterance at a time, one thread at a time.
class Decoder {
 public:
  // `model`: a folder like Debian's /usr/share/pocketsphinx/model/en-us. Takes a good part of a second.
  // not_found when a file is missing, failed_precondition when pocketsphinx refuses them.
  static Result<std::unique_ptr<Decoder>> create(const std::filesystem::path& model);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // The words in one stretch of speech (16 kHz, at most 30 s), in order; fillers and silence are left out. It cannot be
  // interrupted, and takes about a third of the sound's length. internal when the decoder fails.
  Result<std::vector<Word>> decode(std::span<const std::int16_t> samples);

 private:
  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Decoders are slow to load and hold tens of megabytes: they are lent out. Any thread.
class DecoderPool {
 public:
  // Loads the first decoder now, further ones when they are needed, up to `size`.
  static Result<std::unique_ptr<DecoderPool>> create(std::filesystem::path model, int size);

  class Lease {
   public:
    Lease(DecoderPool& pool, std::unique_ptr<Decoder> decoder) : pool_(&pool), decoder_(std::move(decoder)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (decoder_) pool_->give_back(std::move(decoder_));
    }
    Decoder* operator->() const { return decoder_.get(); }

   private:
    DecoderPool* pool_;
    std::unique_ptr<Decoder> decoder_;
  };
  // Waits for a decoder when all are lent; asks `give_up` several times a second meanwhile. cancelled, or the errors of
  // Decoder::create().
  Result<Lease> lend(const std::function<bool()>& give_up);

 private:
  DecoderPool(std::filesystem::path model, int size) : model_(std::move(model)), size_(size) {}
  void give_back(std::unique_ptr<Decoder> decoder);

  std::filesystem::path model_;
  int size_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Decoder>> idle_;
  int made_ = 0;
};

}  // namespace hearth::transcribe
