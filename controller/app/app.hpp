#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"

namespace curfew::app {

// The composition root: builds every object once, starts the threads in order, stops them in reverse.
class App {
 public:
  // Reads the credentials and calls the API server once. Throws ConfigError for a configuration that cannot
  // work, std::runtime_error with one clear line if the API server cannot be reached or refuses access.
  explicit App(const Config& config);
  ~App();  // stops within 5 s, and releases the lease
  App(const App&) = delete;
  App& operator=(const App&) = delete;

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
