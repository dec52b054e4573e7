#include "src/blobs.h"

#include "conversations.h"

#include <hearth/core/ids.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::trim {
namespace {

std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(width, text.size())))
    out.append(text.substr(0, width)).append("\n");
  return out;
}

TEST(BlobsTest, TypeSizeAndDigestRemain) {
  const std::string bytes = "\x89PNG\r\n\x1a\n" + noise(3000);
  const std::string note =
      fmt::format("[image/png, {} bytes, sha256 {}, left out]", bytes.size(), sha256_hex(bytes).substr(0, 16));
  EXPECT_EQ(note_blobs("before " + base64(bytes) + " after"), "before " + note + " after");
  EXPECT_EQ(note_blobs("![](data:image/png;base64," + base64(bytes) + ")"), "![](" + note + ")");
  EXPECT_EQ(note_blobs(R"({"shot":")" + base64(bytes) + R"("})"), R"({"shot":")" + note + R"("})");
  EXPECT_EQ(note_blobs("$ base64 x.png\n" + wrapped(base64(bytes), 76) + "$"), "$ base64 x.png\n" + note + "\n$");
}

TEST(BlobsTest, OneBehindAnotherIsFound) {
  const auto blobs = find_blobs(base64(noise(2000)) + base64(noise(2000, 5)));
  ASSERT_EQ(blobs.size(), 2U);
  EXPECT_EQ(blobs[1].bytes, noise(2000, 5));
}

TEST(BlobsTest, WhatIsReadAsTextStays) {
  const std::string key = wrapped(base64(noise(3000)), 64);
  EXPECT_FALSE(note_blobs("-----BEGIN CERTIFICATE-----\n" + key + "-----END CERTIFICATE-----\n"));
  EXPECT_FALSE(note_blobs(std::string(5000, 'a')));
  EXPECT_FALSE(note_blobs(base64(noise(1000))));
  std::string path;
  for (int i = 0; i < 400; ++i) path += "/Some1Folder";
  EXPECT_FALSE(note_blobs(path));
  std::string hex;
  for (const char c : noise(3000)) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  EXPECT_FALSE(note_blobs(hex));
}

RC_GTEST_PROP(BlobsProperty, EachIsFoundWhereverItStands, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(1600, 4000);
  const auto seed = *rc::gen::inRange(1U, 1000U);
  const std::string before = *rc::gen::element<std::string>("", "x ", "{\"a\":\"", "a\n", "(");
  const std::string behind = *rc::gen::element<std::string>("", " x", "\"}", "\n\nb", ")");
  const std::string bytes = noise(size, seed);
  const auto blobs = find_blobs(before + base64(bytes) + behind);
  RC_ASSERT(blobs.size() == 1U);
  RC_ASSERT(blobs[0].bytes == bytes);
  RC_ASSERT(blobs[0].offset == before.size());
}

}  // namespace
}  // namespace hearth::trim
