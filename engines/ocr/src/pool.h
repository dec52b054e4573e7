// Recognisers for as many requests as may be worked on at once. They are made when needed and kept, with their models.
#pragma once

#include "recogniser.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hearth::ocr {

class Pool {
 public:
  // A recogniser for the holder alone; goes back to the pool when this goes.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Recogniser> recogniser) : pool_(&pool), recogniser_(std::move(recogniser)) {}
    ~Lease();
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Recogniser& operator*() const { return *recogniser_; }

   private:
    Pool* pool_;
    std::unique_ptr<Recogniser> recogniser_;
  };

  Pool(std::string tessdata, int slots) : tessdata_(std::move(tessdata)), slots_(slots) {}

  // Waits for a free slot, rather one that has `languages` loaded. Whatever `interrupt` returns while waiting. Any
  // thread.
  Result<Lease> take(const std::string& languages, const Interrupt& interrupt);

 private:
  void give_back(std::unique_ptr<Recogniser> recogniser);

  std::string tessdata_;
  int slots_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int leased_ = 0;
  std::vector<std::unique_ptr<Recogniser>> idle_;
};

}  // namespace hearth::ocr
