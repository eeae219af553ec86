#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "runtime/health.hpp"
#include "telemetry/metrics.hpp"

namespace curfew::app {

// Serves /metrics, /healthz and /readyz.
class Endpoints {
 public:
  explicit Endpoints(telemetry::Metrics& metrics) : metrics_(metrics) {}

  // nullopt: ready; otherwise why not, as a sentence. Before start().
  void add_ready_check(std::string name, std::function<std::optional<std::string>()> check);

  // nullopt: alive; otherwise why the process must be restarted, as a sentence. Before start().
  void add_live_check(std::string name, std::function<std::optional<std::string>()> check);

  // Listens at once. Throws as http::Server.
  void start(std::string_view host_port);
  void stop() { server_.reset(); }
  std::string address() const { return server_->address(); }  // with the port that was chosen

 private:
  telemetry::Metrics& metrics_;
  runtime::Health health_;
  std::optional<http::Server> server_;
};

}  // namespace curfew::app
