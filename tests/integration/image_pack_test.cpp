// Packs from container images: a real registry, and images made of Debian's own llama.cpp.
#include "engine_bench.h"
#include "models/servers.h"

#include <hearth/core/ids.h>
#include <hearth/engines/pack.h>
#include <hearth/engines/pack_install.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <fstream>

namespace hearth::test {
namespace {

using engines::InstalledPack;
using engines::PackOptions;
using engines::PackProgress;
using engines::PackStore;

#ifdef __aarch64__
constexpr std::string_view kOurs = "arm64";
#else
constexpr std::string_view kOurs = "amd64";
#endif
constexpr const char* kGzip = "-I 'gzip -1'";
constexpr std::size_t kMost = std::size_t{1} << 30U;

class ImagePack : public testing::Test {
 protected:
  void SetUp() override {
    if (!containment().isolated()) GTEST_FAIL() << "packs take a sandbox: " << containment().problem;
  }
  // What `tar` makes of a folder, as a layer that the registry has.
  std::string layer_of(const fs::path& folder, const std::string& options, const std::string& kind) {
    const fs::path file = folder_.path() / "layer.tar";
    const std::string command = fmt::format("tar --owner=0 --group=0 --mtime=@0 --sort=name -C {} {} -cf {} .",
                                            folder.string(), options, file.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    const std::string bytes = read_file(file, kMost).value_or("");
    return models::descriptor("application/vnd.oci.image.layer.v1." + kind, registry_.push_blob("engine", bytes),
                              bytes.size());
  }
  // The digest of the manifest.
  std::string push(const std::string& reference, const std::vector<std::string>& layers,
                   std::string_view architecture = kOurs) {
    const std::string config = fmt::format(R"({{"os":"linux","architecture":"{}"}})", architecture);
    const std::string body = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}})",
        models::descriptor("application/vnd.oci.image.config.v1+json", registry_.push_blob("engine", config),
                           config.size()),
        fmt::format("{}", fmt::join(layers, ",")));
    return registry_.push_manifest("engine", reference, body);
  }
  void push_index(const std::string& reference, const std::string& ours, const std::string& other) const {
    const auto entry = [](const std::string& digest, std::string_view architecture) {
      return fmt::format(
          R"({{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":1,"platform":{{"os":"linux","architecture":"{}"}}}})",
          digest, architecture);
    };
    static_cast<void>(registry_.push_manifest(
        "engine", reference,
        fmt::format(
            R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{},{}]}})",
            entry(other, "riscv64"), entry(ours, kOurs)),
        "application/vnd.oci.image.index.v1+json"));
  }
  [[nodiscard]] std::string image(const std::string& reference) const {
    return "oci://" + registry_.host() + "/engine" + (reference.starts_with("sha256:") ? "@" : ":") + reference;
  }
  Result<InstalledPack> install(const std::string& from, bool upgrade = false) {
    PackOptions options;
    options.from = from.empty() ? PackOptions::From::as_before : PackOptions::From::image;
    options.image = from;
    options.upgrade = upgrade;
    options.containment = containment();
    return engines::install_pack(store_, recipe_, options, [](const PackProgress&) {}, {});
  }
  std::string failure(const std::string& from) {
    const auto made = install(from);
    return made ? "(installed)" : made.error().describe();
  }
  // A layer with one small file.
  std::string layer_with(const std::string& path, const std::string& content) {
    const fs::path folder = folder_.path() / "small";
    fs::remove_all(folder);
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << content;
    return layer_of(folder, kGzip, "tar+gzip");
  }
  [[nodiscard]] std::string in_use(const fs::path& path) const {
    const auto root = engines::current_pack(store_.folder(), "llama.cpp");
    return root ? read_file(root->path / path, 1000).value_or("(no file)") : "(no pack)";
  }

  TemporaryFolder folder_;
  PackStore store_{folder_.path() / "packs"};
  models::DockerRegistry registry_;
  fs::path debians_{HEARTH_PACKS "/llama.cpp/current/root"};
  engines::Recipe recipe_ = engines::load_recipe(RECIPES, "llama.cpp").value();
};

TEST_F(ImagePack, IsUnpackedByDigestAndAnswersItsCanary) {
  // As an image has it: the whole system in one layer, changes in others.
  const std::string whole = layer_of(debians_, kGzip, "tar+gzip");
  const std::string other = push("other", {layer_with("x", "y")}, "riscv64");
  const std::string first = push("one", {whole, layer_with("usr/share/engine/version", "1")});
  push_index("server", first, other);
  const auto made = install(image("server"));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_TRUE(made->changed);
  EXPECT_EQ(in_use("usr/share/engine/version"), "1");
  const auto lock = store_.locked("llama.cpp");
  ASSERT_TRUE(lock && *lock);
  EXPECT_EQ((*lock)->origin, "oci");
  EXPECT_EQ((*lock)->suite, registry_.host() + "/engine:server");
  EXPECT_TRUE((*lock)->image.starts_with("sha256:"));
  EXPECT_EQ((*lock)->files.size(), 2U);

  // A newer one: with a whiteout, as layers take things away. The same command keeps what is locked.
  const std::string newer =
      push("two", {whole, layer_with("usr/share/engine/version", "2"), layer_with("usr/share/doc/.wh..wh..opq", "")});
  push_index("server", newer, other);
  const auto same = install(image("server"));
  ASSERT_TRUE(same) << same.error().describe();
  EXPECT_FALSE(same->changed);
  const auto upgraded = install(image("server"), true);
  ASSERT_TRUE(upgraded) << upgraded.error().describe();
  EXPECT_EQ(in_use("usr/share/engine/version"), "2");
  EXPECT_TRUE(fs::is_empty(store_.version(upgraded->id) / "root/usr/share/doc"));
  const auto back = store_.rollback("llama.cpp");
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, made->id);
  EXPECT_EQ(in_use("usr/share/engine/version"), "1");

  // Without a registry it comes back from its layers, and by whatever name its digest has.
  registry_.stop();
  fs::remove_all(store_.version(made->id));
  const auto again = install("");
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(again->id, made->id);
  EXPECT_TRUE(again->made);
  EXPECT_EQ(in_use("usr/share/engine/version"), "1");
}

TEST_F(ImagePack, ProgramElsewhereIsFound) {
  const std::string digest = push(
      "app", {layer_of(debians_, "--zstd --transform=s,^./usr/bin/llama-server$,./app/llama-server,", "tar+zstd")});
  const auto made = install(image(digest));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(fs::read_symlink(store_.version(made->id) / "root/usr/bin/llama-server"), "/app/llama-server");
}

TEST_F(ImagePack, WhatIsNoGoodLeavesEverythingAsItWas) {
  const std::string whole = layer_of(debians_, "", "tar");
  ASSERT_TRUE(install(image(push("good", {whole, layer_with("v", "1")}))));
  const std::string before = store_.current("llama.cpp").value_or("");
  // Does not pass its canary.
  EXPECT_NE(failure(image(push("empty", {layer_with("usr/bin/other", "x")}))).find("does not pass its canary"),
            std::string::npos);
  // For another machine, alone and in an index.
  EXPECT_NE(failure(image(push("far", {whole}, "riscv64"))).find("linux/riscv64"), std::string::npos);
  EXPECT_NE(failure(image("none")).find("404"), std::string::npos);
  // What belongs to the host: no engine could run in it, and nothing is written there.
  fs::create_directories(folder_.path() / "hostile");
  const fs::path hostile = folder_.path() / "layer";
  fs::create_directories(hostile);
  fs::create_directory_symlink(folder_.path() / "hostile", hostile / "usr");
  EXPECT_NE(failure(image(push("link", {layer_of(hostile, kGzip, "tar+gzip")}))).find("a link or a file"),
            std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder_.path() / "hostile"));
  // A layer that is none, and one that is not what its digest says.
  const std::string garbage(5000, 'g');
  const std::string bad = models::descriptor("application/vnd.oci.image.layer.v1.tar+gzip",
                                             registry_.push_blob("engine", garbage), garbage.size());
  EXPECT_NE(failure(image(push("garbage", {bad}))).find("cannot be unpacked"), std::string::npos);
  const std::string model =
      models::descriptor("application/vnd.docker.ai.gguf.v3", registry_.push_blob("engine", garbage), garbage.size());
  EXPECT_NE(failure(image(push("model", {model}))).find("no container image"), std::string::npos);
  EXPECT_EQ(store_.current("llama.cpp").value_or(""), before);
  EXPECT_EQ(in_use("v"), "1");
  for (const auto& entry : fs::directory_iterator(store_.folder() / "store"))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".new-"));
}

}  // namespace
}  // namespace hearth::test
