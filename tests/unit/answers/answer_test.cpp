#include "samples.h"

#include <rapidcheck/gtest.h>

namespace hearth::answers {
namespace {

Answer arbitrary_answer() {
  Answer answer;
  answer.tenant = *rc::gen::arbitrary<std::string>();
  answer.data_class = kDataClasses[*rc::gen::inRange<std::size_t>(0, 4)].second;
  answer.content_type = *rc::gen::arbitrary<std::string>();
  answer.headers = *rc::gen::arbitrary<AnswerHeaders>();
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
  for (const std::string& piece : pieces) {
    answer.body += piece;
    answer.ends.push_back(static_cast<std::uint32_t>(answer.body.size()));
  }
  if (pieces.empty()) answer.body = *rc::gen::arbitrary<std::string>();
  answer.input_tokens = *rc::gen::arbitrary<std::uint64_t>();
  answer.output_tokens = *rc::gen::arbitrary<std::uint64_t>();
  answer.currency = *rc::gen::arbitrary<std::string>();
  answer.nano = *rc::gen::arbitrary<std::int64_t>();
  answer.answered_by = *rc::gen::arbitrary<std::string>();
  answer.made = WallTime(Seconds(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000)));
  return answer;
}

RC_GTEST_PROP(AnswerTest, WhatIsStoredIsReadBack, ()) {
  const Answer answer = arbitrary_answer();
  const auto read = decode_answer(encode(answer));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == answer);
}

// No damage goes unnoticed, wherever it is.
RC_GTEST_PROP(AnswerTest, ADamagedOneIsRefused, ()) {
  std::string bytes = encode(arbitrary_answer());
  if (*rc::gen::arbitrary<bool>()) {
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size()));
  } else {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] ^= static_cast<char>(*rc::gen::inRange(1, 256));
  }
  const auto read = decode_answer(bytes);
  RC_ASSERT(!read.has_value());
  RC_ASSERT(read.error().is(Errc::corrupt));
}

TEST(AnswerTest, PiecesAreThoseThatWereSent) {
  Answer answer = sample_answer("data: a\n\ndata: bc\n\n");
  EXPECT_FALSE(answer.is_stream());
  answer.ends = {9, 19};
  EXPECT_TRUE(answer.is_stream());
  EXPECT_EQ(answer.piece(0), "data: a\n\n");
  EXPECT_EQ(answer.piece(1), "data: bc\n\n");
}

}  // namespace
}  // namespace hearth::answers
