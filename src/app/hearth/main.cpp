#include "cli.h"
#include "interrupt.h"

#include <csignal>
#include <exception>

int main(int argc, char** argv) {
  namespace tool = hearth::tool;
  tool::handle_interrupts();
  std::signal(SIGPIPE, SIG_DFL);
  try {
    return static_cast<int>(tool::run(argc, argv, tool::Terminal::detect()));
  } catch (const std::exception& e) {
    tool::complain(std::string("hearth: a fault of this program: ") + e.what());
    return static_cast<int>(tool::ExitCode::failed);
  }
}
