#include <hearth/models/catalogue.h>
#include <hearth/models/model_manifest.h>

#include <gtest/gtest.h>

namespace hearth::models {
namespace {

ModelManifest full() {
  ModelManifest m;
  m.name = "tiny";
  m.task = "chat";
  m.format = "gguf";
  m.engine = "llama.cpp";
  m.description = "A \"tiny\" one: 小 # not a comment";
  m.source = "hf:org/repo:Q4_K_M";
  m.revision = std::string(40, 'a');
  m.licence = "apache-2.0";
  m.commercial = false;
  m.languages = {"en", "no"};
  m.memory = 123456789;
  m.context = 4096;
  m.canary = ModelCanary{"/v1/chat/completions", R"({"messages":[]})", "choices"};
  m.files = {{"model", "tiny-Q4.gguf", std::string(64, 'b'), 42}, {"mmproj", "mmproj.gguf", std::string(64, 'c'), 7}};
  return m;
}

TEST(ModelManifest, ReadsBackWhatWasWritten) {
  const ModelManifest m = full();
  const auto read = parse_model_manifest(write_model_manifest(m), "model.yaml");
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(write_model_manifest(*read), write_model_manifest(m));
  EXPECT_EQ(read->description, m.description);
  EXPECT_EQ(read->languages, m.languages);  // "no" stays a word
  EXPECT_EQ(read->files.at(1).role, "mmproj");
  EXPECT_EQ(read->bytes(), 49U);
  EXPECT_EQ(read->canary->body, m.canary->body);
  EXPECT_FALSE(read->commercial);
}

TEST(ModelManifest, WhatLeadsOutOfTheFolderIsRefused) {
  for (const char* name : {"../x", "/etc/passwd", "..", "model.yaml", "a/b"}) {
    ModelManifest m = full();
    m.files[0].name = name;
    EXPECT_FALSE(parse_model_manifest(write_model_manifest(m), "model.yaml")) << name;
  }
  ModelManifest m = full();
  m.files[1].name = m.files[0].name;
  EXPECT_FALSE(parse_model_manifest(write_model_manifest(m), "model.yaml"));
}

TEST(ModelManifest, ErrorsNameLineAndKey) {
  const auto bad = parse_model_manifest("name: x\ntask: cooking\nformat: gguf\nfiles: []\n", "model.yaml");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message().find("model.yaml:2: task"), std::string::npos) << bad.error().message();
  const auto typo = parse_model_manifest("nmae: x\n", "model.yaml");
  ASSERT_FALSE(typo);
  EXPECT_NE(typo.error().message().find("did you mean \"name\""), std::string::npos) << typo.error().message();
}

constexpr const char* kEntry = R"(
models:
  - name: tiny
    task: chat
    rung: tiny
    source: hf:org/repo:Q8_0
    format: gguf
    description: words
    licence: mit
)";

TEST(Catalogue, EntryIsRead) {
  const auto entries = parse_catalogue(kEntry, "c.yaml");
  ASSERT_TRUE(entries) << entries.error().describe();
  EXPECT_EQ(entries->front().rung, Rung::tiny);
  const Catalogue catalogue(*entries);
  EXPECT_NE(catalogue.find("tiny"), nullptr);
  EXPECT_EQ(catalogue.nearest("tinny"), "tiny");
  EXPECT_EQ(catalogue.nearest("something-else"), "");
}

TEST(Catalogue, NonCommercialIsNeverTheDefault) {
  const auto bad = parse_catalogue(std::string(kEntry) + "    commercial: false\n    preferred: true\n", "c.yaml");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message().find("preferred"), std::string::npos);
}

TEST(Catalogue, SourcesThatAnybodyCouldChangeOnTheWayAreRefused) {
  for (const char* source : {"http://127.0.0.1/x", "/etc/passwd", "other-name"}) {
    std::string text = kEntry;
    text.replace(text.find("hf:org/repo:Q8_0"), 16, source);
    EXPECT_FALSE(parse_catalogue(text, "c.yaml")) << source;
  }
}

// The catalogue that ships: every file, and what it promises.
TEST(Catalogue, ShippedFilesAreSound) {
  const LoadedCatalogue loaded = load_catalogue(HEARTH_CATALOGUE);
  for (const Error& problem : loaded.problems) ADD_FAILURE() << problem.describe();
  for (const std::string_view task : tasks()) {
    std::size_t count = 0;
    std::size_t preferred = 0;
    for (const CatalogueEntry& e : loaded.catalogue.entries()) {
      if (e.task != task) continue;
      ++count;
      preferred += e.preferred ? 1 : 0;
      EXPECT_FALSE(e.preferred && !e.commercial) << e.name;
      EXPECT_GT(e.memory, 0U) << e.name << " says no memory";
      EXPECT_TRUE(e.canary) << e.name << " has no canary";
    }
    EXPECT_GE(count, 1U) << "no model for " << task;
    EXPECT_EQ(preferred, 1U) << "one model is the default for " << task;
  }
}

}  // namespace
}  // namespace hearth::models
