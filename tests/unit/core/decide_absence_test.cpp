#include <functional>

#include "core_test.hpp"
#include "timing.hpp"

// What a request rests on goes away for a moment: its policy, its role, the labels of its namespace.

namespace {

struct Loss {
  const char* reason;
  std::function<void(Situation&)> goes;
  std::function<void(Situation&)> returns;
};

const std::vector<Loss> kLosses{
    {"PolicyNotFound", [](Situation& s) { s.policy.reset(); },
     [](Situation& s) {
       s.policy = a_policy();
       s.policy->metadata.uid = "policy-made-again";
       s.policy->spec.namespaces = {.names = {},
                                    .selector = api::LabelSelector{.match_labels = {{"team", "a"}}}};
     }},
    {"RoleNotFound", [](Situation& s) { s.role_exists = false; },
     [](Situation& s) {
       s.role_exists = true;
       s.role.uid = "role-made-again";
     }},
    {"NamespaceNotAllowed", [](Situation& s) { s.ns->metadata.labels.clear(); },
     [](Situation& s) { s.ns->metadata.labels = {{"team", "a"}}; }},
};

// Of an older request, whose namespace the policy selects by a label.
World selected_world(int required = 1) {
  World w;
  w.s.policy = a_policy(required);
  w.s.policy->spec.namespaces = {.names = {},
                                 .selector = api::LabelSelector{.match_labels = {{"team", "a"}}}};
  w.s.ns->metadata.labels = {{"team", "a"}};
  w.settle();
  w.s.at(kNow + 1min);
  w.settle();
  return w;
}

World selected_active_world() {
  World w = selected_world();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  w.s.at(kNow + 5min);
  w.settle();
  return w;
}

}  // namespace

TEST_CASE("what a waiting request rests on may be away for five seconds, and its status says nothing of it") {
  for (const Loss& loss : kLosses) {
    CAPTURE(loss.reason);
    World w = selected_world();
    const api::AccessRequestStatus before = w.status();
    loss.goes(w.s);
    CHECK(w.step().next == NextLook::at(kNow + 1min + 5s));
    w.s.at(kNow + 1min + 4999ms);
    w.settle();
    CHECK(w.status() == before);
    loss.returns(w.s);
    w.settle();
    w.s.by(approve(sre("bob")));
    w.settle();
    CHECK(w.phase() == Phase::Active);
  }
}

TEST_CASE("what is away for five seconds is refused, and nothing is granted until then") {
  for (const Loss& loss : kLosses) {
    CAPTURE(loss.reason);
    World w = selected_world();
    w.s.by(approve(sre("bob")));
    loss.goes(w.s);
    w.settle();
    CHECK(w.phase() == Phase::Pending);
    CHECK_FALSE(w.has(AuditAction::Granted));
    w.s.at(kNow + 1min + 5s);
    w.settle();
    CHECK(w.phase() == Phase::Rejected);
    const std::string reason = loss.reason == std::string("RoleNotFound") ? "PolicyNotReady" : loss.reason;
    CHECK(w.condition("Granted") == "False " + reason);
  }
}

TEST_CASE("a scheduled request stays Scheduled while what it rests on is away for a moment") {
  for (const Loss& loss : kLosses) {
    CAPTURE(loss.reason);
    World w = selected_world();
    w.s.request.spec.start_time = "2026-11-24T21:00:00Z";
    w.s.by(approve(sre("bob")));
    w.settle();
    REQUIRE(w.phase() == Phase::Scheduled);
    loss.goes(w.s);
    w.settle();
    CHECK(w.phase() == Phase::Scheduled);
    w.s.at(kNow + 1min + 4s);
    loss.returns(w.s);
    w.settle();
    CHECK(w.phase() == Phase::Scheduled);
    loss.goes(w.s);
    w.settle();
    w.s.at(kNow + 1min + 9s);
    w.settle();
    CHECK(w.phase() == Phase::Rejected);
  }
}

TEST_CASE("access outlasts what it rests on by five seconds, and by no more") {
  const Loss& loss = kLosses.at(GENERATE(0U, 1U, 2U));
  CAPTURE(loss.reason);
  World w = selected_active_world();
  const api::AccessRequestStatus before = w.status();
  loss.goes(w.s);
  CHECK(w.step().next == NextLook::at(kNow + 5min + 5s));
  w.s.at(kNow + 5min + 4999ms);
  w.settle();
  CHECK(w.s.binding);
  CHECK(w.status() == before);
  SECTION("it is back in time") {
    loss.returns(w.s);
    w.settle();
    w.s.at(kNow + 10min);
    w.settle();
    CHECK(w.phase() == Phase::Active);
    loss.goes(w.s);
    CHECK(w.step().next == NextLook::at(kNow + 10min + 5s));
  }
  SECTION("it stays away") {
    w.s.at(kNow + 5min + 5s);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.condition("Granted") == std::string("False ") + loss.reason);
  }
  SECTION("something else goes away as well: that gives no more time") {
    w.s.policy.reset();
    w.s.ns->metadata.labels.clear();
    w.settle();
    w.s.at(kNow + 5min + 5s);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
  }
  SECTION("a new process counts from when it first sees it") {
    w.restart();
    w.settle();
    CHECK(w.phase() == Phase::Active);
    w.s.at(kNow + 5min + 4999ms + 5s);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
  }
  SECTION("the end comes first") {
    w.s.at(*w.status().expires_at);
    w.settle();
    CHECK(w.phase() == Phase::Expired);
  }
}

TEST_CASE("what somebody decides ends access at once, whatever is away") {
  const Loss& loss = kLosses.at(GENERATE(0U, 1U, 2U));
  CAPTURE(loss.reason);
  World w = selected_active_world();
  loss.goes(w.s);
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  SECTION("a revocation") {
    w.s.by(revoke(sre("bob")));
  }
  SECTION("a policy that comes back suspended") {
    w.s.policy = a_policy();
    w.s.policy->spec.suspend = true;
  }
  SECTION("a policy that comes back for others") {
    w.s.policy = a_policy();
    w.s.policy->spec.requesters = {user("carol")};
  }
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
}

TEST_CASE("a policy whose author excludes the namespace ends access in it at once") {
  World w = selected_active_world();
  SECTION("by another selector") {
    w.s.policy->spec.namespaces.selector = api::LabelSelector{.match_labels = {{"team", "b"}}};
    ++w.s.policy->metadata.generation;
  }
  SECTION("in a policy that is made again") {
    w.s.policy->metadata.uid = "policy-made-again";
    w.s.policy->spec.namespaces.selector = api::LabelSelector{.match_labels = {{"team", "b"}}};
  }
  SECTION("by name") {
    w.s.policy->spec.namespaces = {.names = {"billing"}, .selector = std::nullopt};
    ++w.s.policy->metadata.generation;
  }
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False NamespaceNotAllowed");
}

TEST_CASE("a new request in a namespace that its policy does not select is refused at once") {
  World w;
  w.s.policy->spec.namespaces = {.names = {},
                                 .selector = api::LabelSelector{.match_labels = {{"team", "a"}}}};
  w.settle();
  CHECK(w.phase() == Phase::Rejected);
}

TEST_CASE("a role that a request is not for may be missing") {
  World w;
  w.s.policy = a_policy(0);
  w.s.policy->spec.roles.push_back(cluster_role("helper"));
  w.s.request.spec.role = cluster_role("view");
  w.s.missing_roles = {"helper"};
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("a grant that was begun neither goes on nor ends while what it rests on is away") {
  World w = selected_world();
  w.s.by(approve(sre("bob")));
  w.step(2);  // the record of the approval and the binding, then a crash
  REQUIRE_FALSE(w.has(AuditAction::Granted));
  REQUIRE(w.s.binding);
  w.s.ns->metadata.labels.clear();
  w.settle();
  CHECK(w.s.binding);
  CHECK(w.has(AuditAction::Granted));
  CHECK_FALSE(w.status().complete);
  SECTION("until it is back") {
    w.s.ns->metadata.labels = {{"team", "a"}};
    w.settle();
    CHECK(w.phase() == Phase::Active);
  }
  SECTION("five seconds at most") {
    w.s.at(kNow + 1min + 5s);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK_FALSE(w.s.binding);
  }
}

TEST_CASE(
    "a revocation by an approver counts although its policy was away for a moment, and is no violation") {
  World w = active_world();
  w.s.at(kNow + 5min);
  w.settle();
  w.s.policy.reset();
  w.s.by(revoke(sre("carol")));  // carol did not approve: only the policy says that she may
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK_FALSE(w.has(AuditAction::PolicyViolation));
  w.s.policy = a_policy();
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.record(AuditAction::Revoked).actor->username == "carol");
}
