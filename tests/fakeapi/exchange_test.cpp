// One request in flight: the order in which the library's threads deliver the head and the body.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "http/cpprest_exchange.hpp"

using namespace curfew;
using namespace std::chrono_literals;

TEST_CASE("a large body that arrives before its head wakes the caller when the head comes") {
  http::Exchange exchange(false);
  const std::string body(std::size_t{2} << 20, 'x');
  exchange.put(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
  std::jthread library;
  const auto began = std::chrono::steady_clock::now();
  const auto event = exchange.wait(
      [&](auto, bool has_begun) {
        // The exchange is locked here: the head comes when the caller waits.
        if (!has_begun && !library.joinable())
          library =
              std::jthread([&] { exchange.head(web::http::http_response(web::http::status_codes::OK)); });
        return began + 20s;
      },
      {});
  CHECK(event == http::Exchange::Event::Bytes);
  CHECK(exchange.take() == body);
}
