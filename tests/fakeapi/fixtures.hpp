#pragma once

#include <catch2/catch_test_macros.hpp>
#include <memory>

#include "fakeapi/scripted_server.hpp"
#include "http/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"

namespace curfew::fakeapi {

inline constexpr std::chrono::seconds kTimeout{5};

// With the names in messages that kube/kubeconfig gives them.
inline http::ClientConfig to_api_server(http::ClientConfig config = {}) {
  config.peer = kube::kApiServer;
  if (config.ca_source == http::ClientConfig().ca_source) config.ca_source = kube::kKubeconfigCa;
  return config;
}

inline std::unique_ptr<http::CpprestTransport> transport_to(const ScriptedServer& server,
                                                            http::ClientConfig config = {}) {
  config.server = server.url();
  auto transport = http::CpprestTransport::create(to_api_server(std::move(config)));
  REQUIRE(transport);
  return std::move(*transport);
}

inline http::Request get(std::string target) {
  return {.method = http::Method::Get, .target = std::move(target)};
}

class Stopwatch {
 public:
  std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// Stops a token once the server has received that many requests.
class StopWhenAsked {
 public:
  StopWhenAsked(const ScriptedServer& server, std::size_t requests)
      : thread_([this, &server, requests](const std::stop_token& given_up) {
          while (server.seen().size() < requests && !given_up.stop_requested()) std::this_thread::yield();
          stopped_at_ = std::chrono::steady_clock::now();
          source_.request_stop();
        }) {}

  std::stop_token token() const { return source_.get_token(); }
  std::chrono::milliseconds since_stop() {
    thread_.join();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 stopped_at_);
  }

 private:
  std::stop_source source_;
  std::chrono::steady_clock::time_point stopped_at_;
  std::jthread thread_;
};

}  // namespace curfew::fakeapi
