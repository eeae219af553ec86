#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

#include "world.hpp"

using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;
using api::AuditAction;
using api::Phase;
using Catch::Matchers::Equals;

namespace {

const Flood kFlood{.message = "alice has 20 requests waiting", .is_recorded = false};

}  // namespace

TEST_CASE("the first request too many is rejected, and its record stands for those that follow") {
  World w;
  w.s.request.metadata.creation_timestamp = *parse_rfc3339("2026-11-24T20:13:07Z");
  w.s.flood = kFlood;
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.status().complete);
  CHECK(w.status().message == "alice has 20 requests waiting");
  CHECK(w.condition("Granted") == "False TooManyRequests");
  CHECK(w.condition("Approved") == "False TooManyRequests");
  REQUIRE(w.records.size() == 1);
  const api::AuditRecord& record = w.records.at("flood-2bd806c97f0e00af-1795551000");
  CHECK(record.action == AuditAction::Rejected);
  CHECK(record.actor == w.s.request.spec.requester);
  CHECK(record.request.uid == "uid-1");
  CHECK(record.message ==
        "alice has 20 requests waiting; other requests of alice that are rejected for this until 2026-11-24T20:20:00Z have no record of their own");
  CHECK_THAT(w.told(), Equals(std::vector<std::string>{"Rejected"}));
}

TEST_CASE("those that follow cost one write each") {
  World w;
  w.s.flood = Flood{.message = kFlood.message, .is_recorded = true};
  const Decision decision = decide(w.s.input());
  REQUIRE(decision.actions.size() == 1);
  CHECK(std::holds_alternative<UpdateStatus>(decision.actions.front()));
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
}

TEST_CASE("a request too many that came and went is not recorded as withdrawn") {
  World w;
  w.s.flood = kFlood;
  w.s.gone = true;
  w.step();
  CHECK_FALSE(w.has(AuditAction::Withdrawn));
  CHECK(w.records.size() == 1);
  w.s.flood->is_recorded = true;
  CHECK(decide(w.s.input()).actions.empty());
}

TEST_CASE("a request that was looked at before is no part of a flood") {
  World w;
  w.settle();
  REQUIRE(w.phase() == Phase::Pending);
  w.s.flood = kFlood;
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Active);
}
