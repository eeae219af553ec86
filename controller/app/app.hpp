#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"

namespace curfew::app {

// The composition root: builds every object once, starts the threads in order, stops them in reverse.
class App {
 public:
  // Reads the credentials and asks the API server once. Throws ConfigError for a configuration that cannot
  // work, std::runtime_error with one clear line where the API server cannot be reached or refuses us.
  explicit App(const Config& config);
  ~App();  // stops: within 5 s, the lease is given back
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Starts all threads and returns.
  void start();

  std::string metrics_address() const;

  // What access there still is, or may be, or is not recorded as ended; nullopt: none. Where Config::end_all
  // is set, it gets there.
  std::optional<std::string> access_left() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::app
