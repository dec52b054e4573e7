#include <hearth/gateway/catalogue.h>

#include <gtest/gtest.h>

namespace hearth::gateway {
namespace {

Model model(std::string id, Task task) {
  Model m;
  m.id = std::move(id);
  m.task = task;
  return m;
}

std::vector<Model> two_voices() {
  return {model("voice-a", Task::speech), model("voice-b", Task::speech), model("ears", Task::transcription)};
}

std::string found(const Catalogue& catalogue, std::string_view name, Task task) {
  const auto m = catalogue.find(name, task);
  return m == nullptr ? "" : m->id;
}

TEST(Catalogue, NamesThatClientsHaveBuiltInGoToTheFirstModelOfATask) {
  const Catalogue all(two_voices());
  for (const std::string& name : well_known_names(Task::speech)) EXPECT_EQ(found(all, name, Task::speech), "voice-a");
  EXPECT_EQ(found(all, "whisper-1", Task::transcription), "ears");
  EXPECT_TRUE(all.models()->at(1).aliases.empty());
}

TEST(Catalogue, AModelAnswersToItsIdAndOnlyForItsTask) {
  const Catalogue all(two_voices());
  EXPECT_EQ(found(all, "voice-b", Task::speech), "voice-b");
  EXPECT_EQ(found(all, "voice-b", Task::transcription), "");
  EXPECT_EQ(found(all, "tts-1", Task::transcription), "");
  EXPECT_EQ(found(all, "Voice-B", Task::speech), "");
}

TEST(Catalogue, OneModelMayServeTwoTasks) {
  const Catalogue all(
      {model("ears", Task::transcription), model("whisper", Task::transcription), model("whisper", Task::translation)});
  EXPECT_EQ(found(all, "whisper", Task::transcription), "whisper");
  EXPECT_EQ(found(all, "whisper", Task::translation), "whisper");
  EXPECT_EQ(found(all, "ears", Task::translation), "");
  EXPECT_EQ(found(all, "whisper-1", Task::transcription), "ears");
  EXPECT_EQ(found(all, "whisper-1", Task::translation), "whisper");
}

TEST(Catalogue, AModelIsAsFastAsItWasBeforeOthersCame) {
  Catalogue all(two_voices());
  const SteadyTime now = steady_now();
  all.find("voice-b", Task::speech)->pace->failed(now);
  std::vector<Model> next = two_voices();
  next.insert(next.begin(), model("voice-c", Task::speech));
  next[1].revision = "another file";
  all.find("voice-a", Task::speech)->pace->failed(now);
  all.replace(std::move(next));
  EXPECT_TRUE(all.find("voice-b", Task::speech)->pace->at(now).failing);
  EXPECT_FALSE(all.find("voice-c", Task::speech)->pace->at(now).failing);
  EXPECT_FALSE(all.find("voice-a", Task::speech)->pace->at(now).failing);
}

TEST(Catalogue, NoNameIsTheFirst) {
  const Catalogue all(two_voices());
  EXPECT_EQ(found(all, "", Task::speech), "voice-a");
  EXPECT_EQ(found(all, "auto", Task::speech), "voice-a");
  EXPECT_EQ(found(all, "", Task::ocr), "");
  EXPECT_FALSE(all.serves(Task::ocr));
}

TEST(Catalogue, WhatIsMissingIsExplained) {
  const Catalogue all(two_voices());
  EXPECT_NE(all.explain_missing("x", Task::ocr).find("hearth pull"), std::string::npos);
  EXPECT_NE(all.explain_missing("ears", Task::speech).find("transcription"), std::string::npos);
  const std::string unknown = all.explain_missing("nobody", Task::speech);
  EXPECT_NE(unknown.find("voice-a, voice-b"), std::string::npos) << unknown;
  EXPECT_LT(all.explain_missing(std::string(100'000, 'x'), Task::speech).size(), 400U);
}

TEST(Catalogue, WhoFoundAModelKeepsItWhenItGoes) {
  Catalogue all(two_voices());
  const auto kept = all.find("tts-1", Task::speech);
  all.replace({model("voice-c", Task::speech)});
  EXPECT_EQ(kept->id, "voice-a");
  EXPECT_EQ(found(all, "voice-a", Task::speech), "");
  EXPECT_EQ(found(all, "tts-1", Task::speech), "voice-c");
}

}  // namespace
}  // namespace hearth::gateway
