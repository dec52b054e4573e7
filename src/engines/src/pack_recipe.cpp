#include <hearth/core/file.h>
#include <hearth/engines/pack.h>
#include <hearth/yaml/fields.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;
using yaml::Fields;

constexpr std::size_t kMaxRecipe = 8 * 1024;
constexpr std::size_t kMaxList = 32;

bool is_debian_name(std::string_view name) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  return name.size() > 1 && name.front() != '-' && std::ranges::all_of(name, ok);
}

Result<void> read_canary(Recipe& recipe, const Fields& fields, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const Fields canary,
                    Fields::of(fields.node("canary"), origin, "canary", {"program", "expect", "libraries"}));
  HEARTH_TRY_ASSIGN(recipe.canary_program, canary.texts("program", kMaxList));
  HEARTH_TRY_ASSIGN(recipe.canary_libraries, canary.texts("libraries", kMaxList));
  HEARTH_TRY_ASSIGN(auto expect, canary.text("expect"));
  recipe.canary_expect = std::move(expect).value_or("");
  if (recipe.canary_program.empty() == recipe.canary_libraries.empty())
    return fail(canary.wrong("program", "give either a program or libraries"));
  if (!recipe.canary_program.empty() && !fs::path(recipe.canary_program.front()).is_absolute())
    return fail(canary.wrong("program", "must begin with an absolute path in the pack"));
  return {};
}

Result<Recipe> read_recipe(const YAML::Node& root, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const Fields fields,
                    Fields::of(root, origin, "", {"name", "title", "packages", "libraries_of", "elsewhere", "canary"}));
  Recipe recipe;
  HEARTH_TRY_ASSIGN(recipe.name, fields.required_text("name"));
  if (!is_pack_name(recipe.name))
    return fail(fields.wrong("name", "must be at most 32 lower-case letters, digits, '.', '-' and '_'"));
  HEARTH_TRY_ASSIGN(recipe.title, fields.required_text("title"));
  HEARTH_TRY_ASSIGN(recipe.packages, fields.texts("packages", kMaxList));
  HEARTH_TRY_ASSIGN(recipe.libraries_of, fields.texts("libraries_of", kMaxList));
  if (recipe.packages.empty() && recipe.libraries_of.empty())
    return fail(fields.wrong("packages", "give packages or libraries_of"));
  for (const auto* list : {&recipe.packages, &recipe.libraries_of}) {
    if (!std::ranges::all_of(*list, is_debian_name)) return fail(fields.wrong("packages", "must be Debian packages"));
  }
  HEARTH_TRY_ASSIGN(recipe.elsewhere, fields.texts("elsewhere", kMaxList));
  for (const std::string& path : recipe.elsewhere) {
    if (!fs::path(path).is_absolute() || fs::path(path).lexically_normal() != path)
      return fail(fields.wrong("elsewhere", "must be absolute paths in an image"));
  }
  HEARTH_TRY(read_canary(recipe, fields, origin));
  return recipe;
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, std::string_view origin) {
  HEARTH_TRY_ASSIGN(const YAML::Node root, yaml::load(text, origin, kMaxRecipe));
  try {
    if (!root.IsMap()) return fail(yaml::wrong_at(root, origin, "", "must be a mapping of keys to values"));
    return read_recipe(root, origin);
  } catch (const YAML::Exception& e) {
    return fail(Errc::invalid_argument, fmt::format("{}:{}: is not YAML: {}", origin, e.mark.line + 1, e.msg));
  }
}

Result<Recipe> load_recipe(const fs::path& dir, std::string_view name) {
  std::error_code ec;
  const fs::path file = dir / fmt::format("{}.yaml", name);
  if (!is_pack_name(name) || !fs::exists(file, ec)) {
    std::vector<std::string> names;
    for (const Recipe& recipe : load_recipes(dir)) names.push_back(recipe.name);
    return fail(Errc::not_found,
                fmt::format("there is no recipe for a pack \"{}\"; there are {}", name.substr(0, 64),
                            names.empty() ? "none: build or install them" : fmt::format("{}", fmt::join(names, ", "))));
  }
  HEARTH_TRY_ASSIGN(const std::string text, read_file(file, kMaxRecipe));
  HEARTH_TRY_ASSIGN(Recipe recipe, parse_recipe(text, file.string()));
  if (recipe.name != name)
    return fail(Errc::invalid_argument, fmt::format("{}: its name is \"{}\"", file.string(), recipe.name));
  return recipe;
}

std::vector<Recipe> load_recipes(const fs::path& dir) {
  std::vector<Recipe> recipes;
  std::error_code ec;
  for (fs::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().extension() != ".yaml") continue;
    auto recipe = load_recipe(dir, it->path().stem().string());
    if (recipe) recipes.push_back(*std::move(recipe));
  }
  std::ranges::sort(recipes, {}, &Recipe::name);
  return recipes;
}

}  // namespace hearth::engines
