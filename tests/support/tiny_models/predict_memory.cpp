// predict_memory FILE [OPTION=VALUE …]: what a model file says of itself and the memory it will take, as tab-separated
// values; tools/measure-models compares that with what engines take.
#include <hearth/models/fit.h>
#include <hearth/models/model_file.h>

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace {

bool apply(std::string_view argument, hearth::models::RunOptions& options) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = argument.substr(0, equals);
  const std::string_view value = argument.substr(equals + 1);
  if (key == "cache_type") {
    options.key_type = options.value_type = value;
    return true;
  }
  const std::map<std::string_view, std::uint32_t*> numbers{{"context", &options.context},
                                                           {"slots", &options.slots},
                                                           {"batch", &options.batch},
                                                           {"threads", &options.threads}};
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return false;
  if (key == "repack") options.repack = number != 0;
  if (key == "flash_attention") options.flash_attention = number != 0;
  if (key == "repack" || key == "flash_attention") return true;
  const auto target = numbers.find(key);
  if (target == numbers.end()) return false;
  *target->second = number;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  hearth::models::RunOptions options;
  for (int i = 2; i < argc; ++i) {
    if (apply(argv[i], options)) continue;
    fmt::print(stderr, "predict_memory: I don't understand '{}'\n", argv[i]);
    return 2;
  }
  if (argc < 2) {
    fmt::print(
        stderr,
        "usage: predict_memory FILE [context= slots= batch= threads= cache_type= repack=1|0 flash_attention=1|0]\n");
    return 2;
  }
  const auto facts = hearth::models::inspect_model(argv[1]);
  if (!facts) {
    fmt::print(stderr, "predict_memory: {}\n", facts.error().describe());
    return 1;
  }
  const auto need = hearth::models::predict_memory(*facts, options);
  if (!need) {
    fmt::print(stderr, "predict_memory: {}\n", need.error().describe());
    return 1;
  }
  fmt::print(
      "task\t{}\nquantisation\t{}\nparameters\t{}\nweights\t{}\ncache\t{}\ncompute\t{}\nprogram\t{}\ntotal\t{}"
      "\ntrust\t{}\n",
      to_string(facts->task), facts->quantisation, facts->parameters, need->weights, need->cache, need->compute,
      need->program, need->total(), to_string(need->trust));
  return 0;
}
