#include <hearth/engines/sandbox.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace hearth::engines {
namespace {

LaunchPlan plan() {
  LaunchPlan plan;
  plan.name = "embed";
  plan.program = "/opt/engines/embed/hearth-embed";
  plan.args = {"--socket", "/run/hearth/engines/embed/engine.sock"};
  plan.folder = "/opt/engines/embed";
  plan.data = "/opt/engines/embed/model";
  plan.binds = {"/srv/tables"};
  plan.scratch = "/run/hearth/scratch/embed";
  plan.socket_folder = "/run/hearth/engines/embed";
  plan.threads = 3;
  return plan;
}

Containment as(Containment::Level level) {
  Containment containment;
  containment.level = level;
  containment.bubblewrap = "/usr/bin/bwrap";
  containment.separate_user = level == Containment::Level::root;
  return containment;
}

bool has(const std::vector<std::string>& command, std::vector<std::string> part) {
  return std::ranges::search(command, part).begin() != command.end();
}

TEST(CommandLine, WithoutASandboxIsTheProgram) {
  EXPECT_EQ(command_line(plan(), Containment()),
            (std::vector<std::string>{"/opt/engines/embed/hearth-embed", "--socket",
                                      "/run/hearth/engines/embed/engine.sock"}));
}

TEST(CommandLine, CutsOffNetworkProcessesAndRights) {
  for (const auto level : {Containment::Level::user_namespace, Containment::Level::root}) {
    const auto command = command_line(plan(), as(level));
    EXPECT_EQ(command.front(), "/usr/bin/bwrap");
    for (const char* flag :
         {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"})
      EXPECT_TRUE(has(command, {flag})) << flag;
    EXPECT_TRUE(has(command, {"--cap-drop", "ALL"}));
    EXPECT_TRUE(has(command, {"--seccomp", "4"}));
    EXPECT_TRUE(has(command, {"--json-status-fd", "3"}));
    EXPECT_TRUE(has(command, {"--remount-ro", "/"}));
  }
}

TEST(CommandLine, AnOrdinaryUserTakesAUserNamespace) {
  const auto command = command_line(plan(), as(Containment::Level::user_namespace));
  EXPECT_TRUE(has(command, {"--unshare-user", "--uid", "65534", "--gid", "65534"}));
  EXPECT_FALSE(has(command, {"--cap-add"}));
  EXPECT_TRUE(has(command, {"--", "/opt/engines/embed/hearth-embed", "--socket"}));
}

TEST(CommandLine, RootHandsTheEngineToAUserOfItsOwn) {
  LaunchPlan root = plan();
  root.user_id = 65521;
  const auto command = command_line(root, as(Containment::Level::root));
  EXPECT_FALSE(has(command, {"--unshare-user"}));
  EXPECT_TRUE(has(command, {"--cap-add", "CAP_SETUID"}));
  EXPECT_TRUE(has(command, {"--", "/usr/bin/setpriv", "--reuid", "65521", "--regid", "65521", "--clear-groups"}));
  // Where its files are not for everybody it stays root, without any capability.
  EXPECT_FALSE(has(command_line(plan(), as(Containment::Level::root)), {"--cap-add"}));
}

// What is bound, from the last "--ro-bind X X" and the like.
std::map<std::string, std::string> binds(const std::vector<std::string>& command) {
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i + 2 < command.size(); ++i) {
    if (command[i] == "--ro-bind" || command[i] == "--bind" || command[i] == "--ro-bind-try") {
      EXPECT_EQ(command[i + 1], command[i + 2]);
      found[command[i + 1]] = command[i];
    }
  }
  return found;
}

TEST(CommandLine, BindsNothingButItsOwn) {
  const auto found = binds(command_line(plan(), as(Containment::Level::user_namespace)));
  const std::map<std::string, std::string> expected{{"/usr", "--ro-bind"},
                                                    {"/etc/ld.so.cache", "--ro-bind-try"},
                                                    {"/etc/alternatives", "--ro-bind-try"},
                                                    {"/etc/localtime", "--ro-bind-try"},
                                                    {"/sys/devices/system/cpu", "--ro-bind-try"},
                                                    {"/srv/tables", "--ro-bind-try"},
                                                    {"/opt/engines/embed", "--ro-bind"},
                                                    {"/run/hearth/scratch/embed", "--bind"},
                                                    {"/run/hearth/engines/embed", "--bind"}};
  EXPECT_EQ(found, expected);
}

TEST(CommandLine, DataOutsideTheFolderIsBoundToo) {
  LaunchPlan elsewhere = plan();
  elsewhere.data = "/opt/engines/embed-data";
  EXPECT_EQ(binds(command_line(elsewhere, as(Containment::Level::root)))["/opt/engines/embed-data"], "--ro-bind");
}

TEST(CommandLine, InstalledEnginesDoNotSeeEachOther) {
  LaunchPlan installed = plan();
  installed.folder = "/usr/libexec/hearth/engines/embed";
  installed.data = installed.folder / "model";
  const auto command = command_line(installed, as(Containment::Level::user_namespace));
  EXPECT_TRUE(has(command, {"--tmpfs", "/usr/libexec/hearth/engines"}));
  const auto hidden = std::ranges::find(command, "/usr/libexec/hearth/engines");
  const auto shown = std::ranges::find(command, "/usr/libexec/hearth/engines/embed");
  EXPECT_LT(hidden - command.begin(), shown - command.begin());
  EXPECT_TRUE(has(command, {"--remount-ro", "/usr/libexec/hearth/engines"}));
}

LaunchPlan packed() {
  LaunchPlan packed = plan();
  packed.pack = PackRoot{.id = "llama.cpp-1", .path = "/data/packs/store/llama.cpp-1/root", .folders = {"etc", "usr"}};
  packed.program = "/usr/bin/llama-server";
  packed.as_user = "/usr/libexec/hearth/engines/hearth-as-user";
  return packed;
}

TEST(CommandLine, APackTakesThePlaceOfTheHostsSystem) {
  for (const auto level : {Containment::Level::user_namespace, Containment::Level::root}) {
    const auto command = command_line(packed(), as(level));
    EXPECT_TRUE(has(command, {"--ro-bind", "/data/packs/store/llama.cpp-1/root/usr", "/usr"}));
    EXPECT_TRUE(has(command, {"--ro-bind", "/data/packs/store/llama.cpp-1/root/etc", "/etc"}));
    EXPECT_TRUE(has(command, {"--symlink", "usr/lib64", "/lib64"}));
    for (const char* host : {"/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"})
      EXPECT_EQ(std::ranges::count(command, host), host == std::string_view("/usr") ? 1 : 0) << host;
    for (const char* flag : {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent"})
      EXPECT_TRUE(has(command, {flag})) << flag;
    EXPECT_TRUE(has(command, {"--proc", "/proc", "--dev", "/dev"}));
    EXPECT_TRUE(has(command, {"--ro-bind", "/opt/engines/embed", "/opt/engines/embed"}));
    EXPECT_TRUE(has(command, {"--bind", "/run/hearth/scratch/embed", "/run/hearth/scratch/embed"}));
    EXPECT_TRUE(has(command, {"--remount-ro", "/"}));
    EXPECT_TRUE(has(command, {"--", "/usr/bin/llama-server", "--socket"}));
  }
}

TEST(CommandLine, APackWithFoldersOfItsOwnShape) {
  LaunchPlan image = packed();
  image.pack->folders = {"app", "lib", "usr"};
  const auto command = command_line(image, as(Containment::Level::user_namespace));
  EXPECT_TRUE(has(command, {"--ro-bind", "/data/packs/store/llama.cpp-1/root/app", "/app"}));
  EXPECT_TRUE(has(command, {"--ro-bind", "/data/packs/store/llama.cpp-1/root/lib", "/lib"}));
  EXPECT_FALSE(has(command, {"--symlink", "usr/lib", "/lib"}));
  EXPECT_TRUE(has(command, {"--symlink", "usr/bin", "/bin"}));
}

TEST(CommandLine, InAPackOurOwnProgramChangesTheUser) {
  LaunchPlan root = packed();
  root.user_id = 65521;
  const auto command = command_line(root, as(Containment::Level::root));
  EXPECT_TRUE(has(command, {"--ro-bind", "/usr/libexec/hearth/engines/hearth-as-user", "/run/hearth-as-user"}));
  EXPECT_TRUE(has(command, {"--", "/run/hearth-as-user", "65521", "/usr/bin/llama-server", "--socket"}));
  EXPECT_EQ(std::ranges::count(command, "/usr/bin/setpriv"), 0);
}

TEST(Environment, IsMinimal) {
  std::map<std::string, std::string> env;
  for (const auto& [name, value] : environment(plan())) env[name] = value;
  EXPECT_EQ(env["HOME"], "/run/hearth/scratch/embed");
  EXPECT_EQ(env["TMPDIR"], "/run/hearth/scratch/embed");
  EXPECT_EQ(env["OMP_NUM_THREADS"], "3");
  EXPECT_EQ(env["GOMP_SPINCOUNT"], "1000");
  EXPECT_EQ(env["PATH"], "/usr/bin:/bin");
  EXPECT_LE(env.size(), 10U);
}

TEST(Remedy, FitsTheHost) {
  const auto says = [](const HostFacts& facts, std::string_view part) {
    return sandbox_remedy(facts).find(part) != std::string::npos;
  };
  EXPECT_TRUE(says({}, "apt install bubblewrap"));
  HostFacts facts{.bubblewrap_found = true, .said = "No permissions to create a new namespace"};
  EXPECT_TRUE(says(facts, "No permissions"));
  facts.unprivileged_clone_off = true;
  EXPECT_TRUE(says(facts, "kernel.unprivileged_userns_clone=1"));
  facts.unprivileged_clone_off = false;
  facts.user_namespaces_off = true;
  EXPECT_TRUE(says(facts, "user.max_user_namespaces"));
  facts.user_namespaces_off = false;
  facts.apparmor_restricts = true;
  EXPECT_TRUE(says(facts, "AppArmor"));
  facts.apparmor_restricts = false;
  facts.chroot = true;
  EXPECT_TRUE(says(facts, "chroot"));
  facts.chroot = false;
  facts.container = true;
  EXPECT_TRUE(says(facts, "SYS_ADMIN"));
}

TEST(Seccomp, FilterIsAProgramReadableFromItsStart) {
  const auto first = seccomp_filter();
  const auto second = seccomp_filter();
  ASSERT_TRUE(first) << first.error().describe();
  ASSERT_TRUE(second);
  for (const Fd* fd : {&*first, &*second}) {
    const auto text = read_file("/proc/self/fd/" + std::to_string(fd->get()), 1 << 20);
    ASSERT_TRUE(text);
    EXPECT_GT(text->size(), 64U);
    EXPECT_EQ(text->size() % 8, 0U) << "BPF instructions have 8 bytes";
  }
}

}  // namespace
}  // namespace hearth::engines
