#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "app/config.hpp"

namespace curfew::app {

// The composition root: builds every object once, starts the threads in order, stops them in reverse.
class App {
 public:
  // Reads the credentials. Throws ConfigError for a configuration that cannot work.
  explicit App(const Config& config);
  ~App();  // stops within 5 s, and releases the lease
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Serves /metrics, /healthz and /readyz from now on. Before all else; throws if it cannot listen.
  void serve();
  // Waits for an API server that accepts us; returns early when stopped. As app::check_access().
  void await_api_server(const std::stop_token& stop);
  // Starts all threads and returns.
  void start();

  std::string metrics_address() const;

  // Describes access that still exists, may exist or is not recorded as ended; nullopt if none. With
  // Config::end_all it becomes nullopt eventually.
  std::optional<std::string> access_left() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::app
