#include <algorithm>
#include <functional>

#include "core_test.hpp"

namespace {

bool deletes_first(const Decision& decision) {
  return !decision.actions.empty() && std::holds_alternative<DeleteBinding>(decision.actions.front());
}

}  // namespace

TEST_CASE("an active grant waits for its end and does nothing before") {
  World w = active_world();
  w.s.at(kEnd - 1us);
  const Decision decision = w.step();
  CHECK(decision.actions.empty());
  CHECK(decision.next.time() == kEnd);
}

TEST_CASE("at its end the binding goes first, alone, and the rest follows when it is gone") {
  World w = active_world();
  w.s.at(kEnd);
  const Decision decision = w.step();
  CHECK(deletes_first(decision));
  CHECK(decision.actions.size() == 1);
  w.settle();
  CHECK(w.phase() == Phase::Expired);
  CHECK(w.status().complete);
  CHECK(w.condition("Granted") == "False Expired");
  CHECK(w.condition("Approved") == "True QuorumReached");
  CHECK(w.has(AuditAction::Expired));
  CHECK(w.told().back() == "Expired");
}

TEST_CASE("a binding that goes within the last second has expired, one that goes before was removed") {
  World w = active_world();
  w.s.binding.reset();
  SECTION("in the last second") {
    w.s.at(kEnd - 1s);
    w.settle();
    CHECK(w.phase() == Phase::Expired);
  }
  SECTION("earlier") {
    w.s.at(kEnd - 1s - 1us);
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.condition("Granted") == "False BindingRemoved");
    CHECK_FALSE(w.s.binding);
  }
}

TEST_CASE("a binding that somebody removed was removed, however late Curfew looks at that") {
  World w = active_world();
  w.s.binding.reset();
  w.s.binding_gone_at = kEnd - 1min;
  w.s.at(kEnd + 5min);
  SECTION("somebody") {
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.condition("Granted") == "False BindingRemoved");
  }
  SECTION("this replica, after the binding had left the watch without its label") {
    w.s.is_deleted_here = true;
    w.settle();
    CHECK(w.phase() == Phase::Expired);
  }
}

TEST_CASE("the earliest end that anything says is the end") {
  World w = active_world();
  SECTION("the Granted record") {
    w.s.granted_record->expires_at = kNow + 1min;
    w.s.at(kNow + 1min);
    CHECK(deletes_first(w.step()));
  }
  SECTION("the status") {
    w.s.request.status.expires_at = kNow + 1min;
    w.s.at(kNow + 1min);
    CHECK(deletes_first(w.step()));
  }
}

TEST_CASE("a revocation by a person who may revoke ends the grant") {
  World w = active_world();
  const auto who = GENERATE(values<api::Person>({sre("carol"), person("alice")}));
  w.s.by(revoke(who, "done"));
  CHECK(deletes_first(w.step()));
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.record(AuditAction::Revoked).actor == who);
  CHECK(w.record(AuditAction::Revoked).comment == "done");
  CHECK(w.status().message == who.username + " revoked: done");
}

TEST_CASE("without its policy a grant can still be ended by the one who has it") {
  World w = active_world();
  w.s.policy.reset();
  w.s.by(revoke(person("alice")));
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
}

TEST_CASE("what others say once access is granted is observed and changes nothing") {
  World w = active_world();
  w.s.by(approve(sre("carol"))).by(revoke(person("dave"), "out with her")).by(deny(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.s.binding);
  CHECK(w.status().observed_decisions == 4);
  CHECK(w.records.at("uid-1-policyviolation-2").actor == person("dave"));
}

TEST_CASE("a binding that was changed is deleted, recorded as Tampered and the grant Revoked") {
  World w = active_world();
  const auto change = GENERATE(values<std::function<void(api::RoleBinding&)>>(
      {[](auto& b) { b.subjects.push_back(user("mallory")); }, [](auto& b) { b.subjects = {group("alice")}; },
       [](auto& b) { b.subjects.clear(); }, [](auto& b) { b.role_ref = cluster_role("admin"); },
       [](auto& b) { b.metadata.annotations["curfew.dev/expires-at"] = "2027-01-01T00:00:00Z"; },
       [](auto& b) { b.metadata.annotations["curfew.dev/expires-at"] = "banana"; },
       [](auto& b) { b.metadata.annotations.clear(); },
       [](auto& b) { b.metadata.annotations["curfew.dev/request"] = "else/where"; },
       [](auto& b) { b.metadata.annotations.erase("curfew.dev/policy"); },
       [](auto& b) { b.metadata.owner_references.clear(); },
       [](auto& b) { b.metadata.labels["curfew.dev/request-uid"] = "other"; }}));
  change(*w.s.binding);
  CHECK(deletes_first(decide(w.s.input())));
  w.settle();
  CHECK_FALSE(w.s.binding);
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False BindingChanged");
  CHECK(w.has(AuditAction::Tampered));
  const auto told = w.told();
  CHECK(std::count(told.begin(), told.end(), "Tampered") == 1);
}

TEST_CASE("a binding that a finalizer holds goes on granting, so it is freed") {
  World w;
  w.binding_is_held = true;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  w.s.at(kEnd);
  CHECK(deletes_first(w.step()));
  REQUIRE(w.s.binding);
  CHECK(std::holds_alternative<FreeBinding>(w.step().actions.at(0)));
  w.settle();
  CHECK(w.phase() == Phase::Expired);
}

TEST_CASE("a binding that is on its way out is waited for") {
  World w = active_world();
  w.s.binding->metadata.deletion_timestamp = kNow;
  CHECK(decide(w.s.input()).actions.empty());
}

TEST_CASE("an Active status without any end ends now") {
  World w = active_world();
  w.s.request.status.expires_at.reset();
  w.s.granted_record.reset();
  w.s.binding->metadata.annotations.clear();
  CHECK(deletes_first(decide(w.s.input())));
}

TEST_CASE(
    "a binding that this replica deleted early among many others has expired, one that somebody removed has not") {
  World w = active_world();
  w.s.now = kEnd - 9s;
  w.s.binding.reset();
  w.s.is_deleted_here = GENERATE(true, false);
  const bool is_own = w.s.is_deleted_here;
  w.settle();
  CHECK(w.phase() == (is_own ? Phase::Expired : Phase::Revoked));
  CHECK(w.condition("Granted") == (is_own ? "False Expired" : "False BindingRemoved"));
}
