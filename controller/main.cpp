#include <csignal>
#include <cstdio>
#include <exception>

#include "app/app.hpp"
#include "app/config.hpp"
#include "http/cpprest_transport.hpp"
#include "util/heap.hpp"
#include "util/log.hpp"

namespace {

constexpr int kConfigError = 2;

// Blocked before any thread starts, so that they all inherit it: main alone takes these, with sigwait.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int run(int argc, const char* const* argv) {
  const auto parsed = curfew::app::parse_command_line(argc, argv);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  curfew::configure_heap();
  const sigset_t signals = block_stop_signals();
  curfew::http::initialize_process();
  curfew::log::init(parsed.config.log_level);

  curfew::app::App app(parsed.config);
  app.start();
  int received = 0;
  sigwait(&signals, &received);
  curfew::log::info("stopping", {{"signal", received == SIGTERM ? "SIGTERM" : "SIGINT"}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const curfew::app::ConfigError& error) {
    std::fprintf(stderr, "curfew: %s\n", error.what());
    return kConfigError;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "curfew: %s\n", error.what());
    return 1;
  }
}
