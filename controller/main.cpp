#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <future>
#include <stdexcept>
#include <stop_token>
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

constexpr timespec poll_interval(std::chrono::nanoseconds interval) {
  return {.tv_sec = 0, .tv_nsec = interval.count()};
}

// Waits for an API server that accepts us. False if a signal ended that.
bool await_api_server(curfew::app::App& app, const curfew::app::Config& config, const sigset_t& signals) {
  constexpr timespec kPoll = poll_interval(std::chrono::milliseconds(10));
  const auto began = std::chrono::steady_clock::now();
  std::stop_source stop;
  auto accepted = std::async(std::launch::async, [&] { app.await_api_server(stop.get_token()); });
  while (accepted.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    const int received = sigtimedwait(&signals, nullptr, &kPoll);
    const bool is_late = config.end_all && std::chrono::steady_clock::now() - began > config.end_all->timeout;
    if (received <= 0 && !is_late) continue;
    stop.request_stop();
    accepted.wait();
    if (is_late) throw std::runtime_error("the API server cannot be reached");
    curfew::log::info("stopping", {{"signal", name_of(received)}});
    return false;
  }
  accepted.get();
  return true;
}

// Waits until no access is left. Returns the exit code.
int end_all(const curfew::app::App& app, const curfew::app::EndAll& settings, const sigset_t& signals) {
  constexpr timespec kPoll = poll_interval(std::chrono::milliseconds(100));
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
  app.serve();
  if (!await_api_server(app, parsed.config, signals)) return parsed.config.end_all ? 1 : 0;
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
