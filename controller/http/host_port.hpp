#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace curfew::http {

struct HostPort {
  std::string host;  // an IP address, without brackets
  std::uint16_t port = 0;
};

// Throws std::invalid_argument with a sentence that names the value and what would be accepted.
HostPort parse_host_port(std::string_view text);

}  // namespace curfew::http
