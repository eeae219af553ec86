#include <functional>

#include "core_test.hpp"

// onChange: how an active grant follows changes of its policy.

namespace {

struct Change {
  const char* reason;
  std::function<void(Situation&)> happens;
};

const std::vector<Change> kForbidding{
    {"PolicySuspended", [](Situation& s) { s.policy->spec.suspend = true; }},
    {"RequesterNotAllowed", [](Situation& s) { s.policy->spec.requesters = {user("carol")}; }},
    {"RoleNotAllowed", [](Situation& s) { s.policy->spec.roles = {cluster_role("edit")}; }},
    {"RoleChanged",
     [](Situation& s) {
       s.role.uid = "role-made-again";
       s.role.rules_hash = "sha256:wider";
     }},
    {"RoleChanged", [](Situation& s) { s.role.rules_hash = "sha256:wider"; }},
    {"NamespaceNotAllowed", [](Situation& s) { s.policy->spec.namespaces.names = {"billing"}; }},
    {"NamespaceNotAllowed",
     [](Situation& s) {
       ++s.policy->metadata.generation;
       s.policy->spec.namespaces = {.names = {},
                                    .selector = api::LabelSelector{.match_labels = {{"team", "x"}}}};
     }},
    {"ReasonRequired",
     [](Situation& s) {
       s.request.spec.reason.clear();
       s.policy->spec.reason.required = true;
     }},
    {"ReasonMismatch", [](Situation& s) { s.policy->spec.reason.pattern = "^CHG-"; }},
    {"OutsideSchedule",
     [](Situation& s) {
       s.policy->spec.schedule = api::Schedule{
           .time_zone = "UTC", .windows = {{{"Sun"}, "00:00", "24:00"}}, .end_at_window_close = true};
     }},
};

World enforced_world(const std::string& on_change = "") {
  World w;
  w.s.policy->spec.on_change = on_change;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  w.s.at(kNow + 5min);
  return w;
}

}  // namespace

TEST_CASE(
    "what the policy in force no longer allows is revoked, and the rule is named in condition, Event and record") {
  for (const Change& change : kForbidding) {
    for (const char* on_change : {"", "Enforce"}) {
      CAPTURE(change.reason, on_change);
      World w = enforced_world(on_change);
      change.happens(w.s);
      const Decision first = w.step();
      CHECK(std::holds_alternative<DeleteBinding>(first.actions.at(0)));
      CHECK(w.condition("Granted") == std::string("False ") + change.reason);
      w.settle();
      CHECK_FALSE(w.s.binding);
      CHECK(w.phase() == Phase::Revoked);
      CHECK(w.condition("Granted") == std::string("False ") + change.reason);
      CHECK(w.record(AuditAction::Revoked).message == w.status().message);
      CHECK_FALSE(w.record(AuditAction::Revoked).actor);
      CHECK(w.events.back().reason == "Revoked");
      CHECK(w.events.back().type == "Warning");
      CHECK(w.events.back().note == w.status().message);
    }
  }
}

TEST_CASE("the rule that ended a grant is told also when it holds again before the binding is gone") {
  World w = enforced_world();
  w.binding_is_held = true;
  w.s.binding->metadata.finalizers = {"somebody/else"};
  w.s.policy->spec.suspend = true;
  w.step();
  w.s.policy->spec.suspend = false;
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False PolicySuspended");
}

TEST_CASE("under Keep grants run out, whatever becomes of the policy") {
  for (const Change& change : kForbidding) {
    CAPTURE(change.reason);
    World w = enforced_world("Keep");
    change.happens(w.s);
    w.settle();
    CHECK(w.phase() == Phase::Active);
    CHECK(w.s.binding);
    w.s.at(kNow + 30min);
    w.settle();
    CHECK(w.phase() == Phase::Expired);
  }
}

TEST_CASE("what changes nothing for a grant lets it be") {
  const auto change = GENERATE(values<std::function<void(Situation&)>>({
      [](Situation& s) {
        s.policy->spec.approval.approvers = {user("carol")};
      },  // approvals count only until the grant
      [](Situation& s) { s.policy->spec.approval.required = 2; },
      [](Situation& s) { s.policy->spec.default_duration = "5m"; },
      [](Situation& s) {
        s.policy->spec.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = "8h"};
      },
      [](Situation& s) {
        s.policy->spec.schedule = api::Schedule{
            .time_zone = "UTC", .windows = {{{"Sun"}, "00:00", "24:00"}}, .end_at_window_close = false};
      },
      [](Situation& s) { s.policy->spec.roles.push_back(cluster_role("edit")); },
      [](Situation& s) {
        s.policy->spec.reason.pattern = "(";
      },  // an invalid policy only prevents new grants
      [](Situation& s) {
        s.ns->metadata.deletion_timestamp = s.now;
        s.policy->spec.namespaces.names = {"x"};
      },
  }));
  World w = enforced_world();
  change(w.s);
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.s.binding);
  CHECK(w.status().expires_at == kNow + 30min);
}

TEST_CASE("a shorter limit moves the end up, in the binding, status, record and Event") {
  World w = enforced_world(GENERATE("", "Enforce"));
  w.s.policy->spec.max_duration = "10m";
  const Decision decision = w.step();
  REQUIRE(std::holds_alternative<ShortenBinding>(decision.actions.at(1)));
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == kNow + 10min);
  CHECK(w.s.binding->metadata.annotations.at("curfew.dev/expires-at") == "2026-11-24T20:10:00Z");
  CHECK(
      w.record(AuditAction::Shortened).message ==
      "access ends at 2026-11-24T20:10:00Z, sooner than granted: under AccessPolicy payments-debug spec.duration.max is 10m");
  CHECK(w.record(AuditAction::Shortened).expires_at == kNow + 10min);
  CHECK(w.told().back() == "Shortened");
  CHECK(decide(w.s.input()).next.time() == kNow + 10min);

  SECTION("a longer one gives nothing back") {
    w.s.policy->spec.max_duration = "4h";
    w.settle();
    CHECK(w.status().expires_at == kNow + 10min);
  }
  SECTION("one still shorter moves it again, with a record of its own") {
    w.s.policy->spec.max_duration = "8m";
    w.settle();
    CHECK(w.status().expires_at == kNow + 8min);
    CHECK(w.records.contains(
        "uid-1-shortened-" +
        std::to_string(
            std::chrono::duration_cast<std::chrono::seconds>((kNow + 8min).time_since_epoch()).count())));
  }
  w.s.at(kNow + 10min);
  w.settle();
  CHECK(w.phase() == Phase::Expired);
}

TEST_CASE("a limit that has passed already ends the grant, and says which") {
  World w = enforced_world();
  w.s.policy->spec.max_duration = "4m";
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False DurationTooLong");
  CHECK(
      w.status().message ==
      "access would have ended at 2026-11-24T20:04:00Z: under AccessPolicy payments-debug spec.duration.max is 4m");
}

TEST_CASE("a window that closes sooner moves the end up where grants end with it") {
  World w = enforced_world();
  w.s.policy->spec.schedule = api::Schedule{
      .time_zone = "UTC", .windows = {{{"Tue"}, "08:00", "20:15"}}, .end_at_window_close = true};
  w.settle();
  CHECK(w.status().expires_at == kNow + 15min);
  CHECK(
      w.status().message ==
      "access ends at 2026-11-24T20:15:00Z, sooner than granted: under AccessPolicy payments-debug its window closes then");
}

TEST_CASE("after a crash between binding and status the shortened end is what the binding says") {
  World w = enforced_world();
  w.s.policy->spec.max_duration = "10m";
  w.step(2);
  CHECK(w.status().expires_at == kNow + 30min);
  SECTION("the policy is as it was then") {}
  SECTION("the policy allows more again") {
    w.s.policy->spec.max_duration = "4h";
  }
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == kNow + 10min);
  CHECK_FALSE(w.has(AuditAction::Tampered));
}

TEST_CASE("an aggregated role that allows something else is told of once, and access goes on") {
  World w;
  w.s.role.is_aggregated = true;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  w.s.role.rules_hash = "sha256:wider";
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.condition("RoleDrifted") == "True RoleChanged");
  CHECK(w.told().back() == "RoleChanged");
  const auto told = w.told().size();
  w.s.role.rules_hash = "sha256:wider-still";
  w.settle();
  CHECK(w.told().size() == told);
}

TEST_CASE("a role is pinned when it is first seen") {
  World w;
  w.settle();
  CHECK(w.status().role_uid == "role-uid");
  CHECK(w.status().role_rules_hash == "sha256:as-asked");
  w.s.role.rules_hash = "sha256:wider";
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
  CHECK(w.condition("Granted") == "False RoleChanged");
  CHECK(w.status().role_rules_hash == "sha256:as-asked");
}

TEST_CASE("a namespace that is going away grants nothing and says nothing") {
  World w;
  w.s.policy = a_policy(0);
  w.s.ns->metadata.deletion_timestamp = kNow;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("a namespace that is deleted ends its grants quietly, and the record says what ended them") {
  World w = enforced_world();
  w.s.ns->metadata.deletion_timestamp = w.s.now;
  const auto told = w.told().size();
  SECTION("its binding goes first") {
    w.s.binding.reset();
  }
  SECTION("its request goes first") {
    w.s.gone = true;
  }
  SECTION("it is gone before anybody looks") {
    w.s.ns.reset();
    w.s.binding.reset();
    w.s.gone = true;
  }
  w.step();  // a deleted request has no status that could show completion
  w.step();
  CHECK_FALSE(w.s.binding);
  CHECK(w.record(AuditAction::Revoked).message == "namespace payments was deleted, which ended the access");
  CHECK(w.told().size() == told);
}

TEST_CASE("access that outlives its policy says so, and who approved it may end it") {
  World w;
  w.s.policy->spec.on_change = "Keep";
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  CHECK(w.condition("PolicyMissing").empty());
  w.s.policy.reset();
  w.settle();
  CHECK(w.condition("PolicyMissing") == "True PolicyNotFound");
  SECTION("a stranger's word does not count, and is told") {
    w.s.by(revoke(sre("carol"), "stop"));
    w.settle();
    CHECK(w.phase() == Phase::Active);
    CHECK(w.records.at("uid-1-policyviolation-1").message ==
          "carol may not revoke this: the approvers are nobody: there is no such AccessPolicy");
    CHECK(w.status().observed_decisions == 2);
  }
  SECTION("the approver's does") {
    w.s.by(revoke(sre("bob"), "stop"));
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.record(AuditAction::Revoked).actor == sre("bob"));
  }
  SECTION("the policy is back") {
    w.s.policy = a_policy();
    w.s.policy->spec.on_change = "Keep";
    w.settle();
    CHECK(w.condition("PolicyMissing").empty());
    CHECK(w.phase() == Phase::Active);
  }
}

TEST_CASE("who approved may revoke also when the policy does not list them any more") {
  World w;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  w.s.policy->spec.approval.approvers = {user("carol")};
  w.s.policy->spec.on_change = "Keep";
  w.s.by(revoke(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
}

TEST_CASE(
    "why access ends is in the status before it has ended, and in the record, also if the status was not written") {
  World w = enforced_world();
  w.s.policy->spec.suspend = true;
  const bool is_written = GENERATE(true, false);
  w.step(is_written ? 2 : 1);
  REQUIRE_FALSE(w.s.binding);
  CHECK(w.status().ending.has_value() == is_written);
  if (is_written) CHECK(w.status().ending->time == kNow + 5min);
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  REQUIRE(w.status().ending);
  CHECK(w.status().ending->reason == "PolicySuspended");
  CHECK(w.status().ending->message == w.record(AuditAction::Revoked).message);
  CHECK(w.condition("Granted") == "False PolicySuspended");
}

TEST_CASE("an ending that passes before the binding is gone is withdrawn") {
  World w = enforced_world();
  w.binding_is_held = true;
  w.s.binding->metadata.finalizers = {"somebody/else"};
  w.s.request.status.ending =
      api::StatusEnding{.reason = "PolicySuspended", .message = "it is", .time = kNow};
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK_FALSE(w.status().ending);
  CHECK(w.condition("Granted") == "True BindingCreated");
}
