#include "kube/line_decoder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "http/line_splitter.hpp"
#include "kube/client.hpp"
#include "kube/json.hpp"
#include "kube/raw_object.hpp"

using namespace curfew;
using namespace curfew::kube;

TEST_CASE("a line of a watch is an event") {
  const auto event = decode_line(R"({"type":"MODIFIED","object":{"metadata":{"name":"a"}}})");
  REQUIRE(event);
  CHECK(event->type == EventType::Modified);
  CHECK(event->object["metadata"]["name"] == "a");
}

TEST_CASE("anything else is Decode, never an exception") {
  const std::string line =
      GENERATE("", "{", "nonsense", "[]", "1", "null", "{}", R"({"type":"ADDED"})",
               R"({"type":"ADDED","object":1})", R"({"type":1,"object":{}})", R"({"type":"NEW","object":{}})",
               "{\"type\":\"ADDED\",\"object\":{\"a\":\"\xff\"}}");
  const auto event = decode_line(line);
  REQUIRE_FALSE(event);
  CHECK(event.error().kind == ErrorKind::Decode);
}

TEST_CASE("a splitter gives whole lines, and says when one is too long or the sink has enough") {
  std::vector<std::string> lines;
  const http::LineSink sink = [&](std::string_view line) {
    lines.emplace_back(line);
    return line != "stop";
  };
  using Outcome = http::LineSplitter::Outcome;
  http::LineSplitter splitter(8);
  CHECK(splitter.feed("ab", sink) == Outcome::More);
  CHECK(splitter.feed("c\n\nde", sink) == Outcome::More);
  CHECK(splitter.feed("f\n12345678\n", sink) == Outcome::More);
  CHECK(lines == std::vector<std::string>{"abc", "", "def", "12345678"});
  CHECK(splitter.feed("st", sink) == Outcome::More);
  CHECK(splitter.feed("op\nmore\n", sink) == Outcome::Stopped);
  CHECK(lines.back() == "stop");
  http::LineSplitter another(8);
  CHECK(another.feed("12345", sink) == Outcome::More);
  CHECK(another.feed("6789", sink) == Outcome::TooLong);
}

TEST_CASE("a sink that takes them gets the beginning of lines that are too long, and the lines behind them") {
  std::vector<std::string> lines;
  const auto note = [&](const std::string& kind) {
    return [&lines, kind](std::string_view line) {
      lines.push_back(kind + std::string(line));
      return line != "stop";
    };
  };
  const http::LineSink sink(note(""), note("cut:"));
  using Outcome = http::LineSplitter::Outcome;
  http::LineSplitter splitter(8);
  CHECK(splitter.feed("a\n123456789\nb\n", sink) == Outcome::More);
  CHECK(splitter.feed("12345", sink) == Outcome::More);
  CHECK(splitter.feed("67890", sink) == Outcome::More);
  CHECK(splitter.feed(std::string(100, 'x'), sink) == Outcome::More);
  CHECK(splitter.feed("\nc\n", sink) == Outcome::More);
  CHECK(lines == std::vector<std::string>{"a", "cut:12345678", "b", "cut:12345678", "c"});
}

TEST_CASE("a raw object keeps all of itself and needs a name") {
  const nlohmann::json json = {{"metadata",
                                {{"name", "a"},
                                 {"uid", "u"},
                                 {"resourceVersion", "3"},
                                 {"generation", 2},
                                 {"deletionTimestamp", "2026-11-24T20:00:00Z"}}},
                               {"spec", {1, 2}}};
  const auto object = decode_raw(json);
  REQUIRE(object);
  CHECK(object->metadata.uid == "u");
  CHECK(object->metadata.generation == 2);
  CHECK(object->metadata.deletion_timestamp);
  CHECK(*object->json == json);
  for (const auto& bad : {nlohmann::json(), nlohmann::json(1), nlohmann::json{{"metadata", 1}},
                          nlohmann::json{{"metadata", {{"name", 1}}}}})
    CHECK_FALSE(decode_raw(bad));
}

TEST_CASE("what is nested deeper than a hundred levels is null, all else is read as it stands") {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  const std::string deep = nested(kMaxDepth);
  CHECK(parse_json(deep).dump() == deep);
  CHECK(parse_json(nested(kMaxDepth + 1)).dump() ==
        std::string(kMaxDepth, '[') + "null" + std::string(kMaxDepth, ']'));
  CHECK(parse_json(R"({"a":)" + nested(200'000) + R"(,"b":"[[{\\\"[","c":[1,{"d":2}]})")["c"][1]["d"] == 2);
  const std::string brackets(1000, '[');
  CHECK(parse_json("\"" + brackets + "\"") == brackets);
}

TEST_CASE(
    "an object whose managedFields are nested without end is read like any other, and so is the rest of its list") {
  const std::string deep = R"({"metadata":{"name":"deep","managedFields":[)" + std::string(200'000, '[') +
                           std::string(200'000, ']') + R"(],"uid":"u"}})";
  const auto page = page_of<RawObject>(
      R"({"metadata":{"resourceVersion":"7"},"items":[)" + deep + R"(,{"metadata":{"name":"b"}}]})",
      decode_raw);
  REQUIRE(page);
  REQUIRE(page->items.size() == 2);
  CHECK(page->items[0].metadata.uid == "u");
  CHECK(page->items[1].metadata.name == "b");
  CHECK(page->resource_version == "7");
}

TEST_CASE("a list's objects come one by one, and what is left is the list without them") {
  std::vector<std::string> items;
  const auto rest = parse_list(
      R"({"items":[{"a":[{"b":1}]},7,[1,[2]],null,{}],"metadata":{"x":{"items":[1]}},"more":[{"c":2}]})",
      [&](const nlohmann::json& item) { items.push_back(item.dump()); });
  CHECK(items == std::vector<std::string>{R"({"a":[{"b":1}]})", "7", "[1,[2]]", "null", "{}"});
  CHECK(rest.dump() == R"({"items":[],"metadata":{"x":{"items":[1]}},"more":[{"c":2}]})");
}

TEST_CASE("what is no list has no objects") {
  const std::string text = GENERATE(std::string(R"({"items":{"a":{"b":1}}})"),
                                    std::string(R"([{"items":[1]}])"), std::string(R"({"x":{"items":[1]}})"),
                                    std::string("[[1]]"), std::string("7"), std::string(R"({"items":null})"));
  const auto rest = parse_list(text, [](const nlohmann::json& item) { FAIL(item.dump()); });
  CHECK(rest == parse_json(text));
  CHECK_FALSE(page_of<RawObject>(text, decode_raw));
}

TEST_CASE("a list that is cut short is none") {
  CHECK(parse_list(R"({"metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b")", [](const nlohmann::json&) {
        }).is_discarded());
  const auto page =
      page_of<RawObject>(R"({"metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b")", decode_raw);
  REQUIRE_FALSE(page);
  CHECK(page.error().kind == ErrorKind::Decode);
}

TEST_CASE("what is no JSON is none at any depth") {
  const std::string text =
      GENERATE(std::string(), std::string(1'000'000, '['), std::string(1'000'000, ']'),
               std::string(150, '[') + std::string(149, ']'), std::string(150, '[') + std::string(151, ']'),
               std::string("\"\\"), std::string("1e999"), std::string("{\"a\":\"\\ud800\"}"));
  CHECK(parse_json(text).is_discarded());
}
