// Digests, answers and a folder, for tests.
#pragma once

#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hearth::answers {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

class TempDir {
 public:
  TempDir() {
    std::string name = testing::TempDir() + "hearth_answers.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempDir() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline Digest digest_of(std::string_view text) {
  return Hasher("test").add(text).finish();
}

inline Answer sample_answer(std::string body, WallTime made = kNow) {
  Answer answer;
  answer.tenant = "key_a";
  answer.data_class = DataClass::internal;
  answer.content_type = "application/json";
  answer.body = std::move(body);
  answer.input_tokens = 7;
  answer.output_tokens = 3;
  answer.currency = "EUR";
  answer.nano = 11;
  answer.answered_by = "model-1";
  answer.made = made;
  return answer;
}

inline AnswerPtr shared_answer(std::string body, WallTime made = kNow) {
  return std::make_shared<const Answer>(sample_answer(std::move(body), made));
}

}  // namespace hearth::answers
