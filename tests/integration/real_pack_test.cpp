// Debian's own programs in packs from Debian's mirror.
#include "engine_bench.h"

#include <hearth/engines/pack.h>

#include <fstream>

namespace hearth::test {
namespace {

// llama-server under the supervisor. Without a model it still answers /health.
CO_TEST(RealPack, RunsDebiansLlamaServer) {
  const auto root = engines::current_pack(HEARTH_PACKS, "llama.cpp");
  CO_ASSERT(root);
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "engines/llama");
  std::ofstream(folder.path() / "engines/llama/engine.yaml")
      << "name: llama\npack: llama.cpp\nprogram: /usr/bin/llama-server\nargs: [--host, '{socket}', --threads, "
         "'{threads}']\nmodels: [{id: none, task: media}]\nmemory: 2 GiB\nstart_deadline: 1h\n"
         "canary: {path: /props, expect: 'Debian'}\n";
  std::vector<engines::EngineSpec> specs;
  for (auto& manifest : engines::discover(folder.path() / "engines").manifests) specs.push_back({manifest, {}});
  engines::SupervisorOptions options;
  options.runtime = folder.path() / "run";
  options.packs = HEARTH_PACKS;
  options.containment = containment();
  net::BlockingPool pool(1, 16);
  engines::Supervisor supervisor(co_await boost::asio::this_coro::executor, options, std::move(specs));
  const auto started = co_await supervisor.start(pool);
  EXPECT_TRUE(started);
  const auto ready = co_await supervisor.start_engine("llama", Deadline::in(kEndless));
  EXPECT_TRUE(ready) << ready.error().describe();
  EXPECT_EQ(supervisor.snapshot().at(0).pack, root->id);
  co_await supervisor.stop(Deadline::in(kEndless));
}

}  // namespace
}  // namespace hearth::test
