#include "tar_writer.h"

#include <hearth/container/unpack.h>
#include <hearth/core/file.h>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace hearth::container {
namespace {

namespace fs = std::filesystem;

class Unpack : public testing::Test {
 protected:
  Unpack() {
    std::string name = testing::TempDir() + "hearth_unpack.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    fs::create_directories(root_ = folder_ / "root");
    fs::create_directories(folder_ / "outside");
    std::ofstream(folder_ / "outside/kept") << "kept";
  }
  ~Unpack() override {
    EXPECT_EQ(read("outside/kept"), "kept");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "outside"), {}), 1);
    fs::remove_all(folder_);
  }
  [[nodiscard]] fs::path layer() const { return folder_ / "layer.tar"; }
  Result<Unpacked> unpack(UnpackLimits limits = {1 << 20, 1000}) const { return unpack_layer(layer(), root_, limits); }
  [[nodiscard]] std::string read(const fs::path& path) const {
    return read_file(folder_ / path, 1 << 20).value_or("<missing>");
  }
  [[nodiscard]] unsigned mode(const fs::path& path) const {
    struct stat info{};
    return ::lstat((root_ / path).c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
  }

  fs::path folder_;
  fs::path root_;
};

TEST_F(Unpack, LayersOverEachOther) {
  TarWriter(layer(), TarWriter::Filter::gzip)
      .folder("./usr/")
      .folder("usr/lib")
      .link("lib", "usr/lib")
      .file("usr/bin/tool", "one", 04750)
      .name("usr/bin/same", "usr/bin/tool")
      .file("etc/old", "x")
      .file("var/cache/a", "a")
      .file("var/cache/deep/b", "b")
      .device("dev/null");
  const auto first = unpack();
  ASSERT_TRUE(first) << first.error().describe();
  EXPECT_EQ(first->left_out, 1U);
  EXPECT_EQ(first->entries, 9U);
  EXPECT_EQ(read("root/usr/bin/same"), "one");
  EXPECT_EQ(mode("usr/bin/tool"), 0755U);  // no set-user-id, and for everybody
  EXPECT_EQ(mode("usr"), 0755U);

  TarWriter(layer(), TarWriter::Filter::zstd)
      .file("lib/new.so", "library")  // through the link, inside
      .file("var/cache/deep/c", "c")
      .file("var/cache/.wh..wh..opq", "")
      .file("etc/.wh.old", "")
      .file("etc/.wh.never-there", "")
      .file("usr/bin/tool", "two", 0644);
  const auto second = unpack();
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_EQ(read("root/usr/lib/new.so"), "library");
  EXPECT_EQ(read("root/usr/bin/tool"), "two");
  EXPECT_EQ(read("root/usr/bin/same"), "one");
  EXPECT_FALSE(fs::exists(root_ / "etc/old"));
  EXPECT_FALSE(fs::exists(root_ / "var/cache/a"));
  EXPECT_FALSE(fs::exists(root_ / "var/cache/deep/b"));
  EXPECT_EQ(read("root/var/cache/deep/c"), "c");  // this layer's own stays, whichever came first
}

TEST_F(Unpack, NothingIsWrittenOutside) {
  TarWriter(layer())
      .link("up", "../outside")
      .link("abs", (folder_ / "outside").string())
      .link("file", (folder_ / "outside/kept").string())
      .file("up/kept", "changed")
      .file("abs/kept", "changed")
      .file("file", "mine")
      .folder("up/new");
  const auto done = unpack();
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(read("root/file"), "mine");
  EXPECT_EQ(read("root/outside/kept"), "changed");  // "up" means the root's own
  // And nothing is taken away there.
  TarWriter(layer()).file("abs/.wh.kept", "").file("up/.wh..wh..opq", "").file(".wh.abs", "");
  ASSERT_TRUE(unpack());
  EXPECT_FALSE(fs::exists(fs::symlink_status(root_ / "abs")));
}

TEST_F(Unpack, LiesAreRefused) {
  const auto refused = [&](const char* path) {
    TarWriter(layer()).file(path, "x");
    return unpack().error().is(Errc::corrupt);
  };
  EXPECT_TRUE(refused("../outside/kept"));
  EXPECT_TRUE(refused("a/../../outside/kept"));
  EXPECT_TRUE(refused("a/.wh.."));
  TarWriter(layer()).name("mine", "../outside/kept");
  EXPECT_TRUE(unpack().error().is(Errc::corrupt));
  TarWriter(layer()).link("out", "/").name("mine", "out/outside/none");
  EXPECT_TRUE(unpack().error().is(Errc::corrupt));
  TarWriter(layer()).file("f", "x").file("f/in-it", "x");
  EXPECT_TRUE(unpack().error().is(Errc::corrupt));
  TarWriter(layer()).link("round", "round").file("round/x", "x");
  EXPECT_TRUE(unpack().error().is(Errc::corrupt));
  std::ofstream(layer(), std::ios::trunc) << std::string(2000, 'x');
  EXPECT_TRUE(unpack().error().is(Errc::corrupt));
}

TEST_F(Unpack, CutOffOrTooMuchIsToldSo) {
  TarWriter(layer(), TarWriter::Filter::gzip).file("zeros", std::string(1 << 20, '\0')).file("more", "x");
  EXPECT_TRUE(unpack({1000, 1000}).error().is(Errc::too_large));
  EXPECT_TRUE(unpack({1 << 22, 1}).error().is(Errc::too_large));
  fs::resize_file(layer(), fs::file_size(layer()) / 2);
  EXPECT_TRUE(unpack({1 << 22, 1000}).error().is(Errc::corrupt));
  EXPECT_TRUE(unpack_layer(folder_ / "none", root_, {1, 1}).error().is(Errc::not_found) ||
              !unpack_layer(folder_ / "none", root_, {1, 1}));
}

TEST_F(Unpack, FoldersAndFilesReplaceEachOther) {
  TarWriter(layer()).file("a/b", "x").file("c", "x").link("d", "a");
  ASSERT_TRUE(unpack());
  TarWriter(layer()).file("a", "file").folder("c").folder("d").file("d/e", "e");
  ASSERT_TRUE(unpack());
  EXPECT_EQ(read("root/a"), "file");
  EXPECT_TRUE(fs::is_directory(root_ / "c"));
  EXPECT_FALSE(fs::is_symlink(root_ / "d"));
  EXPECT_EQ(read("root/d/e"), "e");
}

}  // namespace
}  // namespace hearth::container
