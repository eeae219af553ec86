#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "app/app.hpp"
#include "app/config.hpp"
#include "http/cpprest_transport.hpp"
#include "util/heap.hpp"
#include "util/log.hpp"

namespace {

constexpr int kConfigError = 2;

// Blocks the signals before any thread starts, so that all inherit the mask and only main() takes them, with
// sigwait().
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

std::string name_of(int signal) {
  return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

// Waits until no access is left. Returns the exit code.
int end_all(const curfew::app::App& app, const curfew::app::EndAll& settings, const sigset_t& signals) {
  constexpr timespec kPoll{.tv_sec = 0, .tv_nsec = 100'000'000};
  const auto deadline = std::chrono::steady_clock::now() + settings.timeout;
  while (const auto left = app.access_left()) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw std::runtime_error("not all access is ended after " + std::to_string(settings.timeout.count()) +
                               " s: " + *left);
    const int received = sigtimedwait(&signals, nullptr, &kPoll);
    if (received > 0)
      throw std::runtime_error("stopped by " + name_of(received) + " before all access was ended: " + *left);
  }
  std::printf("all access is ended, and nothing is granted for the next %lld s\n",
              static_cast<long long>(settings.vacancy.count()));
  return 0;
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
  if (parsed.config.end_all) return end_all(app, *parsed.config.end_all, signals);
  int received = 0;
  sigwait(&signals, &received);
  curfew::log::info("stopping", {{"signal", name_of(received)}});
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
