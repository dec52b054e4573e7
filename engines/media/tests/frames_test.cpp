#include "errors.h"
#include "fixtures.h"
#include "probe.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace hearth::media::testing {
namespace {

constexpr std::uint32_t kRed = 0xFFFF0000;
constexpr std::uint32_t kBlue = 0xFF0000FF;
constexpr std::uint32_t kGrey = 0xFF606060;

using Rgb = std::array<int, 3>;

Rgb pixel(const Picture& p, std::uint32_t x, std::uint32_t y) {
  const std::uint8_t* at = p.row(y) + std::size_t{x} * p.channels();
  return p.channels() == 1 ? Rgb{at[0], at[0], at[0]} : Rgb{at[0], at[1], at[2]};
}

::testing::AssertionResult near(const Rgb& is, const Rgb& wanted, int tolerance) {
  for (std::size_t c = 0; c < 3; ++c)
    if (std::abs(is[c] - wanted[c]) > tolerance)
      return ::testing::AssertionFailure() << is[0] << ',' << is[1] << ',' << is[2] << " is not " << wanted[0] << ','
                                           << wanted[1] << ',' << wanted[2];
  return ::testing::AssertionSuccess();
}

std::uint32_t quarters(int x, int y) {  // red top left, blue bottom right, grey elsewhere, in a 32×16 picture
  return x < 16 && y < 8 ? kRed : x >= 16 && y >= 8 ? kBlue : kGrey;
}

struct ImageCase {
  const char* name;
  const char* encoder;
  const char* pixels;
  int tolerance;
};
class Images : public ::testing::TestWithParam<ImageCase> {};

TEST_P(Images, HaveTheirPixelsAndKind) {
  const std::string file = image(GetParam().encoder, 32, 16, quarters, GetParam().pixels);
  ASSERT_FALSE(file.empty());
  const Seen seen = frames(file);
  ASSERT_TRUE(seen.result) << seen.result.error().describe();
  ASSERT_EQ(seen.pictures.size(), 1U);
  const kit::FrameHeader& header = seen.headers[0];
  EXPECT_EQ(header.width, 32U);
  EXPECT_EQ(header.height, 16U);
  EXPECT_EQ(header.channels, 3U);
  EXPECT_EQ(header.total, 1U);
  EXPECT_EQ(header.kind, "image");
  const Picture& p = seen.pictures[0];
  EXPECT_TRUE(near(pixel(p, 4, 2), {255, 0, 0}, GetParam().tolerance));
  EXPECT_TRUE(near(pixel(p, 27, 13), {0, 0, 255}, GetParam().tolerance));
  EXPECT_TRUE(near(pixel(p, 4, 13), {0x60, 0x60, 0x60}, GetParam().tolerance));
}

TEST_P(Images, AreProbed) {
  const kit::Body body = kit::Body::from_memory(image(GetParam().encoder, 32, 16, quarters, GetParam().pixels));
  Watch watch([] { return false; });
  const auto probed = probe(body, watch);
  ASSERT_TRUE(probed) << probed.error().describe();
  EXPECT_EQ(probed->kind, "image");
  EXPECT_EQ(probed->width, 32U);
  EXPECT_EQ(probed->height, 16U);
}

TEST_P(Images, CutOffAreErrorsOrPicturesButNoCrash) {
  const std::string file = image(GetParam().encoder, 32, 16, quarters, GetParam().pixels);
  for (std::size_t size = 1; size < file.size(); size += 1 + file.size() / 50) {
    const Seen seen = frames(file.substr(0, size));
    if (!seen.result) {
      EXPECT_TRUE(code_of(seen.result) == "corrupt_media" || code_of(seen.result) == "unsupported_media")
          << seen.result.error().describe();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Images,
                         ::testing::Values(ImageCase{"png", "png", "rgb24", 0}, ImageCase{"png16", "png", "rgb48be", 1},
                                           ImageCase{"jpeg", "mjpeg", "yuvj444p", 8},
                                           ImageCase{"jpeg420", "mjpeg", "yuvj420p", 12},
                                           ImageCase{"bmp", "bmp", "bgr24", 0}, ImageCase{"gif", "gif", "rgb8", 40},
                                           ImageCase{"webp", "libwebp", "yuv420p", 20},
                                           ImageCase{"ppm", "ppm", "rgb24", 0},
                                           ImageCase{"jpeg2000", "jpeg2000", "rgb24", 20}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Image, GrayStaysGray) {
  const Paint ramp = [](int x, int) { return 0xFF000000U | static_cast<std::uint32_t>(x * 8) * 0x010101U; };
  for (const auto& [encoder, pixels] : {std::pair{"png", "gray"}, {"png", "gray16be"}}) {
    const Seen seen = frames(image(encoder, 32, 16, ramp, pixels));
    ASSERT_TRUE(seen.result) << seen.result.error().describe();
    EXPECT_EQ(seen.headers[0].channels, 1U) << pixels;
    EXPECT_TRUE(near(pixel(seen.pictures[0], 20, 5), {160, 160, 160}, 2)) << pixels;
  }
  const Seen seen = frames(gray_jpeg(32, 16, ramp));
  ASSERT_TRUE(seen.result) << seen.result.error().describe();
  EXPECT_EQ(seen.headers[0].channels, 1U);
  EXPECT_TRUE(near(pixel(seen.pictures[0], 20, 5), {160, 160, 160}, 4));
}

TEST(Image, TransparencyIsLaidOnWhite) {
  const Paint half = [](int x, int) { return x < 8 ? 0x00000000U : x < 16 ? 0x80000000U : 0xFF00FF00U; };
  for (const auto& [encoder, pixels] : {std::pair{"png", "rgba"}, {"libwebp", "bgra"}}) {
    const Seen seen = frames(image(encoder, 32, 16, half, pixels));
    ASSERT_TRUE(seen.result) << seen.result.error().describe();
    EXPECT_EQ(seen.headers[0].channels, 3U);
    EXPECT_TRUE(near(pixel(seen.pictures[0], 3, 3), {255, 255, 255}, 6)) << encoder;
    EXPECT_TRUE(near(pixel(seen.pictures[0], 28, 3), {0, 255, 0}, 20)) << encoder;
  }
  const Seen seen = frames(image("png", 32, 16, half, "rgba"));
  EXPECT_TRUE(near(pixel(seen.pictures[0], 12, 3), {127, 127, 127}, 1));
  const Seen gray = frames(image("png", 32, 16, half, "ya8"));
  ASSERT_TRUE(gray.result);
  EXPECT_EQ(gray.headers[0].channels, 1U);
  EXPECT_TRUE(near(pixel(gray.pictures[0], 12, 3), {127, 127, 127}, 1));
}

// Where the red corner of quarters() has to be once the picture stands upright.
TEST(Image, IsTurnedByItsExifOrientation) {
  struct Case {
    int orientation;
    std::uint32_t x;
    std::uint32_t y;
    bool swapped;
  };
  const std::string jpeg = image("mjpeg", 32, 16, quarters, "yuvj444p");
  for (const Case& c : {Case{1, 4, 2, false}, Case{2, 27, 2, false}, Case{3, 27, 13, false}, Case{4, 4, 13, false},
                        Case{5, 2, 4, true}, Case{6, 13, 4, true}, Case{7, 13, 27, true}, Case{8, 2, 27, true}}) {
    const Seen seen = frames(with_exif_orientation(jpeg, c.orientation));
    ASSERT_TRUE(seen.result) << seen.result.error().describe();
    EXPECT_EQ(seen.headers[0].width, c.swapped ? 16U : 32U) << c.orientation;
    EXPECT_EQ(seen.headers[0].height, c.swapped ? 32U : 16U) << c.orientation;
    EXPECT_TRUE(near(pixel(seen.pictures[0], c.x, c.y), {255, 0, 0}, 12)) << c.orientation;
  }
}

TEST(Image, IsScaledDownToMaxSide) {
  FramesRequest request;
  request.max_side = 8;
  const Seen seen = frames(image("png", 32, 16, quarters, "rgb24"), request);
  ASSERT_TRUE(seen.result);
  EXPECT_EQ(seen.headers[0].width, 8U);
  EXPECT_EQ(seen.headers[0].height, 4U);
  EXPECT_TRUE(near(pixel(seen.pictures[0], 1, 0), {255, 0, 0}, 4));
  request.max_side = 64;  // never up
  EXPECT_EQ(frames(image("png", 32, 16, quarters, "rgb24"), request).headers.at(0).width, 32U);
}

TEST(Image, OverThePixelLimitIsRefusedBeforeDecoding) {
  EXPECT_EQ(code_of(frames(png_claiming(100'000, 100'000)).result), "image_too_large");
  EXPECT_EQ(code_of(frames(png_claiming(0xFFFFFFFF, 0xFFFFFFFF)).result), "image_too_large");
  EXPECT_EQ(code_of(frames(png_claiming(0, 5)).result), "corrupt_media");
  FramesRequest request;
  request.max_pixels = 32 * 16 - 1;
  for (const auto& [encoder, pixels] :
       {std::pair{"png", "rgb24"}, {"mjpeg", "yuvj420p"}, {"bmp", "bgr24"}, {"gif", "rgb8"}, {"libwebp", "yuv420p"}}) {
    const Seen seen = frames(image(encoder, 32, 16, quarters, pixels), request);
    EXPECT_EQ(code_of(seen.result), "image_too_large") << encoder;
  }
  EXPECT_EQ(code_of(frames(tiff(TiffKind::g4, 1), request).result), "image_too_large");
  request.max_pixels = 32 * 16;
  EXPECT_TRUE(frames(image("png", 32, 16, quarters, "rgb24"), request).result);
}

TEST(Image, SaysWhatIsWrong) {
  EXPECT_EQ(code_of(frames("").result), "empty_file");
  EXPECT_EQ(code_of(frames("no picture, only text that goes on for a while").result), "unsupported_media");
  EXPECT_EQ(code_of(frames("<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>").result),
            "unsupported_media");
  EXPECT_EQ(code_of(frames(std::string("\0\0\0\x18"
                                       "ftypheic\0\0\0\0mif1heic",
                                       24))
                        .result),
            "unsupported_media");
  EXPECT_EQ(code_of(frames(wav(sine(440, 16000, 0.5), 16000)).result), "no_video");
  FramesRequest request;
  request.pages = *PageList::parse("1");
  EXPECT_EQ(code_of(frames(image("png", 32, 16, quarters, "rgb24"), request).result), "page_out_of_range");
}

TEST(AnimatedGif, GivesItsFirstPictureOrTheOnesAskedFor) {
  const std::string gif = animated_gif(5);
  const Seen first = frames(gif);
  ASSERT_TRUE(first.result) << first.result.error().describe();
  ASSERT_EQ(first.pictures.size(), 1U);
  EXPECT_EQ(first.headers[0].total, 5U);
  FramesRequest request;
  request.pages = *PageList::parse("1,3-");
  const Seen chosen = frames(gif, request);
  ASSERT_TRUE(chosen.result) << chosen.result.error().describe();
  ASSERT_EQ(chosen.pictures.size(), 3U);
  EXPECT_EQ(chosen.headers[1].number, 3U);
  EXPECT_TRUE(near(pixel(chosen.pictures[0], 3, 3), {36, 0, 0}, 3));
  EXPECT_TRUE(near(pixel(chosen.pictures[2], 3, 3), {146, 0, 0}, 3));
  request.pages = *PageList::parse("5");
  EXPECT_EQ(code_of(frames(gif, request).result), "page_out_of_range");
}

TEST(Tiff, OfScannersAreRead) {
  for (const TiffKind kind : {TiffKind::g4, TiffKind::lzw_rgb, TiffKind::jpeg_rgb, TiffKind::gray}) {
    const Seen seen = frames(tiff(kind, 1));
    ASSERT_TRUE(seen.result) << seen.result.error().describe();
    const bool colour = kind == TiffKind::lzw_rgb || kind == TiffKind::jpeg_rgb;
    EXPECT_EQ(seen.headers[0].channels, colour ? 3U : 1U);
    EXPECT_EQ(seen.headers[0].width, 64U);
    EXPECT_EQ(seen.headers[0].height, 32U);
    EXPECT_NEAR(seen.headers[0].dpi, 300, 0.1);
    EXPECT_TRUE(near(pixel(seen.pictures[0], 10, 10), colour ? Rgb{255, 0, 0} : Rgb{0, 0, 0}, 10));
    EXPECT_TRUE(near(pixel(seen.pictures[0], 50, 10), {255, 255, 255}, 10));
  }
}

TEST(Tiff, HasPages) {
  const std::string file = tiff(TiffKind::lzw_rgb, 4);
  const Seen all = frames(file);
  ASSERT_TRUE(all.result) << all.result.error().describe();
  ASSERT_EQ(all.headers.size(), 4U);
  EXPECT_EQ(all.headers[3].number, 3U);
  EXPECT_EQ(all.headers[3].index, 3U);
  EXPECT_EQ(all.headers[3].total, 4U);
  FramesRequest request;
  request.pages = *PageList::parse("2");
  EXPECT_EQ(frames(file, request).headers.at(0).number, 2U);
  request.pages = *PageList::parse("0-4");
  EXPECT_EQ(code_of(frames(file, request).result), "page_out_of_range");
  request.pages.reset();
  request.max_frames = 3;
  EXPECT_EQ(code_of(frames(file, request).result), "too_many_pages");
}

TEST(Pdf, PagesAreDrawn) {
  FramesRequest request;
  request.dpi = 100;
  const Seen seen = frames(pdf({.pages = 3, .red = true, .password = {}}), request);
  ASSERT_TRUE(seen.result) << seen.result.error().describe();
  ASSERT_EQ(seen.headers.size(), 3U);
  EXPECT_EQ(seen.headers[0].kind, "page");
  EXPECT_EQ(seen.headers[2].number, 2U);
  EXPECT_EQ(seen.headers[2].total, 3U);
  EXPECT_EQ(seen.headers[0].width, 200U);
  EXPECT_EQ(seen.headers[0].height, 100U);
  EXPECT_EQ(seen.headers[0].channels, 3U);
  EXPECT_EQ(seen.headers[0].dpi, 100);
  EXPECT_TRUE(near(pixel(seen.pictures[0], 50, 50), {255, 0, 0}, 0));
  EXPECT_TRUE(near(pixel(seen.pictures[0], 150, 50), {255, 255, 255}, 0));
}

TEST(Pdf, WithoutColourIsGray) {
  const Seen seen = frames(pdf({.password = {}}));
  ASSERT_TRUE(seen.result);
  EXPECT_EQ(seen.headers[0].channels, 1U);
  EXPECT_TRUE(near(pixel(seen.pictures[0], 50, 50), {0, 0, 0}, 0));
}

TEST(Pdf, PagesAreChosen) {
  FramesRequest request;
  request.pages = *PageList::parse("4,1-2");
  const Seen seen = frames(pdf({.pages = 5, .password = {}}), request);
  ASSERT_TRUE(seen.result);
  ASSERT_EQ(seen.headers.size(), 3U);
  EXPECT_EQ(seen.headers[0].number, 1U);
  EXPECT_EQ(seen.headers[2].number, 4U);
  request.pages = *PageList::parse("5");
  EXPECT_EQ(code_of(frames(pdf({.pages = 5, .password = {}}), request).result), "page_out_of_range");
  request.pages.reset();
  request.max_frames = 4;
  EXPECT_EQ(code_of(frames(pdf({.pages = 5, .password = {}}), request).result), "too_many_pages");
}

TEST(Pdf, AHugePageIsDrawnAtALowerResolutionOrRefused) {
  FramesRequest request;
  request.max_pixels = 1'000'000;
  const Seen poster = frames(pdf({.width = 1440, .height = 720, .password = {}}), request);
  ASSERT_TRUE(poster.result) << poster.result.error().describe();
  EXPECT_LE(poster.headers[0].size(), 1'000'000U);
  EXPECT_GT(poster.headers[0].size(), 900'000U);
  EXPECT_NEAR(poster.headers[0].dpi, 70.7, 1);
  EXPECT_EQ(code_of(frames(pdf({.width = 1e6, .height = 1e6, .password = {}}), request).result), "image_too_large");
  request.max_side = 100;
  const Seen small = frames(pdf({.width = 1440, .height = 720, .password = {}}), request);
  ASSERT_TRUE(small.result);
  EXPECT_LE(small.headers[0].width, 100U);
  EXPECT_GE(small.headers[0].width, 99U);
}

TEST(Pdf, ProtectedByAPasswordSaysSo) {
  const std::string file = pdf({.password = "secret"});
  const Seen locked = frames(file);
  EXPECT_EQ(code_of(locked.result), "encrypted_pdf");
  EXPECT_NE(locked.result.error().message().find("remove the password"), std::string::npos);
  FramesRequest request;
  request.password = "wrong";
  EXPECT_EQ(code_of(frames(file, request).result), "encrypted_pdf");
  request.password = "secret";
  const Seen open = frames(file, request);
  ASSERT_TRUE(open.result) << open.result.error().describe();
  EXPECT_EQ(open.headers.size(), 1U);
}

TEST(Pdf, DamagedSaysSo) {
  EXPECT_EQ(code_of(frames("%PDF-1.7\nand nothing of what should follow\n").result), "corrupt_media");
  const std::string whole = pdf({.pages = 2, .password = {}});
  for (std::size_t size = 10; size < whole.size(); size += 37) {
    const Seen seen = frames(whole.substr(0, size));
    if (!seen.result) {
      EXPECT_EQ(code_of(seen.result), "corrupt_media") << size;
    }
  }
}

TEST(Video, GivesAPictureEveryFewSeconds) {
  FramesRequest request;
  for (const char* muxer : {"mp4", "matroska", "mpegts", "avi"}) {
    const Seen seen =
        frames(container({.muxer = muxer, .audio_codec = nullptr, .video_codec = "mpeg4", .seconds = 4}), request);
    ASSERT_TRUE(seen.result) << seen.result.error().describe();
    ASSERT_EQ(seen.headers.size(), 4U) << muxer;
    for (std::uint32_t i = 0; i < 4; ++i) {
      const int level = 40 * (static_cast<int>(i) + 1);
      EXPECT_EQ(seen.headers[i].index, i);
      EXPECT_EQ(seen.headers[i].kind, "video");
      EXPECT_NEAR(seen.headers[i].time, i, 0.051) << muxer;
      EXPECT_NEAR(seen.headers[i].number, i * 10, 1) << muxer;
      EXPECT_TRUE(near(pixel(seen.pictures[i], 30, 20), {level, level, level}, 6)) << muxer << i;
    }
  }
}

TEST(Video, KeepsToTheNumberAndTheSizeAskedFor) {
  FramesRequest request;
  request.every = 0.5;
  request.max_frames = 3;
  request.max_side = 32;
  const Seen seen =
      frames(container({.muxer = "mp4", .audio_codec = "aac", .video_codec = "mpeg4", .seconds = 4}), request);
  ASSERT_TRUE(seen.result) << seen.result.error().describe();
  ASSERT_EQ(seen.headers.size(), 3U);
  EXPECT_EQ(seen.headers[2].width, 32U);
  EXPECT_EQ(seen.headers[2].height, 24U);
  EXPECT_NEAR(seen.headers[2].time, 1, 0.051);
  request.max_pixels = 64 * 48 - 1;
  EXPECT_EQ(
      code_of(frames(container({.muxer = "mp4", .audio_codec = nullptr, .video_codec = "mpeg4"}), request).result),
      "image_too_large");
}

TEST(Video, OfAPhoneStandsUpright) {
  const Seen seen = frames(
      container({.muxer = "mp4", .audio_codec = nullptr, .video_codec = "mpeg4", .seconds = 1, .quarter_turns = 1}));
  ASSERT_TRUE(seen.result);
  EXPECT_EQ(seen.headers[0].width, 48U);
  EXPECT_EQ(seen.headers[0].height, 64U);
}

TEST(Video, CutOffGivesWhatIsThere) {
  const std::string whole =
      container({.muxer = "matroska", .audio_codec = nullptr, .video_codec = "mpeg4", .seconds = 4});
  const Seen seen = frames(whole.substr(0, whole.size() / 2));
  ASSERT_TRUE(seen.result) << seen.result.error().describe();
  EXPECT_GE(seen.headers.size(), 1U);
  EXPECT_LT(seen.headers.size(), 4U);
}

TEST(Budget, WaitsForWhatOthersHoldAndRefusesWhatCanNeverBe) {
  MemoryBudget budget(100);
  Watch patient([] { return false; });
  Watch leaving([] { return true; });
  auto first = budget.take(80, patient);
  ASSERT_TRUE(first);
  const auto second = budget.take(30, leaving);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(Errc::cancelled));
  EXPECT_EQ(budget.take(101, patient).error().code(), make_error_code(MediaErrc::image_too_large));
  *first = MemoryBudget::Lease();
  EXPECT_TRUE(budget.take(100, patient));
}

TEST(Pages, AreParsedStrictly) {
  for (const char* wrong : {"", ",", "1,", "-", "-3", "3-1", "a", "1-2-3", "4294967296", "1;2", " 1"})
    EXPECT_FALSE(PageList::parse(wrong)) << wrong;
  EXPECT_EQ(PageList::parse("7,0-3,2")->select(8, 10).value(), (std::vector<std::uint32_t>{0, 1, 2, 3, 7}));
  EXPECT_EQ(PageList::parse("6-")->select(8, 10).value(), (std::vector<std::uint32_t>{6, 7}));
  EXPECT_EQ(PageList::parse("0-")->select(4'000'000'000, 10).error().code(),
            make_error_code(MediaErrc::too_many_pages));
}

}  // namespace
}  // namespace hearth::media::testing
