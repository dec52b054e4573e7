#include <hearth/container/paths.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace hearth::container {
namespace {

TEST(CleanPath, IsTakenApart) {
  EXPECT_EQ(clean_path("./usr//bin/tool"), (Components{"usr", "bin", "tool"}));
  EXPECT_EQ(clean_path("/usr/."), (Components{"usr"}));
  EXPECT_EQ(clean_path("./"), Components{});
  EXPECT_EQ(clean_path("..."), (Components{"..."}));
  for (const std::string& bad : {std::string("../x"), std::string("a/../../x"), std::string("a\0b", 3),
                                 std::string(256, 'x'), std::string(5000, '/') + "x"})
    EXPECT_TRUE(clean_path(bad).error().is(Errc::corrupt)) << bad;
}

TEST(MarkOf, Whiteouts) {
  EXPECT_EQ(mark_of("file")->mark, Mark::none);
  EXPECT_EQ(mark_of(".wh.file")->mark, Mark::whiteout);
  EXPECT_EQ(mark_of(".wh.file")->name, "file");
  EXPECT_EQ(mark_of(".wh..hidden")->name, ".hidden");
  EXPECT_EQ(mark_of(".wh..wh..opq")->mark, Mark::opaque);
  EXPECT_EQ(mark_of(".wh..wh.plnk")->mark, Mark::reserved);
  for (const char* bad : {".wh.", ".wh..", ".wh..."}) EXPECT_FALSE(mark_of(bad)) << bad;
}

using Links = std::map<std::string, std::string>;

ReadLink reading(const Links& links) {
  return [&links](const std::string& path) -> std::optional<std::string> {
    const auto found = links.find(path);
    return found == links.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(ResolveInRoot, LinksAreFollowedInside) {
  const Links links{{"lib", "usr/lib"}, {"etc/up", "../../../.."}, {"abs", "/usr"}, {"a", "b"}, {"b", "a"}};
  EXPECT_EQ(resolve_in_root({"lib", "x.so"}, reading(links)), (Components{"usr", "lib", "x.so"}));
  EXPECT_EQ(resolve_in_root({"etc", "up", "passwd"}, reading(links)), (Components{"passwd"}));
  EXPECT_EQ(resolve_in_root({"abs", "bin"}, reading(links)), (Components{"usr", "bin"}));
  EXPECT_TRUE(resolve_in_root({"a"}, reading(links)).error().is(Errc::corrupt));
}

// Few names, so that links and paths meet.
rc::Gen<std::string> any_path() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::container<std::vector<std::string>>(
                                                    rc::gen::element<std::string>("a", "b", "c", ".", "..", ""))),
      [](const std::pair<bool, std::vector<std::string>>& p) {
        std::string path = p.first ? "/" : "";
        for (const std::string& part : p.second) path += part + "/";
        return path;
      });
}

RC_GTEST_PROP(ResolveInRoot, NothingLeadsOutAndNoLinkIsLeft, ()) {
  const auto links = *rc::gen::container<Links>(
      rc::gen::map(rc::gen::container<Components>(rc::gen::element<std::string>("a", "b", "c")), joined), any_path());
  const auto path = *rc::gen::container<Components>(rc::gen::element<std::string>("a", "b", "c"));
  const auto reached = resolve_in_root(path, reading(links));
  if (!reached) {
    RC_ASSERT(reached.error().is(Errc::corrupt));
    return;
  }
  Components so_far;
  for (const std::string& part : *reached) {
    RC_ASSERT(part != ".." && part != "." && !part.empty() && part.find('/') == std::string::npos);
    so_far.push_back(part);
    RC_ASSERT(!links.contains(joined(so_far)));
  }
  const auto again = resolve_in_root(*reached, reading(links));
  RC_ASSERT(again && *again == *reached);
}

RC_GTEST_PROP(CleanPath, NeverLeadsOut, (const std::string& path)) {
  const auto parts = clean_path(path);
  if (!parts) return;
  for (const std::string& part : *parts)
    RC_ASSERT(part != ".." && part != "." && !part.empty() && part.find('/') == std::string::npos);
  const auto again = clean_path(joined(*parts));
  RC_ASSERT(again && *again == *parts);
}

}  // namespace
}  // namespace hearth::container
