#include "voices.h"

#include "speech_fixture.h"

#include <hearth/core/utf8.h>

#include <gtest/gtest.h>

#include <set>

namespace hearth::speech {
namespace {

TEST(Voices, AllOfOpenAisAreListedAndKnown) {
  std::set<std::string> ids;
  for (const ListedVoice& v : synthesizer().voices().list()) {
    EXPECT_TRUE(ids.insert(v.id).second) << v.id;
    EXPECT_TRUE(synthesizer().voices().speaker(v.id).has_value()) << v.id;
    EXPECT_FALSE(v.language.empty());
  }
  for (const char* name : {"alloy", "ash",   "ballad", "coral", "echo",  "fable", "nova", "onyx", "sage", "shimmer",
                           "verse", "marin", "cedar",  "cmn",   "en-us", "en-gb", "de",   "fr",   "ru",   "yue"})
    EXPECT_TRUE(ids.contains(name)) << name;
  EXPECT_GT(ids.size(), 100U);
}

TEST(Voices, AreFoundByIdCodeNameAndVariant) {
  const Voices& v = synthesizer().voices();
  EXPECT_EQ(v.speaker("").value().name, "alloy");
  EXPECT_EQ(v.speaker("Nova").value().name, "nova");
  EXPECT_EQ(v.speaker("de").value().language, "de");
  EXPECT_TRUE(v.speaker("de").value().bound);
  EXPECT_EQ(v.speaker("en-GB+F2").value().variant, "f2");
  EXPECT_EQ(v.speaker("zh").value().language, "cmn");
  EXPECT_EQ(v.speaker("German").value().language, "de");
}

TEST(Voices, AnUnknownOneIsRefusedWithSomeThatExist) {
  for (const std::string& name :
       std::initializer_list<std::string>{"zorg", "de+zorg", "+f2", "../../etc/passwd", "!v/f2", "\xFF", "mb/mb-de1"}) {
    const auto found = synthesizer().voices().speaker(name);
    ASSERT_FALSE(found.has_value()) << name;
    EXPECT_TRUE(found.error().is(Errc::not_found));
    EXPECT_NE(found.error().message().find("nova"), std::string::npos);
    EXPECT_TRUE(is_utf8(found.error().message()));
  }
}

TEST(Voices, LanguageCodesFindTheNearest) {
  const Voices& v = synthesizer().voices();
  EXPECT_EQ(v.language("en").value(), "en-us");
  EXPECT_EQ(v.language("en_GB").value(), "en-gb");
  EXPECT_EQ(v.language("en-AU").value(), "en-us");
  EXPECT_EQ(v.language("zh-CN").value(), "cmn");
  EXPECT_EQ(v.language("zh-Hant-TW").value(), "cmn");
  EXPECT_EQ(v.language("pt-BR").value(), "pt-br");
  EXPECT_EQ(v.language("de-AT").value(), "de");
  EXPECT_FALSE(v.language("tlh-x").has_value());
  EXPECT_FALSE(v.language("-").has_value());
}

}  // namespace
}  // namespace hearth::speech
