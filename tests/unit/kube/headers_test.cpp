#include "http/headers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew;
using namespace std::chrono_literals;

TEST_CASE("HTTP dates are read, nonsense is not") {
  const auto date = http::parse_http_date("Tue, 24 Nov 2026 20:00:05 GMT");
  REQUIRE(date);
  CHECK(format_rfc3339(*date) == "2026-11-24T20:00:05Z");
  const std::string bad =
      GENERATE("", "now", "Tue, 24 Nov 2026 20:00:05 UTC", "Tue, 32 Nov 2026 20:00:05 GMT",
               "Tue, 24 Foo 2026 20:00:05 GMT", "Tue, 24 Nov 2026 24:00:05 GMT",
               "Tue, 24 Nov 2026 2x:00:05 GMT", "Tuesday, 24-Nov-26 20:00:05 GMT",
               "Mon, 24 Nov 2026 20:00:05 GMT", "Tue, 24 Nov 2026 20:00:05 GMT, and more");
  CHECK_FALSE(http::parse_http_date(bad));
}

TEST_CASE("Retry-After is whole seconds, at most an hour") {
  CHECK(http::parse_retry_after("0") == 0s);
  CHECK(http::parse_retry_after("7") == 7s);
  CHECK(http::parse_retry_after("86400") == 3600s);
  const std::string bad =
      GENERATE("", "-1", "1.5", "soon", "99999999999999999999", "Tue, 24 Nov 2026 20:00:05 GMT");
  CHECK_FALSE(http::parse_retry_after(bad));
}
