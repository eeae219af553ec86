#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "http/file_version.hpp"
#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::http {

// The bearer token of the next request. Checks the token file before every request and re-reads it when it
// has changed (time, size or inode), when the last read is a minute old, and after a 401. Thread-safe.
class TokenSource {
 public:
  TokenSource(std::string token, std::string file);

  // Empty if no token is configured. Unauthorized if the file cannot be read and has never been read.
  Result<std::string> current();

  // Call when the server refused `token`. True if re-reading the file yields another token, so that a retry
  // makes sense.
  bool refused(const std::string& token);

 private:
  struct State {
    std::string token;
    std::optional<FileVersion> seen;  // nullopt: never read
    std::chrono::steady_clock::time_point read_at;
  };
  Result<std::string> reload(State& state, bool always);

  const std::string file_;
  Guarded<State> state_;
};

}  // namespace curfew::http
