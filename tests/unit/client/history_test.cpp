#include "client/history.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;

TEST_CASE("requests of one name have a history each, in order of time") {
  World world;
  world.cluster->add(a_record("Expired", "2026-11-24T21:00:00.000000Z", "second"));
  world.cluster->add(a_record("Granted", "2026-11-24T20:00:00.000000Z", "second"));
  world.cluster->add(a_record("Requested", "2026-11-24T10:00:00.000000Z", "zeroth"));
  auto elsewhere = a_record("Requested", "2026-11-24T09:00:00.000000Z", "other");
  elsewhere["request"]["namespace"] = "shop";
  world.cluster->add(elsewhere);
  const auto records = client::records_of(world.session(), {"payments", "fix"});
  REQUIRE(records);
  CHECK(records->size() == 3);
  const auto requests = client::by_request(*records);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].uid == "zeroth");
  REQUIRE(requests[1].records.size() == 2);
  CHECK(requests[1].records[0].action == api::AuditAction::Granted);
  CHECK(requests[1].records[1].action == api::AuditAction::Expired);
}

TEST_CASE("a name without records has no history") {
  World world;
  const auto records = client::records_of(world.session(), {"payments", "fix"});
  REQUIRE(records);
  CHECK(client::by_request(*records).empty());
}

TEST_CASE("what is no name has no history, and nothing is read") {
  const auto key = GENERATE(values<api::ObjectKey>({{"payments", "fix'; touch x; '"},
                                                    {"payments", "fix,request.uid!=x"},
                                                    {"payments", ""},
                                                    {"payments;x", "fix"}}));
  World world;
  const auto records = client::records_of(world.session(), key);
  REQUIRE_FALSE(records);
  CHECK(records.error().message == "there can be no AccessRequest " + to_string(key) + ": that is no name");
}
