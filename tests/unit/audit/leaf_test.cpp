#include "audit/leaf.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

using namespace curfew;
using audit::Leaf;
using Catch::Matchers::ContainsSubstring;

namespace {

const TimePoint kLeafTime = parse_rfc3339("2026-11-24T20:00:00.123456Z").value();

std::string leaf_with(const std::string& members) {
  return R"({"kind":"Heartbeat","leader":"a","time":"2026-11-24T20:00:00.000000Z")" + members + "}";
}

}  // namespace

TEST_CASE("each kind of leaf has one text, and is read from it") {
  const auto [leaf, text] = GENERATE(table<Leaf, std::string>({
      {audit::RecordLeaf{.record = "0a1b-granted",
                         .action = "Granted",
                         .time = kLeafTime,
                         .commitment = audit::empty_root()},
       R"({"action":"Granted","kind":"Record","record":"0a1b-granted","sha256":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","time":"2026-11-24T20:00:00.123456Z","v":1})"},
      {audit::HeartbeatLeaf{.time = kLeafTime, .leader = "curfew-0"},
       R"({"kind":"Heartbeat","leader":"curfew-0","time":"2026-11-24T20:00:00.123456Z","v":1})"},
      {audit::LeaderChangedLeaf{.time = kLeafTime, .leader = "curfew-1"},
       R"({"kind":"LeaderChanged","leader":"curfew-1","time":"2026-11-24T20:00:00.123456Z","v":1})"},
      {audit::KeyRotatedLeaf{.time = kLeafTime, .vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV"},
       R"({"kind":"KeyRotated","time":"2026-11-24T20:00:00.123456Z","v":1,"vkey":"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV"})"},
      {audit::GuardChangedLeaf{.time = kLeafTime, .in_force = true, .digest = "9f86d081"},
       R"({"digest":"9f86d081","inForce":true,"kind":"GuardChanged","time":"2026-11-24T20:00:00.123456Z","v":1})"},
      {audit::RestoredLeaf{.time = kLeafTime,
                           .origin = "curfew.dev/log/1/1",
                           .checkpoint = "curfew.dev/log/1/1\n0\nAA\n\n\u2014 b AA\n"},
       "{\"checkpoint\":\"curfew.dev/log/1/1\\n0\\nAA\\n\\n\u2014 b AA\\n\",\"kind\":\"Restored\","
       "\"origin\":\"curfew.dev/log/1/1\",\"time\":\"2026-11-24T20:00:00.123456Z\",\"v\":1}"},
      {audit::ErasedLeaf{.time = kLeafTime, .record = "0a1b-granted", .by = "zo\u00eb@example.com"},
       "{\"by\":\"zo\u00eb@example.com\",\"kind\":\"Erased\",\"record\":\"0a1b-granted\","
       "\"time\":\"2026-11-24T20:00:00.123456Z\",\"v\":1}"},
  }));
  CHECK(audit::encode_leaf(leaf) == text);
  CHECK(audit::parse_leaf(text) == leaf);
}

TEST_CASE("what is not exactly a leaf is refused in one sentence") {
  const auto [bytes, why] = GENERATE(table<std::string, std::string>({
      {"", "not canonical JSON"},
      {"\xff", "not canonical JSON"},
      {leaf_with(R"(,"v":1)") + " ", "not canonical JSON"},
      {leaf_with(R"(,"v":1,"v":1)"), "not canonical JSON"},
      {leaf_with(R"(,"v":1.0)"), "not canonical JSON"},
      {std::string(60'000, '['), "not canonical JSON"},
      {std::string(audit::kMaxLeafBytes + 1, '['), "a leaf of 65536 bytes is longer than 65535"},
      {"[]", "not a JSON object"},
      {"1", "not a JSON object"},
      {"{}", "not of version 1"},
      {leaf_with(""), "not of version 1"},
      {leaf_with(R"(,"v":2)"), "not of version 1"},
      {leaf_with(R"(,"v":"1")"), "not of version 1"},
      {leaf_with(R"(,"v":true)"), "not of version 1"},
      {R"({"v":1})", "has no kind"},
      {R"({"kind":1,"v":1})", "has no kind"},
      {R"({"kind":"heartbeat","v":1})", "is not known to this version"},
      {R"({"kind":"Heartbeat","time":"2026-11-24T20:00:00.000000Z","v":1})",
       "leader of a leaf must be a text"},
      {R"({"kind":"Heartbeat","leader":"","time":"2026-11-24T20:00:00.000000Z","v":1})",
       "leader of a leaf must be a text"},
      {R"({"kind":"Heartbeat","leader":["a"],"time":"2026-11-24T20:00:00.000000Z","v":1})",
       "leader of a leaf must be a text"},
      {R"({"kind":"Heartbeat","leader":"a","time":"2026-11-24T20:00:00Z","v":1})",
       "time of a leaf must be a time"},
      {R"({"kind":"Heartbeat","leader":"a","time":"2026-11-24T21:00:00.000000+01:00","v":1})",
       "time of a leaf must be a time"},
      {R"({"kind":"Heartbeat","leader":"a","time":1,"v":1})", "time of a leaf must be a text"},
      {leaf_with(R"(,"v":1,"w":1)"), "has members that it must not have"},
      {R"({"digest":"a","inForce":"yes","kind":"GuardChanged","time":"2026-11-24T20:00:00.000000Z","v":1})",
       "inForce of a leaf must be true or false"},
      {R"({"action":"a","kind":"Record","record":"b","sha256":"AAAA","time":"2026-11-24T20:00:00.000000Z","v":1})",
       "sha256 of a leaf must be 32 bytes in base64"},
  }));
  CAPTURE(bytes.substr(0, 100));
  const auto leaf = audit::parse_leaf(bytes);
  REQUIRE_FALSE(leaf);
  CHECK(leaf.error().kind == ErrorKind::Decode);
  CHECK_THAT(leaf.error().message, ContainsSubstring(why));
}

TEST_CASE("a leaf that nobody could read is not written") {
  const auto [leaf, why] = GENERATE(table<Leaf, std::string>({
      {audit::HeartbeatLeaf{.time = kLeafTime}, "a leaf of kind Heartbeat needs a leader"},
      {audit::ErasedLeaf{.time = kLeafTime, .record = "a", .by = "\xff"}, "a text is not UTF-8"},
      {audit::HeartbeatLeaf{.time = kLeafTime, .leader = std::string(70'000, 'x')}, "is longer than 65535"},
  }));
  const auto bytes = audit::encode_leaf(leaf);
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().kind == ErrorKind::Invalid);
  CHECK_THAT(bytes.error().message, ContainsSubstring(why));
}
