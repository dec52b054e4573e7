// What packs are described with: recipes, locks, and what apt says.
#include "private_apt.h"

#include <hearth/engines/pack.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHash = "3007c170f116891974bd37d5ba802f094c7d020412f2100cc71582fc8530895c";

std::string uri_line(std::string_view file, std::string_view rest) {
  return "'http://deb.debian.org/debian/pool/x/" + std::string(file) + "' " + std::string(file) + " " +
         std::string(rest) + "\n";
}

TEST(PackName, IsAFolderNameAndNoneOfTheStoresOwn) {
  for (const char* good : {"llama.cpp", "whisper.cpp", "onnxruntime", "a", "x_1-2"}) EXPECT_TRUE(is_pack_name(good));
  for (const char* bad : {"", ".", "..", "-x", "a/b", "Big", "a b", "store", "debs", "apt", "busy",
                          "a-name-that-is-longer-than-any-name"})
    EXPECT_FALSE(is_pack_name(bad)) << bad;
}

TEST(Recipe, SaysWhatAPackIsMadeOf) {
  const auto recipe = parse_recipe(
      "name: llama.cpp\ntitle: A server\npackages: [llama.cpp-tools]\n"
      "canary:\n  program: [/usr/bin/llama-server, --version]\n  expect: 'version:'\n",
      "llama.cpp.yaml");
  ASSERT_TRUE(recipe) << recipe.error().describe();
  EXPECT_EQ(recipe->packages, std::vector<std::string>{"llama.cpp-tools"});
  EXPECT_EQ(recipe->canary_program.size(), 2U);
  EXPECT_EQ(recipe->canary_expect, "version:");
}

TEST(Recipe, ErrorsSayWhere) {
  const auto error = [](std::string_view text) {
    const auto recipe = parse_recipe(text, "r.yaml");
    return recipe ? std::string("(none)") : recipe.error().describe();
  };
  const std::string start = "name: a\ntitle: b\n";
  const std::string canary = "canary:\n  libraries: [liba.so]\n";
  EXPECT_EQ(error(start + "packages: [a1]\n" + canary), "(none)");
  EXPECT_NE(error(start + canary).find("give packages or libraries_of"), std::string::npos);
  EXPECT_NE(error(start + "packages: ['a1; rm -rf /']\n" + canary).find("Debian packages"), std::string::npos);
  EXPECT_NE(error(start + "packages: [-o]\n" + canary).find("Debian packages"), std::string::npos);
  EXPECT_NE(error(start + "packages: [a1]\n").find("canary"), std::string::npos);
  EXPECT_NE(error(start + "packages: [a1]\ncanary:\n  program: [ls]\n").find("absolute"), std::string::npos);
  EXPECT_NE(error("name: store\ntitle: b\n").find("name"), std::string::npos);
  EXPECT_NE(error(start + "package: [a1]\n").find("did you mean \"packages\""), std::string::npos);
  EXPECT_NE(error("[").find("r.yaml:"), std::string::npos);
  EXPECT_NE(error(std::string(9000, 'x')).find("8.0 KiB"), std::string::npos);
}

TEST(Recipe, TheShippedOnesAreGood) {
  const auto recipes = load_recipes(RECIPES);
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes) names.push_back(recipe.name);
  EXPECT_EQ(names, (std::vector<std::string>{"llama.cpp", "onnxruntime", "whisper.cpp"}));
  const auto none = load_recipe(RECIPES, "vllm");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message().find("llama.cpp, onnxruntime, whisper.cpp"), std::string::npos);
}

TEST(PackLock, IsReadAsItWasWritten) {
  const PackLock lock{.name = "llama.cpp",
                      .origin = "debian",
                      .suite = "forky",
                      .arch = "amd64",
                      .files = {{"libc6", "2.43-7", "amd64", 1866392, std::string(kHash), "libc6_2.43-7_amd64.deb"},
                                {"zlib1g", "1:1.3", "amd64", 1, std::string(kHash), "zlib1g_1%3a1.3_amd64.deb"}}};
  const auto read = parse_lock(format_lock(lock));
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(*read, lock);
  const PackLock image{.name = "llama.cpp",
                       .origin = "oci",
                       .suite = "r.example/x:1",
                       .arch = "arm64",
                       .image = "sha256:" + std::string(kHash),
                       .files = {{"layer-000", "tar", "arm64", 1, std::string(kHash), "x.layer"}}};
  const auto layers = parse_lock(format_lock(image));
  ASSERT_TRUE(layers) << layers.error().describe();
  EXPECT_EQ(*layers, image);
  const std::string text = format_lock(lock);
  EXPECT_FALSE(parse_lock(text.substr(0, text.size() - 30))) << "cut";
  EXPECT_FALSE(parse_lock("pack llama.cpp\norigin debian\nfile a 1 all 1 " + std::string(kHash) + " ../a.deb\n"));
  EXPECT_FALSE(parse_lock("pack ../x\norigin debian\n"));
  EXPECT_FALSE(parse_lock(""));
  EXPECT_FALSE(parse_lock("pack llama.cpp\norigin debian\nwhat ever\n"));
}

RC_GTEST_PROP(PackId, ChangesWithAnyFileAndWithNothingElse, ()) {
  const auto word = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
  PackLock lock{.name = "p", .origin = "debian", .suite = *word, .arch = "amd64", .files = {}};
  const auto count = *rc::gen::inRange<std::size_t>(1, 6);
  for (std::size_t i = 0; i < count; ++i)
    lock.files.push_back({*word + std::to_string(i), *word, "amd64", 1, std::string(kHash), "f.deb"});
  const std::string id = pack_id(lock);
  RC_ASSERT(id.starts_with("p-"));
  PackLock turned = lock;
  std::reverse(turned.files.begin(), turned.files.end());
  turned.suite += "x";
  RC_ASSERT(pack_id(turned) == id);
  const auto which = *rc::gen::inRange<std::size_t>(0, count);
  PackLock other = lock;
  other.files[which].version += "1";
  RC_ASSERT(pack_id(other) != id);
  other = lock;
  other.files[which].sha256[0] = '4';
  RC_ASSERT(pack_id(other) != id);
  other = lock;
  other.files.erase(other.files.begin() + static_cast<std::ptrdiff_t>(which));
  RC_ASSERT(pack_id(other) != id);
}

TEST(AptText, FilesToFetch) {
  const std::string hash = "SHA256:" + std::string(kHash);
  const auto files = parse_uris("Reading package lists...\n" +
                                uri_line("zlib1g_1%3a1.3.dfsg+really1.3.2-3_amd64.deb", "90912 " + hash) +
                                uri_line("libc6_2.43-7_amd64.deb", "1866392 " + hash + " "));
  ASSERT_TRUE(files) << files.error().describe();
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ(files->at(0).package, "libc6");
  EXPECT_EQ(files->at(0).size, 1866392U);
  EXPECT_EQ(files->at(0).sha256, kHash);
  EXPECT_EQ(files->at(1).version, "1:1.3.dfsg+really1.3.2-3");
  EXPECT_EQ(files->at(1).arch, "amd64");
  EXPECT_EQ(files->at(1).file, "zlib1g_1%3a1.3.dfsg+really1.3.2-3_amd64.deb");
  for (const std::string& bad : {uri_line("libc6_2.43-7_amd64.deb", "12 MD5Sum:1dc6"), std::string("'http://cut\n"),
                                 uri_line("libc6_2.43-7_amd64.deb", "x " + hash),
                                 uri_line("../x_1_all.deb", "1 " + hash), uri_line("libc6.deb", "1 " + hash)})
    EXPECT_FALSE(parse_uris(bad)) << bad;
}

TEST(AptText, ProgressMirrorsAndDependencies) {
  EXPECT_EQ(parse_download_status("dlstatus:20:98.5:Retrieving file 20 of 20"), 0.985);
  EXPECT_EQ(parse_download_status("pmstatus:x:98.5:"), std::nullopt);
  EXPECT_EQ(parse_download_status("dlstatus:1:nan:x"), std::nullopt);
  EXPECT_EQ(parse_download_status("dlstatus:1:101:x"), std::nullopt);
  EXPECT_EQ(parse_download_status("dlstatus:"), std::nullopt);
  EXPECT_EQ(find_mirror("http://packages.example/apt\nhttp://ftp.de.debian.org/debian/\nhttp://b/debian\n"),
            "http://ftp.de.debian.org/debian");
  EXPECT_EQ(find_mirror("mirror+file:/etc/apt/mirrors/debian.list\n"), "mirror+file:/etc/apt/mirrors/debian.list");
  EXPECT_EQ(find_mirror("http://archive.ubuntu.com/ubuntu\nhttp://deb.debian.org/debian-security\n"), "");
  EXPECT_EQ(parse_depends("libwhisper-dev\n  Depends: libggml-dev\n |Depends: a\n  Depends: <virtual>\n  Suggests: x\n"
                          "  Depends: libwhisper1\n"),
            (std::vector<std::string>{"libggml-dev", "a", "libwhisper1"}));
}

TEST(AptText, FailuresSayWhatToDo) {
  const PackSource source{.suite = "forky", .mirror = "http://m/debian"};
  const auto explain = [&](std::string_view errors) { return explain_apt(errors, source); };
  const Error offline =
      explain("E: Failed to fetch http://m/debian/dists/forky/InRelease  Could not connect to m:80\n");
  EXPECT_TRUE(offline.is(Errc::unavailable));
  EXPECT_NE(offline.describe().find("http://m/debian (forky)"), std::string::npos);
  EXPECT_NE(offline.describe().find("Could not connect to m:80"), std::string::npos) << "apt's own words too";
  EXPECT_TRUE(explain("W: GPG error: NO_PUBKEY 1\nE: The repository is not signed.").is(Errc::failed_precondition));
  EXPECT_TRUE(explain("E: Release file for x is expired (invalid since 3d)").is(Errc::failed_precondition));
  EXPECT_TRUE(explain("E: write, still have 1 to write but couldn't (28: No space left on device)")
                  .is(Errc::resource_exhausted));
  EXPECT_TRUE(explain("E: Failed to fetch x  Hash Sum mismatch").is(Errc::corrupt));
  EXPECT_TRUE(explain("E: Unable to locate package y").is(Errc::not_found));
  EXPECT_TRUE(
      explain("The following packages have unmet dependencies:\nE: held broken packages").is(Errc::unavailable));
  EXPECT_TRUE(explain("").is(Errc::io_error));
  EXPECT_NE(explain("E: something new").describe().find("something new"), std::string::npos);
}

TEST(AptText, TheHostsProxyIsTakenOut) {
  std::string settings =
      "Acquire::http::Proxy \"http://10.0.0.2:3142\";\nAcquire::http::Timeout \"5\";\n"
      "Acquire::https::Proxy \"http://10.0.0.3:1\";\nAcquire::http::Proxy::local.example \"DIRECT\";\n";
  EXPECT_EQ(take_host_proxy(settings), "http://10.0.0.2:3142");
  EXPECT_EQ(settings, "Acquire::http::Timeout \"5\";\n");
  settings = "Acquire::http::Proxy \"DIRECT\";\n";
  EXPECT_EQ(take_host_proxy(settings), "");
  settings = "Acquire::http::Proxy \"";
  EXPECT_EQ(take_host_proxy(settings), "");
}

}  // namespace
}  // namespace hearth::engines
