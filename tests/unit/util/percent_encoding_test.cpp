#include "util/percent_encoding.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using curfew::percent_decode;
using curfew::percent_encode;

TEST_CASE("everything but unreserved characters is percent-encoded, byte by byte") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode("a b/c?d&e=f#g%h+i,j!k") == "a%20b%2Fc%3Fd%26e%3Df%23g%25h%2Bi%2Cj%21k");
  CHECK(percent_encode("ü\n") == "%C3%BC%0A");
}

TEST_CASE("what was encoded is decoded, and nothing else") {
  CHECK(percent_decode("a%20b%2Fc%c3%BC+") == "a b/c\u00fc+");
  CHECK(percent_decode("%00") == std::string(1, '\0'));
  CHECK(percent_decode("") == "");
  for (const char* bad : {"%", "%4", "a%", "%4g", "%g4", "%+4", "% 4", "%-1", "%0x"}) {
    CAPTURE(bad);
    CHECK_FALSE(percent_decode(bad));
  }
}
