// Pulling from a real web server: ranges, cuts, redirects, lies, and a hub's API in its true shape.
#include "pull_bench.h"

#include <faulty_disk.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>

namespace hearth::models {
namespace {

using Kind = PullEvent::Kind;

class FromNginx : public PullTest {
 protected:
  void serve_hub(const std::string& more = {}, const std::string& http = {}) {
    nginx_ = std::make_unique<Nginx>(kHubLocations + more, http);
    options_.hugging_face = nginx_->url("");
    publish(model_);
  }
  void publish(const std::string& bytes) {
    nginx_->put("api/info.json", hub_info());
    nginx_->put("api/tree.json", hub_tree("tiny-Q8_0.gguf", bytes.size(), sha256_hex(bytes)));
    nginx_->put("files/tiny-Q8_0.gguf", bytes);
  }
  std::uint64_t file_bytes_served() const {
    std::uint64_t sum = 0;
    for (const auto& s : nginx_->served()) sum += s.uri.starts_with("/cdn/") ? s.bytes : 0;
    return sum;
  }

  std::string model_ = tiny_model();
  std::unique_ptr<Nginx> nginx_;
};

TEST_F(FromNginx, HubModelComesInParallelRangesAndIsPinned) {
  serve_hub();
  const auto done = pull("hf:org/repo");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->name, "repo");
  EXPECT_EQ(done->task, "chat");
  EXPECT_EQ(done->revision, kCommit);
  EXPECT_EQ(done->licence, "apache-2.0");
  EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model_);
  std::set<std::string> ranges;
  for (const auto& s : nginx_->served())
    if (s.uri.starts_with("/cdn/")) ranges.insert(s.range);
  EXPECT_GE(ranges.size(), 4U);
  EXPECT_EQ(file_bytes_served(), model_.size());
  EXPECT_TRUE(*store_->pin("hf:org/repo#tiny-Q8_0.gguf"));
  EXPECT_GE(count(Kind::progress), 1U);
  EXPECT_EQ(count(Kind::verifying), 1U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "models/partial"));
  // Again: nothing to do, and nobody is asked.
  const std::size_t before = nginx_->served().size();
  ASSERT_TRUE(pull("hf:org/repo"));
  EXPECT_TRUE(events_.back().was_there);
  EXPECT_EQ(nginx_->served().size(), before);
}

TEST_F(FromNginx, DamagedModelIsPulledAgain) {
  serve_hub();
  ASSERT_TRUE(pull("hf:org/repo"));
  const std::filesystem::path file = folder_ / "models/repo/tiny-Q8_0.gguf";
  const std::vector<std::function<void()>> harms{
      [&] { std::filesystem::resize_file(file, model_.size() / 2); },
      [&] { std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << "not a model's header"; },
      [&] { std::filesystem::remove(file); },
  };
  for (const auto& harm : harms) {
    std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    harm();
    const auto again = pull("hf:org/repo");
    ASSERT_TRUE(again) << again.error().describe();
    EXPECT_FALSE(events_.back().was_there);
    EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model_);
  }
}

TEST_F(FromNginx, SmallFilesAreCheckedByGitsName) {
  serve_hub();
  const std::string config = "{\"a\": 1}\n";
  const auto tree = [&](const std::string& oid) {
    return hub_tree("onnx/model.onnx", model_.size(), sha256_hex(model_),
                    R"({"type":"file","oid":")" + oid + R"(","size":9,"path":"config.json"},)");
  };
  // printf '{"a": 1}\n' | git hash-object --stdin
  nginx_->put("files/config.json", config);
  nginx_->put("files/onnx/model.onnx", model_);
  nginx_->put("api/tree.json", tree("b61841d6d1fba92a5e0b1ff9c7e9eec0d1b6d4b1"));
  const auto wrong = pull("hf:org/repo");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().describe().find("git calls it"), std::string::npos) << wrong.error().describe();
  EXPECT_TRUE(store_->list().empty());
  const auto oid = wrong.error().describe().substr(wrong.error().describe().find("git calls it ") + 13, 40);
  nginx_->put("api/tree.json", tree(oid));
  const auto done = pull("hf:org/repo");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("repo", "config.json"), config);
}

TEST_F(FromNginx, ServerWithoutRangesIsReadFromFrontToBack) {
  nginx_ = std::make_unique<Nginx>(R"(
    location = /api/models/org/repo { alias {ROOT}/api/info.json; }
    location ~ ^/api/models/org/repo/tree/ { alias {ROOT}/api/tree.json; }
    location ~ ^/org/repo/resolve/[0-9a-f]+/(.*)$ { return 302 /cdn/$1; }
    location /cdn/ { max_ranges 0; alias {ROOT}/files/; })");
  options_.hugging_face = nginx_->url("");
  publish(model_);
  const auto done = pull("hf:org/repo");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model_);
}

TEST_F(FromNginx, GoesOnWhereItWasWhenTheServerIsCutOff) {
  model_ = tiny_model(4096);
  nginx_ = std::make_unique<Nginx>(kHubLocations.substr(0, kHubLocations.find("location /cdn/")) +
                                   "location /cdn/ { limit_rate 512k; alias {ROOT}/files/; }");
  options_.hugging_face = nginx_->url("");
  options_.failures = 200;  // the server is away for as long as a loaded machine takes to start it
  publish(model_);
  PullRequest request;
  request.source = "hf:org/repo";
  const auto job = puller().pull(request);
  ASSERT_TRUE(job);
  int cuts = 0;
  const auto done = finish(**job, [&](const PullEvent& event) {
    if (event.kind != Kind::progress || event.done < model_.size() * static_cast<std::uint64_t>(cuts + 1) / 4 ||
        cuts >= 3)
      return;
    ++cuts;
    nginx_->stop();
    nginx_->start();
  });
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(cuts, 3);
  EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model_);
}

TEST_F(FromNginx, StoppedPullGoesOnWhenAskedAgain) {
  model_ = tiny_model(4096);
  nginx_ = std::make_unique<Nginx>(kHubLocations.substr(0, kHubLocations.find("location /cdn/")) +
                                   "location /cdn/ { limit_rate 512k; alias {ROOT}/files/; }");
  options_.hugging_face = nginx_->url("");
  publish(model_);
  PullRequest request;
  request.source = "hf:org/repo";
  const auto job = puller().pull(request);
  ASSERT_TRUE(job);
  const auto stopped = finish(**job, [&](const PullEvent& event) {
    if (event.kind == Kind::progress && event.done > model_.size() / 2) (*job)->cancel();
  });
  ASSERT_FALSE(stopped);
  EXPECT_TRUE(stopped.error().is(Errc::cancelled)) << stopped.error().describe();
  EXPECT_TRUE(store_->list().empty());
  open_store();  // as after a restart
  const std::uint64_t before = file_bytes_served();
  ASSERT_TRUE(pull(request)) << events_.back().message;
  EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model_);
  EXPECT_LT(file_bytes_served() - before, model_.size() * 6 / 10);
}

// Whatever operation of the disk fails, or is the last before the power goes: no half model, and the next pull
// succeeds.
TEST_F(FromNginx, DiskThatFailsAtAnyPointLeavesNoHalfModel) {
  model_ = tiny_model(1);  // as small as it gets: some 170 KiB, so three ranges
  serve_hub();
  for (const FaultyDisk::Then then : {FaultyDisk::Then::works_again, FaultyDisk::Then::dead}) {
    for (int n = 0;; ++n) {
      FaultyDisk faulty;
      const auto root = folder_ / fmt::format("store-{}-{}", static_cast<int>(then), n);
      auto store = ModelStore::open(root, store_options_, faulty);
      ASSERT_TRUE(store);
      faulty.fail_at(n, then);
      {
        auto puller = Puller::start(**store, catalogue_, options_);
        ASSERT_TRUE(puller);
        const auto job = (*puller)->pull({.source = "hf:org/repo", .name = {}, .task = {}});
        ASSERT_TRUE(job);
        const auto done = finish(**job);
        ASSERT_TRUE(done || faulty.has_failed()) << done.error().describe();
      }
      FaultyDisk sound;
      auto again = ModelStore::open(root, store_options_, sound);
      ASSERT_TRUE(again) << again.error().describe();
      ASSERT_TRUE((*again)->verify("", {})->broken.empty()) << "operation " << n;
      auto puller = Puller::start(**again, catalogue_, options_);
      ASSERT_TRUE(puller);
      const auto job = (*puller)->pull({.source = "hf:org/repo", .name = {}, .task = {}});
      ASSERT_TRUE(job);
      const auto done = finish(**job);
      ASSERT_TRUE(done) << "operation " << n << ": " << done.error().describe();
      ASSERT_EQ(read_file(root / "repo/tiny-Q8_0.gguf", 1U << 30U).value_or(""), model_) << "operation " << n;
      if (!faulty.has_failed()) {
        EXPECT_GT(n, 20);  // the countdown went through all of it
        break;
      }
    }
  }
}

TEST_F(FromNginx, ServerThatSendsNothingIsGivenUpOn) {
  serve_hub("location /slow/ { limit_rate 1; alias {ROOT}/files/; }");
  options_.stall_time = Seconds(1);
  options_.failures = 2;
  const std::string why = failure(
      {.source = nginx_->url("/slow/tiny-Q8_0.gguf") + "#sha256=" + sha256_hex(model_), .name = {}, .task = {}});
  EXPECT_NE(why.find("sends nothing any more"), std::string::npos) << why;
}

TEST_F(FromNginx, ChangedSourceIsAnErrorThatSaysSo) {
  serve_hub();
  ASSERT_TRUE(pull("hf:org/repo"));
  ASSERT_TRUE(store_->remove("repo"));
  model_ = tiny_model(1024, 2);
  publish(model_);
  PullRequest request;
  request.source = "hf:org/repo";
  const std::string why = failure(request);
  EXPECT_NE(why.find("is not what it was when it was first pulled"), std::string::npos) << why;
  EXPECT_NE(why.find("--accept-change"), std::string::npos) << why;
  request.accept_change = true;
  ASSERT_TRUE(pull(request));
  EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model_);
}

TEST_F(FromNginx, WrongBytesAreThrownAwayAndFetchedOnceMore) {
  serve_hub();
  std::string wrong = model_;
  wrong.back() = static_cast<char>(wrong.back() ^ 1);
  nginx_->put("files/tiny-Q8_0.gguf", wrong);
  const std::string why = failure({.source = "hf:org/repo", .name = {}, .task = {}});
  EXPECT_NE(why.find("is not what it should be"), std::string::npos) << why;
  EXPECT_EQ(file_bytes_served(), 2 * model_.size());
  EXPECT_TRUE(store_->list().empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "models/partial"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "models/blobs"));
}

TEST_F(FromNginx, WrongLengthIsToldBeforeAnythingIsTaken) {
  serve_hub();
  nginx_->put("api/tree.json", hub_tree("tiny-Q8_0.gguf", model_.size() + 1, sha256_hex(model_)));
  const std::string why = failure({.source = "hf:org/repo", .name = {}, .task = {}});
  EXPECT_NE(why.find("were promised"), std::string::npos) << why;
}

TEST_F(FromNginx, BrokenModelIsRefusedWithTheReason) {
  model_ = tiny_model().substr(0, 50'000);  // its digest is right, but half of it is missing
  serve_hub();
  const std::string why = failure({.source = "hf:org/repo", .name = {}, .task = {}});
  EXPECT_NE(why.find("is refused"), std::string::npos) << why;
  EXPECT_EQ(file_bytes_served(), 2 * model_.size());  // once more, in case it was the disk
  EXPECT_TRUE(store_->list().empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "models/blobs"));
}

TEST_F(FromNginx, UrlNeedsADigestOrInsistence) {
  serve_hub();
  const std::string url = nginx_->url("/files/tiny-Q8_0.gguf");
  const std::string why = failure({.source = url, .name = {}, .task = {}});
  EXPECT_NE(why.find("--insist"), std::string::npos) << why;
  ASSERT_TRUE(pull(url + "#sha256=" + sha256_hex(model_)));
  EXPECT_EQ(installed_bytes("tiny-q8_0", "tiny-Q8_0.gguf"), model_);
  ASSERT_TRUE(store_->remove("tiny-q8_0"));
  // From now on the pin vouches.
  ASSERT_TRUE(pull(url));
  const std::string other = nginx_->url("/files/other.gguf");
  nginx_->put("files/other.gguf", model_);
  PullRequest insisting{.source = other, .name = {}, .task = {}, .insist = true};
  ASSERT_TRUE(pull(insisting));
  EXPECT_TRUE(*store_->pin(other + "#other.gguf"));
}

TEST_F(FromNginx, RedirectsEnd) {
  serve_hub("location /loop/ { return 302 /loop/$request_id.gguf; } location /nowhere { return 302 ftp://x/y.gguf; }");
  PullRequest request{.source = nginx_->url("/loop/x.gguf"), .name = {}, .task = {}, .insist = true};
  EXPECT_NE(failure(request).find("redirects more than"), std::string::npos);
  request.source = nginx_->url("/nowhere.gguf");
  EXPECT_NE(failure(request).find("redirects to nowhere"), std::string::npos);
}

TEST_F(FromNginx, FromHttpsNobodyIsSentToPlainHttp) {
  const std::string key = (folder_ / "key.pem").string();
  options_.ca_file = (folder_ / "cert.pem").string();
  const std::string make = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
      "-addext subjectAltName=IP:127.0.0.1 -keyout {} -out {} 2>/dev/null",
      key, options_.ca_file);
  ASSERT_EQ(std::system(make.c_str()), 0);
  const std::uint16_t port = free_port();
  Nginx plain("location / { }");
  plain.put("tiny.gguf", model_);
  nginx_ = std::make_unique<Nginx>("location /x { }",
                                   fmt::format(R"(
    server {{
      listen 127.0.0.1:{} ssl; ssl_certificate {}; ssl_certificate_key {};
      location /down/ {{ return 302 {}/tiny.gguf; }}
      location /up/ {{ return 302 /files/tiny.gguf; }}
      location /files/ {{ alias {}/; }}
    }})",
                                               port, options_.ca_file, key, plain.url(""), plain.root().string()));
  const std::string base = fmt::format("https://127.0.0.1:{}", port);
  const std::string digest = "#sha256=" + sha256_hex(model_);
  const std::string why = failure({.source = base + "/down/tiny.gguf" + digest, .name = {}, .task = {}});
  EXPECT_NE(why.find("from https to plain http"), std::string::npos) << why;
  ASSERT_TRUE(pull(base + "/up/tiny.gguf" + digest)) << events_.back().message;
  EXPECT_EQ(installed_bytes("tiny", "tiny.gguf"), model_);
  options_.ca_file.clear();
  puller_.reset();
  const std::string untrusted = failure({.source = base + "/up/other.gguf" + digest, .name = {}, .task = {}});
  EXPECT_NE(untrusted.find("no certificate that this box trusts"), std::string::npos) << untrusted;
}

TEST_F(FromNginx, PlainHttpToTheWorldIsRefused) {
  const std::string why =
      failure({.source = "http://192.0.2.1/x.gguf#sha256=" + std::string(64, 'a'), .name = {}, .task = {}});
  EXPECT_NE(why.find("plain http"), std::string::npos) << why;
}

TEST_F(FromNginx, RefusalsAreToldAndTroubleIsWaitedOut) {
  serve_hub(R"(
    location /gone/ { return 404; }
    location /secret/ { return 403; }
    location /trouble/ { return 500; }
    location /often/ { limit_req zone=slow nodelay; limit_req_status 429; alias {ROOT}/files/; })",
            "limit_req_zone $server_name zone=slow:1m rate=40r/s;");
  const std::string digest = "#sha256=" + sha256_hex(model_);
  const auto why = [&](const std::string& path) {
    return failure({.source = nginx_->url(path) + digest, .name = {}, .task = {}});
  };
  EXPECT_NE(why("/gone/tiny.gguf").find("404"), std::string::npos);
  EXPECT_NE(why("/secret/tiny.gguf").find("403"), std::string::npos);
  EXPECT_NE(why("/trouble/tiny.gguf").find("cannot be downloaded now"), std::string::npos);
  EXPECT_GE(count(Kind::retrying), 1U);
  std::size_t asked = 0;
  for (const auto& s : nginx_->served()) asked += s.status == 500 ? 1 : 0;
  EXPECT_EQ(asked, static_cast<std::size_t>(options_.failures));
  puller_.reset();
  options_.failures = 100;
  ASSERT_TRUE(pull(nginx_->url("/often/tiny-Q8_0.gguf") + digest)) << events_.back().message;
  EXPECT_EQ(installed_bytes("tiny-q8_0", "tiny-Q8_0.gguf"), model_);
}

TEST_F(FromNginx, OneFileIsDownloadedOnceForAllWhoWantIt) {
  model_ = tiny_model(2048);
  serve_hub();
  std::vector<std::shared_ptr<PullJob>> jobs;
  for (int i = 0; i < 4; ++i) {
    auto job = puller().pull({.source = "hf:org/repo", .name = "copy-" + std::to_string(i), .task = {}});
    ASSERT_TRUE(job);
    jobs.push_back(*job);
  }
  for (const auto& job : jobs) ASSERT_TRUE(finish(*job)) << events_.back().message;
  EXPECT_EQ(file_bytes_served(), model_.size());
  EXPECT_EQ(store_->list().size(), 4U);
}

TEST_F(FromNginx, SpaceIsAskedForFirst) {
  serve_hub();
  store_options_.quota = model_.size() / 2;
  open_store();
  const std::string why = failure({.source = "hf:org/repo", .name = {}, .task = {}});
  EXPECT_NE(why.find("models.quota"), std::string::npos) << why;
  store_options_ = {.quota = 0, .keep_free = std::uint64_t{1} << 60U};
  open_store();
  const std::string full = failure({.source = "hf:org/repo", .name = {}, .task = {}});
  EXPECT_NE(full.find("are missing"), std::string::npos) << full;
  EXPECT_EQ(file_bytes_served(), 0U);
}

TEST_F(FromNginx, ModelScopeListIsUnderstood) {
  nginx_ = std::make_unique<Nginx>(R"(
    location = /api/v1/models/org/repo/repo/files { alias {ROOT}/list.json; }
    location /models/org/repo/resolve/master/ { alias {ROOT}/files/; })");
  options_.model_scope = nginx_->url("");
  nginx_->put("files/tiny-q4_k_m.gguf", model_);
  nginx_->put(
      "list.json",
      fmt::format(
          R"({{"Code":200,"Data":{{"Files":[{{"Name":"tiny-q4_k_m.gguf","Path":"tiny-q4_k_m.gguf","Type":"blob","Size":{},"Sha256":"{}"}}]}},"Message":"success"}})",
          model_.size(), sha256_hex(model_)));
  const auto done = pull("ms:org/repo");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("repo", "tiny-q4_k_m.gguf"), model_);
}

TEST_F(FromNginx, CatalogueDecidesAndItsDigestCounts) {
  serve_hub();
  CatalogueEntry entry;
  entry.name = "tiny";
  entry.task = "chat";
  entry.source = "hf:org/repo";
  entry.format = "gguf";
  entry.licence = "cc-by-nc-4.0";
  entry.commercial = false;
  entry.memory = 1000;
  entry.files = {{"model", "tiny-Q8_0.gguf", sha256_hex("something else")}};
  catalogue_ = Catalogue({entry});
  EXPECT_NE(failure({.source = "tiny", .name = {}, .task = {}}).find("another file than the catalogue knows"),
            std::string::npos);
  EXPECT_NE(failure({.source = "tiy", .name = {}, .task = {}}).find("did you mean tiny?"), std::string::npos);
  puller_.reset();
  entry.files.front().sha256 = sha256_hex(model_);
  catalogue_ = Catalogue({entry});
  const auto done = pull("tiny");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->name, "tiny");
  EXPECT_FALSE(done->commercial);
  EXPECT_EQ(done->memory, 1000U);
}

TEST_F(FromNginx, LocalFileIsCopiedAndChecked) {
  const auto file = folder_ / "own-model.gguf";
  ASSERT_TRUE(disk_.write_file(file, model_));
  const auto done = pull(file.string());
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->name, "own-model");
  EXPECT_EQ(installed_bytes("own-model", "own-model.gguf"), model_);
  EXPECT_NE(failure({.source = "/nonexistent/x.gguf", .name = {}, .task = {}}).find("sees no file"), std::string::npos);
}

TEST_F(FromNginx, RefusalsAndRedirectsWithoutAnEndAreNotWaitedFor) {
  serve_hub();
  const std::string filler(1024, '.');
  {
    const LyingServer liar([&](const std::string&, int) { return "HTTP/1.1 404 Not Found\r\n\r\n" + filler; },
                           LyingServer::Then::go_on);
    EXPECT_NE(failure({.source = liar.url("/x.gguf"), .name = {}, .task = {}, .insist = true}).find("404"),
              std::string::npos);
  }
  {
    const std::string there = nginx_->url("/files/tiny-Q8_0.gguf");
    const LyingServer liar(
        [&](const std::string&, int) { return "HTTP/1.1 302 Found\r\nLocation: " + there + "\r\n\r\n" + filler; },
        LyingServer::Then::go_on);
    ASSERT_TRUE(pull({.source = liar.url("/x.gguf"), .name = {}, .task = {}, .insist = true}))
        << events_.back().message;
  }
  {
    const LyingServer liar(
        [&](const std::string&, int) { return "HTTP/1.1 200 OK\r\nA: " + std::string(1019, 'x') + "\r\n"; },
        LyingServer::Then::go_on);
    const std::string why = failure({.source = liar.url("/x.gguf"), .name = {}, .task = {}, .insist = true});
    EXPECT_NE(why.find("without an end"), std::string::npos) << why;
  }
}

// ── What no proper server says

std::string partial(std::string_view range, const std::string& body, std::size_t length) {
  return fmt::format(
      "HTTP/1.1 206 Partial Content\r\nContent-Range: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", range,
      length, body);
}

TEST_F(FromNginx, LiesAreFoundOut) {
  const auto told = [&](const std::function<std::string(const std::string&, int)>& answer) {
    const LyingServer liar(answer);
    PullRequest request{.source = liar.url("/x.gguf"), .name = {}, .task = {}, .insist = true};
    return failure(request);
  };
  const std::string kb(1024, 'x');
  EXPECT_NE(told([&](const std::string&, int) { return partial("bytes 5-1028/4096", kb, 1024); }).find("another part"),
            std::string::npos);
  EXPECT_NE(
      told([&](const std::string&, int) { return partial("bytes 0-9/4096", kb, 1024); }).find("more than it said"),
      std::string::npos);
  EXPECT_NE(told([&](const std::string&, int) { return partial("gibberish", kb, 1024); }).find("another part"),
            std::string::npos);
  EXPECT_NE(told([&](const std::string&, int) {
              return "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nConnection: close\r\n\r\n" + kb;
            }).find("cannot be downloaded now"),
            std::string::npos);
  EXPECT_NE(told([&](const std::string&, int) {
              return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + kb;
            }).find("encoded"),
            std::string::npos);
  EXPECT_NE(told([&](const std::string&, int) { return std::string("nonsense\r\n\r\n"); }).find("no HTTP"),
            std::string::npos);
  // Another tag each time: the halves are of different files.
  EXPECT_NE(told([&](const std::string&, int n) {
              std::string answer = partial("bytes 0-1023/4096", kb, 1024);
              answer.insert(answer.find("Content-Length"), fmt::format("ETag: \"{}\"\r\n", n));
              return answer;
            }).size(),
            0U);
  expect_no_half_model();
}

}  // namespace
}  // namespace hearth::models
