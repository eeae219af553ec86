#include "core_test.hpp"
#include "timing.hpp"

// A policy's limits on what a person has and had.

TEST_CASE("a person with as many grants as the limit allows is told so, with the figures") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 2, .cooldown = ""};
  w.s.usage.active = 2;
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False TooManyActive");
  CHECK(
      w.status().message ==
      "alice has 2 active under AccessPolicy payments-debug, whose limits.activePerRequester is 2: end one first, with the annotation curfew.dev/revoke");
}

TEST_CASE("below the limit, and after the cooldown, access is granted") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 2, .cooldown = "15m"};
  w.s.usage = {.active = 1, .last_end = kNow - 15min};
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("during the cooldown a request is rejected and says from when to ask again") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits =
      api::AccessPolicySpec::Limits{.active_per_requester = std::nullopt, .cooldown = "15m"};
  w.s.usage.last_end = kNow - 15min + 1us;
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False Cooldown");
  CHECK(
      w.status().message ==
      "alice had access under AccessPolicy payments-debug until 2026-11-24T19:45:00Z, and its limits.cooldown is 15m: ask again from 2026-11-24T20:00:01Z");
}

TEST_CASE("a grant that was begun goes on only within the limits: others may have been given since") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = ""};
  w.step();   // the pinned status
  w.step(1);  // the binding, then a crash
  REQUIRE(w.s.binding);
  REQUIRE_FALSE(w.has(AuditAction::Granted));
  w.s.usage.active = GENERATE(0, 1);
  w.settle();
  CHECK(w.phase() == (w.s.usage.active == 0 ? Phase::Active : Phase::Revoked));
  CHECK(w.has(AuditAction::Granted));  // it was there
  CHECK(w.s.binding.has_value() == (w.s.usage.active == 0));
}

TEST_CASE("limits are asked when access would start, not before") {
  World w = world_from("2026-11-24T21:00:00Z", 0);
  w.s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = ""};
  w.s.usage.active = 1;
  w.settle();
  CHECK(w.phase() == Phase::Scheduled);
  w.s.usage.active = 0;
  w.s.at(kNow + 1h);
  w.settle();
  CHECK(w.phase() == Phase::Active);
}
