#pragma once

#include <memory>

#include "http/client_config.hpp"
#include "http/transport.hpp"

namespace curfew::http {

inline constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;  // the longest line of a stream()

// Call first in main, before any thread or request: sets what the HTTP library fixes for the whole process
// (its thread count, and that it never loads the system's CAs by itself). Further calls do nothing.
void initialize_process();

// Transport over cpprestsdk, and the only user of that library. Calls the sink of a stream on the caller's
// own thread; a slow sink slows the server down. Returns redirects like other responses and never follows
// them. Destroy it after joining the threads that use it.
class CpprestTransport final : public Transport {
 public:
  // Returns Invalid, with a sentence as its message, for an unusable server URL or unusable certificates.
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
