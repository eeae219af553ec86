#include "http/host_port.hpp"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <stdexcept>

namespace curfew::http {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw std::invalid_argument(
      "\"" + std::string(text) + "\" is not an address to listen on: " + std::string(why) +
      "; accepted is HOST:PORT, where HOST is an IPv4 address, an IPv6 address in brackets or localhost, and PORT is 0 (any free port) to "
      "65535, such as 0.0.0.0:8080 or [::]:8080");
}

std::uint16_t parse_port(std::string_view text, std::string_view port) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (port.empty()) refuse(text, "it has no port");
  if (error != std::errc() || end != port.data() + port.size() || value > 65535)
    refuse(text, "its port is not a number from 0 to 65535");
  return static_cast<std::uint16_t>(value);
}

}  // namespace

HostPort parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse(text, "it has no port");
  std::string_view host = text.substr(0, colon);
  const std::uint16_t port = parse_port(text, text.substr(colon + 1));
  if (host == "localhost") return {.host = "127.0.0.1", .port = port};
  const bool in_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (in_brackets) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error) refuse(text, "its host is not an IP address");
  if (address.is_v6() != in_brackets)
    refuse(text, in_brackets ? "only an IPv6 address stands in brackets"
                             : "an IPv6 address has to stand in brackets");
  return {.host = std::string(host), .port = port};
}

}  // namespace curfew::http
