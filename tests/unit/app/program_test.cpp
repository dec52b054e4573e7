// The program itself, against a fake box: what people and scripts see.
#include "fake_box.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace hearth::tool {
namespace {

namespace fs = std::filesystem;

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

FakeAnswer ok(std::string body) {
  FakeAnswer answer;
  answer.body = std::move(body);
  return answer;
}
FakeAnswer with_status(int status, std::string message) {
  FakeAnswer answer;
  answer.status = status;
  answer.body = R"({"error":{"message":")" + message + R"(","type":"t","param":null,"code":"c"}})";
  return answer;
}

class ProgramTest : public testing::Test {
 protected:
  void start(FakeBox::Handler handler) { box_ = std::make_unique<FakeBox>(std::move(handler)); }

  // "hearth ARGUMENTS" in a shell, with {} replaced by the box's folder.
  Ran run(std::string arguments) {
    const fs::path folder = box_->folder();
    for (std::size_t at = 0; (at = arguments.find("{}", at)) != std::string::npos;)
      arguments.replace(at, 2, folder.string());
    const std::string command = fmt::format(
        "env -u NO_COLOR -u HEARTH_URL HEARTH_DATA={0} HEARTH_RUNTIME={0}/run {1} {2} >{0}/out 2>{0}/err </dev/null",
        folder.string(), HEARTH_PROGRAM, arguments);
    const int status = std::system(command.c_str());
    Ran ran;
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.out = read_file(folder / "out", 1U << 24U).value_or("");
    ran.err = read_file(folder / "err", 1U << 24U).value_or("");
    return ran;
  }

  std::unique_ptr<FakeBox> box_;
};

constexpr const char* kStatus =
    R"({"version":"0.1.0","pid":7,"url":"http://127.0.0.1:8420","listen":["127.0.0.1:8420"],"uptime_seconds":12.5,)"
    R"("ready":true,"waiting_for":[],"auth":"open","config_file":null,"data":"/d","memory":{"hearthd":20971520,)"
    R"("engines":1048576,"total":8589934592,"available":4294967296},"requests":{"in_flight":1,"served":2,"failed":0},)"
    R"("engines":[{"name":"speech","title":"语音 engine","state":"ready","tasks":["speech"],"memory":1048576,)"
    R"("restarts":0,"in_flight":0,"served":2,"failed":0,"last_error":null}]})";

TEST_F(ProgramTest, StatusForPeople) {
  start([](const FakeRequest&) { return ok(kStatus); });
  const Ran ran = run("status");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.out.find("http://127.0.0.1:8420"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("20.0 MiB"), std::string::npos);
  EXPECT_NE(ran.out.find("语音 engine"), std::string::npos);
  EXPECT_EQ(ran.out.find('\033'), std::string::npos) << "no colours into a file";
}

TEST_F(ProgramTest, EnginesShowTheLedgerAndWhyOneWaits) {
  start([](const FakeRequest&) {
    return ok(
        R"({"data":[{"name":"llm","title":"A model","state":"reserving","tasks":["chat"],"memory":0,)"
        R"("reserved":1073741824,"restarts":0,"why":"it needs 1.0 GiB, and ocr works","containment":"sandboxed"}],)"
        R"("memory":{"budget":4294967296,"usable":2147483648,"reserved":536870912,"measured":104857600}})");
  });
  const Ran ran = run("engines");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.out.find("100.0 MiB used, 512.0 MiB reserved, of 4.0 GiB"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("2.0 GiB at present"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("llm: it needs 1.0 GiB"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("Containment: sandboxed\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("1.0 GiB"), std::string::npos) << ran.out;
}

TEST_F(ProgramTest, StatusForPrograms) {
  start([](const FakeRequest&) { return ok(kStatus); });
  const Ran ran = run("status --json");
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.out.find(R"("url": "http://127.0.0.1:8420")"), std::string::npos) << ran.out;
}

TEST_F(ProgramTest, StatusOfABoxThatIsNotReadyYet) {
  start([](const FakeRequest&) { return ok(R"({"ready":false,"waiting_for":["engines"],"url":"u"})"); });
  const Ran ran = run("status");
  EXPECT_EQ(ran.status, 6);
  EXPECT_NE(ran.out.find("waits for engines"), std::string::npos) << ran.out;
}

constexpr const char* kHardware =
    R"({"board":"Example Mini 370","cpu":{"model":"AMD Ryzen AI 9","sockets":1,"cores":12,"threads":24,"usable":24,)"
    R"("compute_threads":12,"kinds":[{"name":"performance","cores":4,"threads":8,"max_mhz":5157},)"
    R"({"name":"efficiency","cores":8,"threads":16,"max_mhz":3300}],"caches":[{"level":3,"type":"unified",)"
    R"("size":16777216,"count":1}],"features":["AVX2"]},"memory":{"total":34359738368,"available":1073741824,)"
    R"("swap_total":0,"swap_free":0},"gpus":[{"id":"card1","name":"Radeon\u001b[2J 890M","driver":"amdgpu",)"
    R"("compute":true,"accessible":false,"shares_memory":true,"shared_total":17179869184},{"id":"card2","name":"GeForce",)"
    R"("driver":"nvidia","compute":true,"accessible":true,"shares_memory":false,"vram_total":268435456,)"
    R"("vram_at_least":true}],"npus":[{"id":"accel0","name":"AMD XDNA","driver":"amdxdna","accessible":true,)"
    R"("shares_memory":true}],"thermals":{"temperatures":[{"sensor":"k10temp","celsius":54.1,"passive":95,)"
    R"("critical":null}],"throttled":3,"cooling_now":["Processor 3 of 10"]},"energy":{"counters":[{"name":"package-0"}],)"
    R"("power":[{"sensor":"PPT","watts":9.01}]},"disks":[{"name":"sda","model":"","size":1099511627776,)"
    R"("rotational":true}],"data_space":{"total":1024,"free":512},"notes":["the supply is too weak"]})";

TEST_F(ProgramTest, HardwareForPeople) {
  start([](const FakeRequest& request) {
    EXPECT_EQ(request.target, "/admin/hardware");
    return ok(kHardware);
  });
  const Ran ran = run("hardware");
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const char* expected :
       {"Example Mini 370", "12 cores, 24 threads (4 performance up to 5.2 GHz, 8 efficiency up to 3.3 GHz)",
        "24 usable, 12 threads for one computation", "L3 1 × 16.0 MiB", "32.0 GiB, 1.0 GiB free",
        "sda 1.0 TiB spinning", "54 °C k10temp, slows down at 95", "Processor 3 of 10", "3 times since", "9.0 W PPT",
        "counted for package-0", "shares 16.0 GiB", "no access", "at least 256.0 MiB", "AMD XDNA",
        "note: the supply is too weak"})
    EXPECT_NE(ran.out.find(expected), std::string::npos) << expected << " is not in\n" << ran.out;
  EXPECT_EQ(ran.out.find('\033'), std::string::npos);
  EXPECT_NE(run("hardware --json").out.find(R"("compute_threads": 12)"), std::string::npos);
}

TEST_F(ProgramTest, HardwareThatTellsNothing) {
  start([](const FakeRequest&) { return ok("{}"); });
  EXPECT_EQ(run("hardware").status, 0);
  EXPECT_EQ(run("explain placement").out.substr(0, 24), "No engine is installed.\n");
}

TEST_F(ProgramTest, PlacementSaysWhyAndWhyNot) {
  start([](const FakeRequest& request) {
    EXPECT_EQ(request.target, "/admin/explain/placement");
    return ok(
        R"({"cores":6,"devices":[{"id":"cpu","name":"Core","obstacle":""},{"id":"gpu0","name":"Arc","obstacle":"no access"}],)"
        R"("pools":[{"name":"system","bytes":1073741824,"used":536870912}],"placements":[{"engine":"speech",)"
        R"("tasks":["speech"],"device":"cpu","memory":536870912,"threads":5,"reason":"fastest there",)"
        R"("others":[{"device":"gpu0","why_not":"no access"}]},{"engine":"big","tasks":[],"device":null,"memory":0,)"
        R"("threads":0,"reason":"no room","others":[{"device":"cpu","why_not":"its memory is taken by speech"}]}],)"
        R"("best":false})");
  });
  const Ran ran = run("explain placement");
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const char* expected : {"fastest there", "nowhere", "its memory is taken by speech", "gpu0  Arc: no access",
                               "memory: 512.0 MiB planned of 1.0 GiB", "too many ways"})
    EXPECT_NE(ran.out.find(expected), std::string::npos) << expected << " is not in\n" << ran.out;
  EXPECT_EQ(run("explain").status, 0);
  EXPECT_EQ(run("explain placment").status, 2);
}

TEST_F(ProgramTest, APackIsInstalledAndItsEnginesAreNamed) {
  start([](const FakeRequest&) {
    FakeAnswer answer;
    answer.type = "text/event-stream";
    answer.body =
        "data: {\"step\":\"download\",\"fraction\":0.5,\"detail\":\"9 MiB of 18 MiB\"}\n\n"
        "data: {\"done\":true,\"id\":\"llama.cpp-1a2b\",\"changed\":true,\"note\":\"the locked version is gone\","
        "\"engines\":[\"llama\",\"rerank\"]}\n\n";
    return answer;
  });
  const Ran ran = run("engines install llama.cpp --upgrade");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "llama.cpp: llama.cpp-1a2b is in use now.\n  the locked version is gone\n"
            "  Started in it, and well: llama, rerank\n");
  EXPECT_EQ(box_->requests().at(0).target, "/admin/packs/llama.cpp/install");
  EXPECT_EQ(box_->requests().at(0).body, R"({"upgrade":true})");
  EXPECT_EQ(run("engines install llama.cpp --from nowhere").status, 2);
  const Ran json = run("engines rollback llama.cpp --json");
  EXPECT_NE(json.out.find(R"("id": "llama.cpp-1a2b")"), std::string::npos) << json.out;
  EXPECT_EQ(box_->requests().at(1).target, "/admin/packs/llama.cpp/rollback");
  EXPECT_EQ(run("engines install llama.cpp --from oci://r.example/x:1").status, 0);
  EXPECT_EQ(box_->requests().at(2).body, R"({"upgrade":false,"from":"oci://r.example/x:1"})");
}

TEST_F(ProgramTest, APackThatFailsSaysWhyAndOneThatIsCutOffIsNoSuccess) {
  start([](const FakeRequest& request) {
    FakeAnswer answer;
    answer.type = "text/event-stream";
    answer.body = "data: {\"step\":\"canary\",\"fraction\":0,\"detail\":\"\"}\n\n";
    if (request.target.find("whisper") == std::string::npos)
      answer.body += R"(data: {"error":{"message":"the pack does not pass its canary","type":"service_unavailable",)"
                     "\"param\":null,\"code\":\"c\"}}\n\n";
    return answer;
  });
  const Ran failed = run("engines install llama.cpp");
  EXPECT_NE(failed.status, 0);
  EXPECT_EQ(failed.err, "hearth: the pack does not pass its canary\n");
  const Ran cut = run("engines install whisper.cpp");
  EXPECT_NE(cut.status, 0);
  EXPECT_NE(cut.err.find("hearth logs"), std::string::npos) << cut.err;
}

TEST_F(ProgramTest, PacksAreListedWithTheirTroubles) {
  start([](const FakeRequest&) {
    return ok(
        R"({"data":[{"name":"llama.cpp","title":"a server","installed":{"current":"llama.cpp-1","previous":"llama.cpp-0",)"
        R"("origin":"debian","suite":"forky","bytes":69206016,"files":[],"problem":""}},)"
        R"({"name":"whisper.cpp","title":"a library","installed":{"current":"","problem":"is damaged"}},)"
        R"({"name":"onnxruntime","title":"another","installed":null}]})");
  });
  const Ran ran = run("engines packs");
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const char* part : {"llama.cpp-1", "llama.cpp-0", "forky", "66.0 MiB", "whisper.cpp: is damaged", "onnxruntime"})
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << "\n" << ran.out;
}

TEST_F(ProgramTest, NothingListens) {
  start([](const FakeRequest&) { return ok("{}"); });
  const Ran ran = run("status --data /nonexistent");
  EXPECT_EQ(ran.status, 3);
  EXPECT_TRUE(ran.out.empty());
  EXPECT_NE(ran.err.find("hearthd is not running"), std::string::npos) << ran.err;
}

TEST_F(ProgramTest, AWrongCommandLine) {
  start([](const FakeRequest&) { return ok("{}"); });
  EXPECT_EQ(run("sya").status, 2);
  EXPECT_NE(run("sya").err.find("did you mean say?"), std::string::npos) << run("sya").err;
  EXPECT_EQ(run("say --spede 2 x").status, 2);
  EXPECT_NE(run("say --spede 2 x").err.find("--speed"), std::string::npos);
  EXPECT_EQ(run("listen").status, 2);
  EXPECT_EQ(run("say x --format ogg").status, 2);
  EXPECT_EQ(run("engines strat speech").status, 2);
}

TEST_F(ProgramTest, TheNameOfACommandCanBeSaid) {
  start([](const FakeRequest&) { return ok("audio"); });
  const Ran ran = run("say status");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(box_->requests().at(0).target, "/v1/audio/speech");
  EXPECT_NE(box_->requests().at(0).body.find(R"("input":"status")"), std::string::npos);
}

TEST_F(ProgramTest, ErrorsAreSentencesNotJson) {
  start([](const FakeRequest&) { return with_status(400, "The text is longer than 4096 characters."); });
  const Ran ran = run("say hello");
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(ran.err, "hearth: The text is longer than 4096 characters.\n");
  EXPECT_TRUE(ran.out.empty());
}

TEST_F(ProgramTest, ErrorsForPrograms) {
  start([](const FakeRequest&) { return with_status(429, "Busy."); });
  const Ran ran = run("say hello --json");
  EXPECT_EQ(ran.status, 6);
  EXPECT_EQ(ran.err, R"({"error":{"code":"resource_exhausted","message":"Busy."}})"
                     "\n");
}

TEST_F(ProgramTest, AnErrorCannotRepaintTheTerminal) {
  start([](const FakeRequest&) { return with_status(400, R"(\u001b[2J)"); });
  EXPECT_EQ(run("say hello").err.find('\033'), std::string::npos);
}

TEST_F(ProgramTest, KeysNewQuietPrintsTheKeyAlone) {
  start([](const FakeRequest& request) {
    EXPECT_EQ(request.body, R"({"name":"two words"})");
    return ok(R"({"id":"key_1","name":"two words","key":"hearth_abc","created_at":"2026-11-21T08:30:00Z"})");
  });
  EXPECT_EQ(run("keys new 'two words' --quiet").out, "hearth_abc\n");
  EXPECT_NE(run("keys new 'two words'").out.find("keys rm key_1"), std::string::npos);
}

TEST_F(ProgramTest, NamesInPathsAreEscaped) {
  start([](const FakeRequest&) { return ok(R"({"deleted":true})"); });
  EXPECT_EQ(run("keys rm 'a/b c?'").status, 0);
  EXPECT_EQ(box_->requests().at(0).target, "/admin/keys/a%2Fb%20c%3F");
  EXPECT_EQ(box_->requests().at(0).method, "DELETE");
}

TEST_F(ProgramTest, SpendShowsWhatIsKnownAndWhatIsNot) {
  start([](const FakeRequest&) {
    return ok(R"({"since":"2026-11-01","by":"model","prices_as_of":"2026-11-27","data":[
      {"name":"big","calls":3,"unpriced_calls":0,"currency":"USD","cost":"1.234567891","input_tokens":1000,
       "cached_tokens":10,"cache_write_tokens":0,"output_tokens":50,"unsettled_cost":"0.25","unsettled_tokens":9},
      {"name":"odd","calls":1,"unpriced_calls":1,"currency":null,"cost":"0.00","input_tokens":5,"cached_tokens":0,
       "cache_write_tokens":0,"output_tokens":1,"unsettled_cost":"0.00","unsettled_tokens":7}]})");
  });
  const std::string out = run("spend --by model --since 30d").out;
  EXPECT_EQ(box_->requests().at(0).target, "/admin/spend?by=model&since=30d");
  for (const char* shown : {"Since 2026-11-01", "1.234567 USD", "0.25 USD", "not known", "7 tokens"})
    EXPECT_NE(out.find(shown), std::string::npos) << shown << out;
  EXPECT_NE(run("spend --json").out.find("\"1.234567891\""), std::string::npos);
  EXPECT_EQ(run("spend --by colour").status, 2);
}

TEST_F(ProgramTest, BudgetsShowsWhatIsLeftAndWhatWasLost) {
  start([](const FakeRequest&) {
    return ok(R"({"data":[{"budget":"each key 2.00 USD per day","subject":"laptop","unit":"USD","limit":"2.00",
      "spent":"2.00","held":"0.00","left":"0.00","renews_at":"2026-11-28T00:00:00Z"},
      {"budget":"box 100 tokens in total","subject":"","unit":"tokens","limit":"100","spent":"40","held":"1",
       "left":"59","renews_at":null}],
      "unsettled":[{"at":"2026-11-27T10:00:00Z","key":"laptop","agent":"","upstream":"cloud","model":"big",
       "currency":"USD","cost":"0.75","tokens":100}],"prices_as_of":"2026-11-27"})");
  });
  const std::string out = run("budgets").out;
  for (const char* shown : {"each key 2.00 USD per day", "laptop", "59 tokens", "never", "went down", "0.75 USD"})
    EXPECT_NE(out.find(shown), std::string::npos) << shown << out;
}

TEST_F(ProgramTest, SayChoosesTheFormatByTheFile) {
  start([](const FakeRequest&) { return ok("OggS"); });
  EXPECT_EQ(run("say hi -o {}/x.ogg").status, 0);
  EXPECT_EQ(read_file(box_->folder() / "x.ogg", 100).value_or(""), "OggS");
  EXPECT_NE(box_->requests().at(0).body.find(R"("response_format":"opus")"), std::string::npos);
  EXPECT_EQ(run("say hi -o {}/x.doc").status, 5);
}

TEST_F(ProgramTest, AFailureLeavesNoFileBehind) {
  start([](const FakeRequest&) {
    FakeAnswer answer = ok(std::string(100000, 'x'));
    answer.manner = FakeAnswer::Manner::cut_short;
    return answer;
  });
  const Ran ran = run("say hi -o {}/x.mp3");
  EXPECT_EQ(ran.status, 3);
  for (const auto& entry : fs::directory_iterator(box_->folder()))
    EXPECT_EQ(entry.path().string().find("x.mp3"), std::string::npos) << entry.path();
}

constexpr const char* kHeard =
    "data: {\"type\":\"transcript.text.delta\",\"delta\":\"good\",\"segment_id\":\"seg_0\"}\n\n"
    "data: {\"type\":\"transcript.text.segment\",\"id\":\"seg_0\",\"start\":0,\"end\":1.5,\"text\":\"good\"}\n\n"
    "data: {\"type\":\"transcript.text.segment\",\"id\":\"seg_1\",\"start\":1.5,\"end\":2,\"text\":\"morning\"}\n\n"
    "data: {\"type\":\"transcript.text.done\",\"text\":\"good "
    "morning\",\"usage\":{\"type\":\"duration\",\"seconds\":2}}\n\n";

TEST_F(ProgramTest, ListenWritesSubtitles) {
  start([](const FakeRequest&) {
    FakeAnswer answer = ok(kHeard);
    answer.type = "text/event-stream";
    return answer;
  });
  std::ofstream(box_->folder() / "in.wav") << "RIFF";
  const Ran ran = run("listen {}/in.wav --format srt");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "1\n00:00:00,000 --> 00:00:01,500\ngood\n\n2\n00:00:01,500 --> 00:00:02,000\nmorning\n\n");
  EXPECT_EQ(run("listen {}/in.wav").out, "good\nmorning\n");
  EXPECT_TRUE(ran.err.empty()) << "no progress bar into a file";
}

TEST_F(ProgramTest, ListenReadsStandardInput) {
  start([](const FakeRequest&) { return ok(kHeard); });
  std::ofstream(box_->folder() / "in.wav") << "RIFFsound";
  const std::string command =
      fmt::format("cat {0}/in.wav | {1} listen - --data {0} > {0}/text", box_->folder().string(), HEARTH_PROGRAM);
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(read_file(box_->folder() / "text", 100).value_or(""), "good\nmorning\n");
  EXPECT_NE(box_->requests().at(0).body.find("RIFFsound"), std::string::npos);
}

TEST_F(ProgramTest, AStreamThatBreaksOffIsAFailure) {
  start([](const FakeRequest&) { return ok(std::string(kHeard, 300)); });
  std::ofstream(box_->folder() / "in.wav") << "RIFF";
  EXPECT_EQ(run("listen {}/in.wav").status, 3);
}

TEST_F(ProgramTest, FilesThatAreNotThere) {
  start([](const FakeRequest&) { return ok("{}"); });
  EXPECT_EQ(run("listen {}/none.wav").status, 5);
  EXPECT_NE(run("listen {}/none.wav").err.find("There is no file"), std::string::npos);
  EXPECT_EQ(run("see {}").status, 5);
  EXPECT_TRUE(box_->requests().empty());
}

TEST_F(ProgramTest, WhoReadsTheOutputMayLeave) {
  start([](const FakeRequest&) { return ok(std::string(8U << 20U, 'x')); });
  const std::string command =
      fmt::format("{{ {1} say hi --data {0}; echo $? >{0}/status; }} 2>{0}/err | head -c 1 >/dev/null",
                  box_->folder().string(), HEARTH_PROGRAM);
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(read_file(box_->folder() / "status", 100).value_or(""), "141\n");
  EXPECT_EQ(read_file(box_->folder() / "err", 100).value_or("?"), "") << "silent";
}

TEST_F(ProgramTest, AnInterruptStopsAtOnceAndTidiesUp) {
  start([](const FakeRequest&) {
    FakeAnswer answer = ok(std::string(100000, 'x'));
    answer.manner = FakeAnswer::Manner::stall;
    return answer;
  });
  const std::string folder = box_->folder().string();
  const std::string file = folder + "/x.mp3";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::execl(HEARTH_PROGRAM, "hearth", "say", "hi", "--data", folder.c_str(), "-o", file.c_str(), nullptr);
    ::_exit(127);
  }
  box_->wait_for_request();
  ::kill(child, SIGINT);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT) << "the shell must learn that it was interrupted";
  for (const auto& entry : fs::directory_iterator(folder))
    EXPECT_EQ(entry.path().string().find("x.mp3"), std::string::npos) << entry.path();
}

TEST_F(ProgramTest, EmbedKeepsTheOrderOfLinesAndBlankOnes) {
  start([](const FakeRequest& request) {
    EXPECT_NE(request.body.find(R"("input":["one","three"])"), std::string::npos) << request.body;
    return ok(R"({"data":[{"index":1,"embedding":"AAAAQAAAAAA="},{"index":0,"embedding":"AACAPwAAAAA="}]})");
  });
  std::ofstream(box_->folder() / "lines") << "one\n\nthree\n";
  EXPECT_EQ(run("embed {}/lines").out, "[1,0]\n[0,0]\n[2,0]\n");
  EXPECT_EQ(run("embed {}/lines --format tsv").out, "1\t0\n0\t0\n2\t0\n");
  EXPECT_EQ(run("embed {}/lines --format npy -o {}/v.npy").status, 0);
  const std::string npy = read_file(box_->folder() / "v.npy", 1000).value_or("");
  EXPECT_EQ(npy.size(), 128U + 3U * 2U * 4U);
  EXPECT_NE(npy.find("(3, 2)"), std::string::npos);
  EXPECT_EQ(run("embed {}/lines --format npy").out, npy) << "a pipe gets the same file";
}

TEST_F(ProgramTest, ReadShowsPagesAndSeparatesThem) {
  start([](const FakeRequest&) {
    return ok(
        R"({"pages":[{"index":0,"markdown":"# A","text":"A"},{"index":1,"markdown":"B","text":"B"}],"model":"m"})");
  });
  std::ofstream(box_->folder() / "in.png") << "\x89PNG";
  EXPECT_EQ(run("read {}/in.png").out, "A\n\nB\n");
  EXPECT_EQ(run("read {}/in.png -f markdown").out, "# A\n\nB\n");
  EXPECT_NE(run("read {}/in.png --json").out.find(R"("markdown": "# A")"), std::string::npos);
}

TEST_F(ProgramTest, APdfIsReadAPageAtATime) {
  start([](const FakeRequest& request) {
    if (request.target == "/v1/files") return ok(R"({"id":"file-1"})");
    if (request.method == "DELETE") return ok(R"({"deleted":true})");
    EXPECT_NE(request.body.find(R"("file_id":"file-1")"), std::string::npos) << request.body;
    const bool first = request.body.find(R"("pages":[0])") != std::string::npos;
    FakeAnswer answer =
        ok(first ? R"({"pages":[{"index":0,"markdown":"A"}]})" : R"({"pages":[{"index":1,"markdown":"B"}]})");
    answer.headers = "X-Document-Pages: 2\r\n";
    return answer;
  });
  std::ofstream(box_->folder() / "in.pdf") << "%PDF-1.4";
  EXPECT_EQ(run("read {}/in.pdf").out, "A\n\nB\n");
  const auto requests = box_->requests();
  ASSERT_EQ(requests.size(), 4U) << "sent once, read twice, forgotten";
  EXPECT_EQ(requests[3].target, "/v1/files/file-1");
}

TEST_F(ProgramTest, APageThatIsNotThereIsNamedAsPeopleCount) {
  start([](const FakeRequest& request) {
    if (request.target != "/v1/ocr") return ok(R"({"id":"file-1"})");
    FakeAnswer answer;
    answer.status = 400;
    answer.body =
        R"({"error":{"message":"page 6 does not exist","type":"t","param":"document","code":"page_out_of_range"}})";
    return answer;
  });
  std::ofstream(box_->folder() / "in.pdf") << "%PDF-1.4";
  const Ran ran = run("read {}/in.pdf --pages 7");
  EXPECT_EQ(ran.status, 5);
  EXPECT_EQ(ran.err, "hearth: The document has no page 7\n");
}

TEST_F(ProgramTest, SeePicturesAreWrittenAndNotPrinted) {
  start([](const FakeRequest&) {
    return ok(R"({"data":[{"index":0,"width":4,"height":3,"annotated_image":"UE5H","detections":[)"
              R"({"label":"person","score":0.9,"box":{"x":1,"y":1,"width":2,"height":2}}]}]})");
  });
  std::ofstream(box_->folder() / "in.jpg") << "JPEG";
  const Ran ran = run("see {}/in.jpg -o {}/out.png --json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read_file(box_->folder() / "out.png", 100).value_or(""), "PNG");
  EXPECT_EQ(ran.out.find("UE5H"), std::string::npos);
  EXPECT_NE(box_->requests().at(0).body.find("name=\"annotate\"\r\n\r\ntrue"), std::string::npos);
  EXPECT_NE(run("see {}/in.jpg").out.find("1 person"), std::string::npos);
}

TEST_F(ProgramTest, TheTourSaysWhatIsMissing) {
  start([](const FakeRequest&) { return ok("{}"); });
  fs::create_directories(box_->folder() / "empty");
  const Ran ran = run("tour --json --only search");
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.out.find(R"("ok": false)"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find(R"("problem")"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace hearth::tool
