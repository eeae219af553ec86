#include "audit/canonical_json.hpp"

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

using namespace curfew;
using audit::canonical_json;
using audit::parse_canonical_json;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

std::string canonical(const char* text) {
  return canonical_json(json::parse(text)).value();
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("the example of RFC 8785, 3.2.4, has the RFC's canonical form") {
  CHECK(canonical(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })") == R"({"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],)"
          "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("members are in the order of RFC 8785, 3.2.3: by UTF-16 code units, not by UTF-8 bytes") {
  CHECK(canonical(R"({
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  })") ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
        "\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\","
        "\"\U0001f600\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST_CASE("members are sorted at every level, elements are not") {
  CHECK(canonical(R"([56, {"d": true, "10": null, "1": [ ]}, {"": {"b": {}, "a": 1.0}}])") ==
        R"([56,{"1":[],"10":null,"d":true},{"":{"a":1,"b":{}}}])");
}

TEST_CASE("a text is escaped no further than JSON demands") {
  CHECK(canonical(R"("\u0000\u0008\u0009\u000a\u000c\u000d\u001f\u007f\u2028\/<é")") ==
        "\"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\u2028/<é\"");
}

TEST_CASE("numbers are written as in RFC 8785, appendix B") {
  const auto [bits, text] =
      GENERATE(table<std::uint64_t, std::string>({{0x0000000000000000, "0"},
                                                  {0x8000000000000000, "0"},
                                                  {0x0000000000000001, "5e-324"},
                                                  {0x8000000000000001, "-5e-324"},
                                                  {0x7fefffffffffffff, "1.7976931348623157e+308"},
                                                  {0xffefffffffffffff, "-1.7976931348623157e+308"},
                                                  {0x4340000000000000, "9007199254740992"},
                                                  {0xc340000000000000, "-9007199254740992"},
                                                  {0x4430000000000000, "295147905179352830000"},
                                                  {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                                  {0x44b52d02c7e14af6, "1e+23"},
                                                  {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                                  {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                                  {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                                  {0x444b1ae4d6e2ef50, "1e+21"},
                                                  {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                                  {0x3eb0c6f7a0b5ed8d, "0.000001"},
                                                  {0x41b3de4355555553, "333333333.3333332"},
                                                  {0x41b3de4355555554, "333333333.33333325"},
                                                  {0x41b3de4355555555, "333333333.3333333"},
                                                  {0x41b3de4355555556, "333333333.3333334"},
                                                  {0x41b3de4355555557, "333333333.33333343"},
                                                  {0xbecbf647612f3696, "-0.0000033333333333333333"},
                                                  {0x43143ff3c1cb0959, "1424953923781206.2"}}));
  CAPTURE(text);
  CHECK(canonical_json(json(std::bit_cast<double>(bits))) == text);
}

TEST_CASE("whole numbers are written without fraction or exponent") {
  CHECK(canonical("[0, -0, 1, -1, 120, 1.0, 1e2, 9007199254740991, -9007199254740991]") ==
        "[0,0,1,-1,120,1,100,9007199254740991,-9007199254740991]");
}

TEST_CASE("what has no canonical form is refused in one sentence") {
  const auto [value, why] = GENERATE(table<json, std::string>({
      {json("a\xff"), "a text is not UTF-8"},
      {json({{"\xed\xa0\x80", 1}}), "a text is not UTF-8"},
      {json("\xc0\x80"), "a text is not UTF-8"},
      {json(std::int64_t{9007199254740992}), "the integer 9007199254740992 is beyond 2^53 - 1"},
      {json(std::int64_t{-9007199254740992}), "the integer -9007199254740992 is beyond 2^53 - 1"},
      {json(std::uint64_t{18446744073709551615U}), "the integer 18446744073709551615 is beyond 2^53 - 1"},
      {json(std::numeric_limits<double>::infinity()), "no number for infinity or NaN"},
      {json(std::numeric_limits<double>::quiet_NaN()), "no number for infinity or NaN"},
      {json::binary({1, 2}), "not JSON"},
      {json::parse(nested(101)), "more than 100 levels"},
  }));
  const auto text = canonical_json(json::array({1, value}).at(1));
  REQUIRE_FALSE(text);
  CHECK(text.error().kind == ErrorKind::Invalid);
  CHECK_THAT(text.error().message, ContainsSubstring(why));
}

TEST_CASE("a hundred levels are written") {
  CHECK(canonical(nested(100).c_str()) == nested(100));
}

TEST_CASE("only text that is canonical already is read as such") {
  CHECK(parse_canonical_json(R"({"a":[1,"\n"],"b":{}})") == json({{"a", {1, "\n"}}, {"b", json::object()}}));
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "not JSON"},
      {"{", "not JSON"},
      {"{} {}", "not JSON"},
      {"\"\xff\"", "not JSON"},
      {R"("\ud800")", "not JSON"},
      {std::string(1'000'000, '['), "not JSON"},
      {nested(100'000), "more than 100 levels"},
      {"{ }", "not in its canonical form"},
      {"{}\n", "not in its canonical form"},
      {R"({"b":1,"a":2})", "not in its canonical form"},
      {R"({"a":1,"a":1})", "not in its canonical form"},
      {R"("\u000a")", "not in its canonical form"},
      {R"("\/")", "not in its canonical form"},
      {"1.0", "not in its canonical form"},
      {"\xef\xbb\xbf{}", "not in its canonical form"},
      {"9007199254740993", "beyond 2^53 - 1"},
  }));
  const auto value = parse_canonical_json(text);
  CAPTURE(text.substr(0, 40));
  REQUIRE_FALSE(value);
  CHECK(value.error().kind == ErrorKind::Decode);
  CHECK_THAT(value.error().message, ContainsSubstring(why));
}
