// --help, the man page, docs/cli.md and three completions come from one tree: nothing may be lost on the way.
#include "cli.h"

#include <hearth/app/help.h>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace hearth::tool {
namespace {

void visit(const help::CommandDoc& command, const std::function<void(const help::CommandDoc&)>& on) {
  on(command);
  for (const auto& sub : command.commands) visit(sub, on);
}

class HelpTest : public testing::Test {
 protected:
  HelpTest() : root_(help::describe(cli_.app, cli_.manual)) {}
  Cli cli_;
  help::CommandDoc root_;
};

std::string roff_dashes(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '-' ? "\\-" : std::string(1, c);
  return out;
}

TEST_F(HelpTest, EveryCommandTeaches) {
  visit(root_, [](const help::CommandDoc& command) {
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_TRUE(command.summary.ends_with('.')) << command.path << ": " << command.summary;
    EXPECT_FALSE(command.examples.empty()) << command.path << " has no example";
    for (const auto* list : {&command.options, &command.arguments})
      for (const auto& option : *list)
        EXPECT_TRUE(option.meaning.ends_with('.')) << command.path << " " << option.meaning;
  });
}

TEST_F(HelpTest, ExamplesUseOptionsThatExist) {
  visit(root_, [&](const help::CommandDoc& command) {
    for (const auto& example : command.examples) {
      const std::size_t at = example.command.find(command.path);
      ASSERT_NE(at, std::string::npos) << command.path << ": " << example.command;
      std::istringstream words(example.command.substr(at, example.command.find_first_of("|><)&", at) - at));
      for (std::string word; words >> word;) {
        if (!word.starts_with("--") || word == "--") continue;
        bool known = false;
        for (const auto* doc : {&command, &std::as_const(root_)})
          for (const auto& option : doc->options)
            known = known || std::ranges::find(option.names, word) != option.names.end();
        EXPECT_TRUE(known) << example.command << ": " << word;
      }
    }
  });
}

TEST_F(HelpTest, EveryOptionIsInTheManualAndInEveryCompletion) {
  const std::string man = help::man_page(root_, cli_.manual.sections(), {1, "2026-11-21", "0.1.0", {"hearthd(8)"}});
  const std::string markdown = help::markdown(root_, cli_.manual.sections());
  const std::string bash = help::bash_completion(root_);
  const std::string zsh = help::zsh_completion(root_);
  const std::string fish = help::fish_completion(root_);
  std::size_t options = 0;
  visit(root_, [&](const help::CommandDoc& command) {
    EXPECT_NE(man.find(roff_dashes(command.path)), std::string::npos) << command.path;
    EXPECT_NE(markdown.find(command.path), std::string::npos) << command.path;
    const std::string text = help::help_text(command, root_, 80, help::Colour::no);
    for (const auto& option : command.options) {
      for (const std::string& name : option.names) {
        ++options;
        EXPECT_NE(text.find(name), std::string::npos) << command.path << " " << name << " in --help";
        EXPECT_NE(man.find("\\fB" + roff_dashes(name) + "\\fR"), std::string::npos) << name << " in the man page";
        EXPECT_NE(markdown.find(name), std::string::npos) << name << " in docs/cli.md";
        EXPECT_NE(bash.find(name), std::string::npos) << name << " in bash";
        EXPECT_NE(zsh.find(name + "["), std::string::npos) << name << " in zsh";
        const std::string in_fish = name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        EXPECT_NE(fish.find(in_fish), std::string::npos) << name << " in fish";
      }
      for (const std::string& choice : option.choices) {
        EXPECT_NE(text.find(choice), std::string::npos) << choice;
        EXPECT_NE(bash.find(choice), std::string::npos) << choice;
        EXPECT_NE(zsh.find(choice), std::string::npos) << choice;
        EXPECT_NE(fish.find(choice), std::string::npos) << choice;
      }
    }
  });
  EXPECT_GT(options, 40U) << "the tree was not walked";
}

TEST_F(HelpTest, HiddenCommandsStayHidden) {
  EXPECT_EQ(help::find(root_, "hearth internal"), nullptr);
  EXPECT_NE(help::find(root_, "hearth keys new"), nullptr);
}

TEST_F(HelpTest, TheManPageIsRoff) {
  const std::string man = help::man_page(root_, cli_.manual.sections(), {1, "2026-11-21", "0.1.0", {"hearthd(8)"}});
  const std::set<std::string> macros{".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi", ".BR"};
  std::istringstream lines(man);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('.')) EXPECT_TRUE(macros.contains(line.substr(0, line.find(' ')))) << line;
    EXPECT_FALSE(line.starts_with('\'')) << line;
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << line;
    for (const char c : line) EXPECT_LT(static_cast<unsigned char>(c), 0x80U) << line;
  }
  for (const char* section :
       {".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH COMMANDS", ".SH \"EXIT STATUS\"",
        ".SH ENVIRONMENT", ".SH FILES", ".SH EXAMPLES", ".SH \"SEE ALSO\""})
    EXPECT_TRUE(man.find(section) != std::string::npos || man.find(std::string(".SH SEE ALSO")) != std::string::npos)
        << section;
}

TEST_F(HelpTest, HelpFitsTheTerminal) {
  visit(root_, [&](const help::CommandDoc& command) {
    bool example = false;  // a command line is not broken: it is copied
    std::istringstream lines(help::help_text(command, root_, 80, help::Colour::no));
    for (std::string line; std::getline(lines, line);) {
      if (line == "Examples:") example = true;
      if (line.empty()) example = false;
      if (!example && !line.starts_with("Usage:")) EXPECT_LE(display_width(line), 80U) << command.path << ": " << line;
    }
  });
}

// Asks bash for the completions of a command line.
std::set<std::string> complete_in_bash(const std::string& script, const std::vector<std::string>& words) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "hearth-completion-XXXXXX";
  std::string name = file.string();
  const int fd = ::mkstemp(name.data());
  EXPECT_GE(fd, 0);
  std::ofstream(name) << script;
  std::string list;
  for (const std::string& word : words) list += "'" + word + "' ";
  const std::string command = "bash -c 'compopt() { :; }; source " + name + "; COMP_WORDS=(" + "\"$@\"" +
                              "); COMP_CWORD=$(($#-1)); _hearth; printf \"%s\\n\" \"${COMPREPLY[@]}\"' x " + list;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::set<std::string> out;
  std::array<char, 1024> line{};
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    std::string text(line.data());
    while (text.ends_with('\n')) text.pop_back();
    if (!text.empty()) out.insert(text);
  }
  EXPECT_EQ(::pclose(pipe), 0);
  ::close(fd);
  std::filesystem::remove(name);
  return out;
}

TEST_F(HelpTest, BashCompletesCommandsOptionsAndValues) {
  const std::string script = help::bash_completion(root_);
  EXPECT_EQ(complete_in_bash(script, {"hearth", "eng"}), (std::set<std::string>{"engines"}));
  EXPECT_EQ(complete_in_bash(script, {"hearth", "keys", "n"}), (std::set<std::string>{"new"}));
  EXPECT_EQ(complete_in_bash(script, {"hearth", "keys", "new", "--q"}), (std::set<std::string>{"--quiet"}));
  EXPECT_EQ(complete_in_bash(script, {"hearth", "listen", "--format", "v"}),
            (std::set<std::string>{"vtt", "verbose_json"}));
  EXPECT_EQ(complete_in_bash(script, {"hearth", "say", "--format", "o"}), (std::set<std::string>{"opus"}));
  EXPECT_EQ(complete_in_bash(script, {"hearth", "--data", "keys", "eng"}), (std::set<std::string>{"engines"}))
      << "an option's value is no command";
  EXPECT_TRUE(complete_in_bash(script, {"hearth", "keys", "--js"}).contains("--json"));
}

}  // namespace
}  // namespace hearth::tool
