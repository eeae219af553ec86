#include "audit/commitment.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>
#include <string>

using namespace curfew;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

// As the API server returns it.
json stored_record() {
  return json::parse(R"({
    "apiVersion": "curfew.dev/v1alpha1",
    "kind": "AuditRecord",
    "metadata": {
      "name": "0a1b-granted",
      "uid": "5d7f",
      "resourceVersion": "812",
      "generation": 1,
      "creationTimestamp": "2026-11-24T20:00:01Z",
      "labels": {"a": "b"},
      "annotations": {"c": "d"},
      "managedFields": [{"manager": "curfew", "fieldsV1": {"f:action": {}}}]
    },
    "action": "Granted",
    "time": "2026-11-24T20:00:00.123456Z",
    "request": {"namespace": "payments", "name": "fix", "uid": "0a1b"},
    "policy": {"name": "debug", "generation": 3},
    "salt": "AAECAwQFBgcICQoLDA0ODw=="
  })");
}

const std::string kCanonicalRecord =
    R"({"action":"Granted","metadata":{"name":"0a1b-granted"},"policy":{"generation":3,"name":"debug"},)"
    R"("request":{"name":"fix","namespace":"payments","uid":"0a1b"},"salt":"AAECAwQFBgcICQoLDA0ODw==",)"
    R"("time":"2026-11-24T20:00:00.123456Z"})";

}  // namespace

TEST_CASE("the canonical form of a record is what was recorded and its name") {
  CHECK(audit::canonical_record(stored_record()) == kCanonicalRecord);
}

TEST_CASE("the commitment is the hash of the salt and the canonical form") {
  const std::string salt("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
  CHECK(audit::commitment(stored_record()) == sha256(salt + kCanonicalRecord));
}

TEST_CASE("a record from before there was a salt is hashed without one") {
  json record = stored_record();
  record.erase("salt");
  CHECK(audit::commitment(record) == sha256(audit::canonical_record(record).value()));
}

TEST_CASE("the commitment stays the same wherever and however the object is stored") {
  json record = stored_record();
  const auto before = audit::commitment(record).value();
  record["apiVersion"] = "curfew.dev/v1";
  record["metadata"] = {{"name", "0a1b-granted"}, {"uid", "another"}, {"finalizers", {"x"}}};
  CHECK(audit::commitment(record) == before);
  record.erase("kind");
  CHECK(audit::commitment(record) == before);
}

TEST_CASE("the commitment is another one for every change of what was recorded") {
  const json patch =
      GENERATE(json{{"action", "Expired"}}, json{{"time", "2026-11-24T20:00:00.123457Z"}},
               json{{"request", {{"uid", "0a1c"}}}}, json{{"policy", {{"generation", 4}}}},
               json{{"policy", nullptr}}, json{{"metadata", {{"name", "0a1c-granted"}}}},
               json{{"unknown", false}}, json{{"salt", "AAECAwQFBgcICQoLDA0ODg=="}}, json{{"salt", nullptr}});
  json record = stored_record();
  record.merge_patch(patch);
  CAPTURE(patch.dump());
  CHECK(audit::commitment(record) != audit::commitment(stored_record()).value());
  const auto verified = audit::verify_record(audit::leaf_of(stored_record()).value(), record);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::Invalid);
}

TEST_CASE("a record's leaf has its name, action and time, and is verified against the record") {
  const auto leaf = audit::leaf_of(stored_record());
  REQUIRE(leaf);
  CHECK(leaf->record == "0a1b-granted");
  CHECK(leaf->action == "Granted");
  CHECK(format_rfc3339_micro(leaf->time) == "2026-11-24T20:00:00.123456Z");
  CHECK(audit::verify_record(*leaf, stored_record()));
  CHECK(audit::parse_leaf(audit::encode_leaf(*leaf).value()) == audit::Leaf(*leaf));
}

TEST_CASE("a record that differs from its leaf is named with what differs") {
  const auto [patch, what] = GENERATE(table<json, std::string>(
      {{json{{"metadata", {{"name", "other"}}}}, "the name of record other is not what the log says"},
       {json{{"action", "Expired"}}, "the action of record 0a1b-granted is not what the log says"},
       {json{{"time", "2026-11-24T20:00:00Z"}}, "the time of record 0a1b-granted is not what the log says"},
       {json{{"reason", "none"}}, "the content of record 0a1b-granted is not what the log says"}}));
  json record = stored_record();
  record.merge_patch(patch);
  CHECK(audit::verify_record(audit::leaf_of(stored_record()).value(), record).error().message == what);
}

TEST_CASE("a record that is nested too deeply is refused, and what is left out may be nested at will") {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const auto record = [&](const std::string& where) {
    return json::parse(R"({"action":"a","time":"2026-11-24T20:00:00Z","metadata":{"name":"a","b":)" +
                       (where == "metadata" ? deep : "1") + R"(},"c":)" + (where == "field" ? deep : "1") +
                       "}");
  };
  CHECK(audit::leaf_of(record("metadata")));
  CHECK_THAT(audit::leaf_of(record("field")).error().message, ContainsSubstring("more than 100 levels"));
}

TEST_CASE("what is no record has no leaf") {
  const auto [patch, why] = GENERATE(table<json, std::string>({
      {json(1), "no object with a metadata.name"},
      {json::array(), "no object with a metadata.name"},
      {json{{"metadata", nullptr}}, "no object with a metadata.name"},
      {json{{"metadata", "a"}}, "no object with a metadata.name"},
      {json{{"metadata", {{"name", ""}}}}, "no object with a metadata.name"},
      {json{{"metadata", {{"name", 1}}}}, "no object with a metadata.name"},
      {json{{"metadata", {{"name", "a\nb"}}}}, "no object with a metadata.name"},
      {json{{"metadata", {{"name", std::string(254, 'a')}}}}, "no object with a metadata.name"},
      {json{{"action", nullptr}}, "it has no action"},
      {json{{"action", ""}}, "it has no action"},
      {json{{"action", 1}}, "it has no action"},
      {json{{"time", nullptr}}, "it has no time"},
      {json{{"time", "noon"}}, "it has no time"},
      {json{{"salt", ""}}, "its salt is not 16 bytes in base64"},
      {json{{"salt", "AAAA"}}, "its salt is not 16 bytes in base64"},
      {json{{"salt", 16}}, "its salt is not 16 bytes in base64"},
      {json{{"salt", "AAECAwQFBgcICQoLDA0ODw"}}, "its salt is not 16 bytes in base64"},
      {json{{"reason", "\xff"}}, "a text is not UTF-8"},
  }));
  json record = stored_record();
  record.merge_patch(patch);
  const auto leaf = audit::leaf_of(record);
  CAPTURE(why);
  REQUIRE_FALSE(leaf);
  CHECK(leaf.error().kind == ErrorKind::Decode);
  CHECK_THAT(leaf.error().message, ContainsSubstring(why));
}
