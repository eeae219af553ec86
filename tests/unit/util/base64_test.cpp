#include "util/base64.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew;

TEST_CASE("base64 has one text for some bytes, and the bytes back") {
  const auto [bytes, text] =
      GENERATE(table<std::string, std::string>({{"", ""},
                                                {"f", "Zg=="},
                                                {"fo", "Zm8="},
                                                {"foo", "Zm9v"},
                                                {"foob", "Zm9vYg=="},
                                                {"fooba", "Zm9vYmE="},
                                                {"foobar", "Zm9vYmFy"},
                                                {std::string("\0\0\0\0", 4), "AAAAAA=="},
                                                {"\xfb\xff\xbf", "+/+/"}}));
  CAPTURE(text);
  CHECK(encode_base64(bytes) == text);
  CHECK(decode_base64(text) == bytes);
}

TEST_CASE("base64 is not decoded if it could have been written in another way") {
  const std::string bad =
      GENERATE("Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Z=9v", "Z-_v", "Zm9v!", "Zm9v\n", "\nZm9", " Zm9",
               "Zm9 ", "    Zm9v", "Zm9v    ", "Zm9-", "Zh==", "Zm9=", "Zm9v====", "\xff\xff\xff\xff");
  CAPTURE(bad);
  CHECK_FALSE(decode_base64(bad));
}

TEST_CASE("wrapped base64 is decoded with its padding, over several lines, or not at all") {
  CHECK(decode_wrapped_base64("") == "");
  CHECK(decode_wrapped_base64("Zg==") == "f");
  CHECK(decode_wrapped_base64("Zm8=") == "fo");
  CHECK(decode_wrapped_base64("Zm9v\nYmFy\n") == "foobar");
  CHECK(decode_wrapped_base64("+/8=") == "\xfb\xff");
  const std::string bad =
      GENERATE("Zg", "Zg=", "Z===", "Zg==Zg==", "Z-_v", "Zm9v!", "====", "Zm9v====", "Z=9v", "\t\t\t\tZm9v",
               "Zm9v\t\t\t\t", "Zm9v----", "Zm9-", "Zm9v\xff\xff\xff\xff");
  CHECK_FALSE(decode_wrapped_base64(bad));
}
