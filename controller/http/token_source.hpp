#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "http/file_version.hpp"
#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::http {

// The bearer token of the next request. A token file is looked at before every request and read again when it
// is another (time, size or inode), when the last reading is a minute old, and after a 401. Thread-safe.
class TokenSource {
 public:
  TokenSource(std::string token, std::string file);

  // Empty where no token is configured. Unauthorized when the file cannot be read and never could.
  Result<std::string> current();

  // The server refused this token. True if reading the file again gives another one, so that a second try
  // makes sense.
  bool refused(const std::string& token);

 private:
  struct State {
    std::string token;
    std::optional<FileVersion> seen;  // nullopt: it was never read
    std::chrono::steady_clock::time_point read_at;
  };
  Result<std::string> reload(State& state, bool always);

  const std::string file_;
  Guarded<State> state_;
};

}  // namespace curfew::http
