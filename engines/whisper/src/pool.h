// Recognisers take much memory and are slow to make: requests borrow them. Any thread.
#pragma once

#include "recogniser.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace hearth::whisper {

class Pool {
 public:
  using Make = std::function<Result<std::unique_ptr<Recogniser>>()>;
  // Makes them when they are needed, up to `size`.
  Pool(Make make, std::size_t size) : make_(std::move(make)), size_(size) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Recogniser> recogniser) : pool_(&pool), recogniser_(std::move(recogniser)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (recogniser_) pool_->give_back(std::move(recogniser_));
    }
    Recogniser* operator->() const { return recogniser_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Recogniser> recogniser_;
  };

  // Waits when all are lent, and asks `give_up` several times a second meanwhile. cancelled, or what `make` failed
  // with.
  Result<Lease> lend(const std::function<bool()>& give_up);
  // How many are lent now.
  [[nodiscard]] std::size_t lent() const;

 private:
  void give_back(std::unique_ptr<Recogniser> recogniser);

  Make make_;
  std::size_t size_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Recogniser>> idle_;
  std::size_t lent_ = 0;
};

}  // namespace hearth::whisper
