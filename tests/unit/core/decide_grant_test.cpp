#include <algorithm>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

#include "core_test.hpp"

using Catch::Matchers::Equals;

namespace {

std::string names_of(const Decision& decision) {
  std::string names;
  for (const Action& action : decision.actions) {
    constexpr const char* kNames[] = {"WriteRecord",    "CreateBinding", "DeleteBinding", "FreeBinding",
                                      "ShortenBinding", "UpdateStatus",  "EmitEvent"};
    names += (names.empty() ? "" : " ") + std::string(kNames[action.index()]);
  }
  return names;
}

// What the API server has just refused for the first time.
GrantFailure refused_now(const World& w, const char* reason, const char* message) {
  return {.reason = reason,
          .message = message,
          .first_at = w.s.now,
          .tried_at = w.s.now,
          .retry_at = w.s.now + 60s};
}

}  // namespace

TEST_CASE("a quorum grants: record of the approval, binding, record of it, status, Event, in that order") {
  World w = approved_after_ten_seconds();
  const Decision decision = w.step();
  CHECK(names_of(decision) == "WriteRecord CreateBinding WriteRecord UpdateStatus EmitEvent");
  CHECK(decision.next.time() == kNow + 10s + 30min);

  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().granted_at == kNow + 10s);
  CHECK(w.status().expires_at == kNow + 10s + 30min);
  CHECK(w.status().approvals == "1/1");
  CHECK(w.status().binding_name == "curfew-uid-1");
  CHECK(w.status().message == "access until 2026-11-24T20:30:10Z");
  CHECK(w.condition("Approved") == "True QuorumReached");
  CHECK(w.condition("Granted") == "True BindingCreated");
  CHECK(w.record(AuditAction::Granted).expires_at == w.status().expires_at);
  CHECK(w.record(AuditAction::Granted).message ==
        "User alice has ClusterRole view in payments until 2026-11-24T20:30:10Z, approved by bob");
  CHECK_THAT(w.told(), Equals(std::vector<std::string>{"Granted"}));
  CHECK(w.record(AuditAction::Granted).binding == api::RecordedBinding{"curfew-uid-1", "binding-1"});
  CHECK(w.events.back().related->name == "curfew-uid-1");
  CHECK(w.step().actions.empty());
}

TEST_CASE("the binding carries its own end, its owner, and nothing that could hold it") {
  World w = approved_after_ten_seconds();
  w.settle();
  REQUIRE(w.s.binding);
  const auto& meta = w.s.binding->metadata;
  CHECK(meta.name == "curfew-uid-1");
  CHECK(meta.ns == "payments");
  CHECK(meta.labels == std::map<std::string, std::string>{{"curfew.dev/request-uid", "uid-1"}});
  CHECK(meta.annotations ==
        std::map<std::string, std::string>{{"curfew.dev/expires-at", "2026-11-24T20:30:10Z"},
                                           {"curfew.dev/request", "payments/fix"},
                                           {"curfew.dev/policy", "payments-debug"},
                                           {"curfew.dev/approved-by", "[\"bob\"]"}});
  CHECK_THAT(
      meta.owner_references,
      Equals(std::vector<api::OwnerReference>{{"curfew.dev/v1alpha1", "AccessRequest", "fix", "uid-1"}}));
  CHECK(meta.finalizers.empty());
  CHECK_THAT(w.s.binding->subjects, Equals(std::vector<api::Subject>{user("alice")}));
  CHECK(w.s.binding->role_ref == cluster_role("view"));
}

TEST_CASE("a policy that asks for no approval grants at once") {
  World w;
  w.s.policy = a_policy(0);
  w.step();
  CHECK(w.status().message == "access is about to be granted");
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.condition("Approved") == "True NoApprovalNeeded");
  CHECK(w.status().approvals == "0/0");
}

TEST_CASE("a grant that is recorded, and whose binding is gone before the status shows it, has ended") {
  World w = approved_after_ten_seconds();
  w.step(3);
  const TimePoint end = *w.record(AuditAction::Granted).expires_at;
  w.s.binding.reset();
  SECTION("before its time") {
    w.s.at(end - 1s - 1us);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.condition("Granted") == "False BindingRemoved");
  }
  SECTION("at its time, a moment before which Curfew deletes it") {
    w.s.at(end - 300ms);
    w.settle();
    CHECK(w.phase() == Phase::Expired);
    CHECK(w.condition("Granted") == "False Expired");
  }
  SECTION("before its time, which a later look finds") {
    w.s.binding_gone_at = end - 1min;
    w.s.at(end + 1min);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
  }
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("a Granted record that does not fit the request grants nothing") {
  World w = approved_after_ten_seconds();
  World other = approved_after_ten_seconds();
  other.settle();
  auto forged = other.record(AuditAction::Granted);
  forged.role = cluster_role("admin");
  SECTION("known before") {
    w.s.granted_record = forged;
    w.settle();
    CHECK(w.record(AuditAction::Tampered).message == w.record(AuditAction::Revoked).message);
  }
  SECTION("found in the way") {
    w.records[forged.metadata.name] = forged;
    w.settle();
    CHECK(w.has(AuditAction::Tampered));
  }
  CHECK(w.condition("Granted") == "False RecordChanged");
  CHECK(w.phase() == Phase::Revoked);
  CHECK_FALSE(w.s.binding);
}

TEST_CASE(
    "a binding that the API server refuses is tried again at its time, and the condition has the server's words") {
  World w = approved_after_ten_seconds();
  w.bindings_are_forbidden = true;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Approved") == "True QuorumReached");
  CHECK(w.condition("Granted") == "False BindingForbidden");
  CHECK(w.status().message == "forbidden: make it grantable");
  CHECK(w.step().next.time() == w.s.now + 60s);
  const auto told = w.told();
  CHECK(std::count(told.begin(), told.end(), "Approved") == 1);
  CHECK(w.has(AuditAction::Failed));

  w.bindings_are_forbidden = false;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.now += 60s;
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().granted_at == kNow + 70s);
  CHECK(w.status().expires_at == kNow + 70s + 30min);
}

TEST_CASE("access that the API server refuses to the end is never said to have been") {
  World w = approved_after_ten_seconds();
  w.bindings_are_forbidden = true;
  w.settle();
  CHECK_FALSE(w.status().granted_at);
  CHECK_FALSE(w.status().expires_at);
  SECTION("it is tried for as long as it would have lasted") {
    for (int minute = 1; minute <= 30; ++minute) {
      CHECK(w.phase() == Phase::Pending);
      w.s.now = *w.step().next.time();
      w.settle();
    }
    CHECK(w.s.now == kNow + 10s + 250ms + 30min);
    CHECK(w.phase() == Phase::Rejected);
    CHECK(w.status().message == "not granted within 30m: forbidden: make it grantable");
    CHECK(w.condition("Granted") == "False BindingForbidden");
    CHECK(w.condition("Approved") == "True QuorumReached");
  }
  SECTION("and deleting it ends nothing") {
    w.s.gone = true;
    w.step();
    CHECK(w.record(AuditAction::Withdrawn).message.find("before anything was granted") != std::string::npos);
  }
  CHECK_FALSE(w.has(AuditAction::Granted));
  for (const auto& [name, record] : w.records) {
    CHECK_FALSE(record.granted_at);
    CHECK_FALSE(record.expires_at);
  }
}

TEST_CASE("a binding of our name without our label is reported, never granted beside, never deleted") {
  World w = approved_after_ten_seconds();
  const auto foreign = testing::decoded<api::RoleBinding>(nlohmann::json::parse(R"({
    "metadata": {"name": "curfew-uid-1", "namespace": "payments", "uid": "foreign"},
    "roleRef": {"kind": "ClusterRole", "name": "view"},
    "subjects": [{"kind": "User", "name": "mallory"}]})"));
  w.s.binding = foreign;
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK(w.condition("Granted") == "False BindingNameTaken");
  CHECK(w.has(AuditAction::Tampered));
  REQUIRE(w.s.binding);
  CHECK(w.s.binding->metadata.uid == "foreign");
  w.s.binding.reset();
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("a binding of ours that was changed before the grant was complete is deleted and ends it") {
  World w = approved_after_ten_seconds();
  w.step(3);
  REQUIRE(w.s.binding);
  const int what = GENERATE(range(0, 4));
  if (what == 0) w.s.binding->subjects.push_back(user("mallory"));
  if (what == 1) w.s.binding->role_ref = cluster_role("admin");
  if (what == 2) w.s.binding->metadata.annotations["curfew.dev/expires-at"] = "never";
  if (what == 3) w.s.binding->metadata.owner_references.clear();
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False BindingChanged");
  CHECK(w.has(AuditAction::Tampered));
}

TEST_CASE("no grant without the guard, also one that was under way") {
  World w = approved_after_ten_seconds();
  w.bindings_are_forbidden = true;
  w.settle();
  w.bindings_are_forbidden = false;
  w.s.now += 60s;
  w.s.guard = {.in_force = false, .difference = "missing"};
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  CHECK_FALSE(w.s.binding);
  w.s.guard = {.in_force = true};
  w.settle();
  CHECK(w.phase() == Phase::Active);
}

TEST_CASE("each step's record names the policy that it was decided by") {
  World w;
  w.settle();
  w.s.policy->metadata.uid = "policy-made-again";
  w.s.policy->metadata.generation = 1;
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  CHECK(w.record(AuditAction::Requested).policy == api::PolicyRef{"payments-debug", "policy-uid", 3});
  CHECK(w.record(AuditAction::Approved).policy == api::PolicyRef{"payments-debug", "policy-made-again", 1});
  CHECK(w.record(AuditAction::Granted).policy == api::PolicyRef{"payments-debug", "policy-made-again", 1});
  w.s.policy.reset();
  w.settle();
  w.s.now += 5s;
  w.settle();
  CHECK(w.record(AuditAction::Revoked).policy == api::PolicyRef{"payments-debug", "policy-uid", 3});
}

TEST_CASE(
    "another failure to make the binding has a record of its own, the same one at another time has not") {
  World w;
  w.bindings_are_forbidden = true;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  const auto failures = [&] {
    return std::ranges::count_if(
        w.records, [](const auto& entry) { return entry.second.action == AuditAction::Failed; });
  };
  CHECK(failures() == 1);
  w.s.failure = refused_now(w, "BindingForbidden", "forbidden: make it grantable");
  w.settle();
  CHECK(failures() == 1);
  w.s.failure = refused_now(w, "BindingForbidden", "admission webhook denied it 17 times");
  w.settle();
  CHECK(failures() == 2);
  w.s.failure = refused_now(w, "BindingForbidden", "admission webhook denied it 18 times");
  w.settle();
  CHECK(failures() == 2);
}

TEST_CASE("the subject gets the access and cannot approve it") {
  World w;
  w.s.policy->spec.subjects = {user("carol")};
  w.s.request.spec.subject = user("carol");
  w.settle();
  w.s.by(approve(sre("carol")));
  w.settle();
  CHECK(w.phase() == Phase::Pending);
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  CHECK(w.s.binding->subjects == std::vector{user("carol")});
}
