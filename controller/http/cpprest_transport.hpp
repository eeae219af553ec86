#pragma once

#include <memory>

#include "http/client_config.hpp"
#include "http/transport.hpp"

namespace curfew::http {

inline constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;  // bytes of a line of a stream()

// Call first in main, before any thread or request: what the HTTP library fixes for the whole process (its
// threads, and that it never loads the system's CAs by itself). Calling it again does nothing.
void initialize_process();

// Transport over cpprestsdk, whose only user this is. Lines of a stream are handed to the sink on the
// caller's own thread; a slow sink slows the server down. Redirects are answers like others, never followed.
// Destroy it after the threads that use it have been joined.
class CpprestTransport final : public Transport {
 public:
  // Invalid, in a sentence, for an unusable server URL or certificates.
  static Result<std::unique_ptr<CpprestTransport>> create(const ClientConfig& config);
  ~CpprestTransport() override;

  Result<Response> send(const Request& request, std::chrono::milliseconds deadline,
                        std::stop_token stop) override;
  Result<Response> stream(const Request& request, const LineSink& sink, std::chrono::milliseconds idle,
                          std::stop_token stop) override;

 private:
  class Impl;
  explicit CpprestTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace curfew::http
