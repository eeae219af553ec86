#include "kube/json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "kube/client.hpp"
#include "kube/line_decoder.hpp"

using namespace curfew;
using namespace curfew::kube;

namespace {

using Strings = std::map<std::string, std::string>;

const std::set<std::string> kPaths{"metadata.name", "items.metadata.name", "kind"};

}  // namespace

TEST_CASE("strings are found in what comes before the end of a text that is cut off") {
  const auto found = parse_fragment(
      R"({"kind":"K","metadata":{"name":"n","x":["y"]},"items":[{"metadata":{"name":"first"}},{"metadata":{"name":"second","a":{"b)",
      kPaths);
  CHECK(found.strings == Strings{{"kind", "K"}, {"metadata.name", "n"}, {"items.metadata.name", "first"}});
  CHECK(found.is_cut_short);
}

TEST_CASE("a text that is cut off is told from one with something in it that is no JSON") {
  CHECK(parse_fragment(R"({"kind":"K","a":1e999,"metadata":{"name":"n"}})", kPaths).strings ==
        Strings{{"kind", "K"}});
  CHECK_FALSE(parse_fragment(R"({"kind":"K","a":1e999,"metadata":{"name":"n"}})", kPaths).is_cut_short);
  CHECK_FALSE(parse_fragment("{\"kind\":\"\xff\",\"b\":1}", kPaths).is_cut_short);
  const std::string whole = R"({"kind":"K","a":[1,{"b":null}],"c":"d"})";
  CHECK_FALSE(parse_fragment(whole, kPaths).is_cut_short);
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(parse_fragment(whole.substr(0, length), kPaths).is_cut_short);
}

TEST_CASE("a name that only looks like the path is none, and depth costs nothing") {
  CHECK(parse_fragment(R"({"spec":{"metadata":{"name":"n"}},"metadata.name":"no","a":{"kind":"x"}})", kPaths)
            .strings.empty());
  CHECK(parse_fragment(std::string(1'000'000, '['), kPaths).is_cut_short);
  CHECK(parse_fragment(R"({"a":)" + std::string(200'000, '[') + std::string(200'000, ']') + R"(,"kind":"K"})",
                       kPaths)
            .strings == Strings{{"kind", "K"}});
}

TEST_CASE("a page without its object says where the list goes on, before its items or behind them") {
  const std::string object =
      R"({"metadata":{"namespace":"n","name":"a","labels":{"x":"\"metadata\":{\"continue\":\"forged\",\"resourceVersion\":\"1\"}"}},"number":1e999})";
  const std::string metadata = R"("metadata":{"continue":"next","resourceVersion":"7"})";
  const std::string text = GENERATE_COPY("{" + metadata + R"(,"items":[)" + object + "]}",
                                         R"({"items":[)" + object + R"(],"kind":"L",)" + metadata + "}");
  const auto page = page_without_object(text, std::nullopt);
  REQUIRE(page);
  CHECK(page->continue_token == "next");
  CHECK(page->resource_version == "7");
  REQUIRE(page->undecodable.size() == 1);
  CHECK(page->undecodable.front().key == api::ObjectKey{"n", "a"});
}

TEST_CASE(
    "a page that was cut off on its way is not one without an object, one that we cut off is where its metadata came first") {
  const std::string text =
      R"({"metadata":{"continue":"next","resourceVersion":"7"},"items":[{"metadata":{"name":"a","labels":{"x":"yyy)";
  CHECK_FALSE(page_without_object(text, std::nullopt));
  CHECK(page_without_object(text, Error{.kind = ErrorKind::Decode, .message = "too large"}));
  CHECK_FALSE(page_without_object(text, Error{.kind = ErrorKind::Timeout, .message = "too slow"}));
  CHECK_FALSE(page_without_object(
      R"({"items":[{"metadata":{"name":"a","labels":{"x":"\"metadata\":{\"resourceVersion\":\"1\"})",
      Error{.kind = ErrorKind::Decode, .message = "too large"}));
  CHECK_FALSE(page_without_object("nonsense", std::nullopt));
}

TEST_CASE("an event that cannot be read says which object it is about where that comes first") {
  const auto head = [](const std::string& type) {
    return R"({"type":")" + type +
           R"(","object":{"metadata":{"name":"a","namespace":"n","resourceVersion":"7","labels":{"x":"yy)";
  };
  const auto event = decode_unreadable_line(head("DELETED"), true);
  REQUIRE(event);
  CHECK(event->type == EventType::Deleted);
  CHECK(event->key == api::ObjectKey{"n", "a"});
  CHECK(event->resource_version == "7");
  CHECK_FALSE(
      decode_unreadable_line(head("DELETED"), false));  // truncated in transit: it may arrive again, complete
  CHECK_FALSE(decode_unreadable_line(head("BOOKMARK"), true));
  CHECK_FALSE(decode_unreadable_line(head("ERROR"), true));
  CHECK_FALSE(decode_unreadable_line(R"({"type":"ADDED","object":{"metadata":{"labels":{"x":"yy)", true));
  CHECK_FALSE(decode_unreadable_line("nonsense", true));
}
