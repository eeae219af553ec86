#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <set>

#include "limits/keyed_lock.hpp"
#include "limits/usage_index.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;
using api::AuditAction;
using api::Phase;

namespace {

TimePoint at(const char* time) {
  return *parse_rfc3339(time);
}

api::Subject alice() {
  return {.kind = "User", .name = "alice", .ns = {}};
}

api::AuditRecord end_of_access(AuditAction action, const char* time, const std::string& uid = kUid) {
  auto made = record(action, "debug", uid);
  made.time = at(time);
  made.subject = alice();
  made.granted_at = at("2026-11-24T19:00:00Z");
  made.expires_at = at("2026-11-24T21:00:00Z");
  return made;
}

struct UsageFixture {
  FakeApi api;
  kube::Client client{api};
  kube::ScopedStore<api::AccessRequest> requests;
  kube::ScopedStore<api::RoleBinding> bindings;
  std::set<std::string> granted;
  limits::UsageIndex book{requests, bindings,
                          [this](const std::string& uid) { return granted.contains(uid); }, client};
  api::AccessPolicy policy = policy_with({{"limits", {{"activePerRequester", 1}}}});

  core::Usage usage() {
    const auto found = book.usage_of(request("asks", "uid-asks"), policy, {});
    REQUIRE(found);
    return *found;
  }
  void with_cooldown() { policy.spec.limits->cooldown = "15m"; }
};

}  // namespace

TEST_CASE("what a person has under a policy is what is granted, or on its way") {
  UsageFixture f;
  SECTION("nothing") {
    CHECK(f.usage().active == 0);
  }
  SECTION("an active grant") {
    deliver(f.requests, request_in(Phase::Active));
    CHECK(f.usage().active == 1);
  }
  SECTION("a binding whose status is not written yet") {
    deliver(f.requests, request_in(Phase::Pending));
    deliver(f.bindings, binding("2026-11-24T21:00:00Z"));
    CHECK(f.usage().active == 1);
  }
  SECTION("a Granted record whose binding is not made yet") {
    deliver(f.requests, request_in(Phase::Pending));
    f.granted.insert(kUid);
    CHECK(f.usage().active == 1);
  }
  SECTION("requests that wait do not count") {
    deliver(f.requests, request_in(Phase::Pending));
    deliver(f.requests, request_in(Phase::Scheduled, "later", kOtherUid));
    CHECK(f.usage().active == 0);
  }
  SECTION("the request itself does not count") {
    deliver(f.requests, request_in(Phase::Active, "asks", "uid-asks"));
    CHECK(f.usage().active == 0);
  }
  SECTION("others, and other policies, do not count") {
    auto of_bob = request_in(Phase::Active);
    of_bob.spec.requester->username = "bob";
    deliver(f.requests, of_bob);
    auto elsewhere = request_in(Phase::Active, "other", kOtherUid);
    elsewhere.spec.policy = "another-policy";
    deliver(f.requests, elsewhere);
    CHECK(f.usage().active == 0);
  }
  SECTION("what somebody else asked for on the person's behalf counts for the person") {
    auto by_robot = request_in(Phase::Active);
    by_robot.spec.requester->username = "system:serviceaccount:ci:robot";
    by_robot.spec.subject = alice();
    deliver(f.requests, by_robot);
    CHECK(f.usage().active == 1);
  }
  CHECK(f.api.calls().empty());
}

TEST_CASE("without limits nothing is counted or read") {
  UsageFixture f;
  f.policy.spec.limits.reset();
  deliver(f.requests, request_in(Phase::Active));
  CHECK(f.usage().active == 0);
  CHECK(f.api.calls().empty());
}

TEST_CASE("the last end is read from the person's records once, and then followed") {
  UsageFixture f;
  f.with_cooldown();
  f.api.put(end_of_access(AuditAction::Revoked, "2026-11-24T19:30:00Z"));
  f.api.put(end_of_access(AuditAction::Revoked, "2026-11-24T19:10:00Z", kOtherUid));
  CHECK(f.usage().last_end == at("2026-11-24T19:30:00Z"));
  CHECK(f.usage().last_end == at("2026-11-24T19:30:00Z"));
  CHECK(f.api.calls().size() == 1);
  f.book.recorded(end_of_access(AuditAction::Expired, "2026-11-24T20:00:00Z"));
  CHECK(f.usage().last_end == at("2026-11-24T20:00:00Z"));
  CHECK(f.api.calls().size() == 1);
  f.book.forget();
  f.usage();
  CHECK(f.api.calls().size() == 2);
}

TEST_CASE("only ends of access are ends, and only the person's own") {
  UsageFixture f;
  f.with_cooldown();
  SECTION("never granted") {
    auto missed = end_of_access(AuditAction::Expired, "2026-11-24T19:30:00Z");
    missed.granted_at.reset();
    f.api.put(missed);
  }
  SECTION("denied") {
    f.api.put(end_of_access(AuditAction::Denied, "2026-11-24T19:30:00Z"));
  }
  SECTION("of somebody else of that name") {
    auto other = end_of_access(AuditAction::Revoked, "2026-11-24T19:30:00Z");
    other.subject = api::Subject{.kind = "ServiceAccount", .name = "alice", .ns = "ci"};
    f.api.put(other);
  }
  CHECK_FALSE(f.usage().last_end);
}

TEST_CASE("a ServiceAccount's access ended, whether it was written as one or as a User") {
  UsageFixture f;
  f.with_cooldown();
  auto asks = request("asks", "uid-asks");
  const api::Subject as_user{.kind = "User", .name = "system:serviceaccount:ci:robot", .ns = {}};
  const api::Subject as_account{.kind = "ServiceAccount", .name = "robot", .ns = "ci"};
  asks.status.subject = GENERATE_COPY(as_user, as_account);
  auto ended = end_of_access(AuditAction::Revoked, "2026-11-24T20:10:00Z");
  ended.subject = GENERATE_COPY(as_user, as_account);
  f.api.put(ended);
  const auto usage = f.book.usage_of(asks, f.policy, {});
  REQUIRE(usage);
  CHECK(usage->last_end == at("2026-11-24T20:10:00Z"));
}

TEST_CASE("an end that is recorded while the earlier ones are read counts") {
  UsageFixture f;
  f.with_cooldown();
  f.api.on_call = [&](const std::string&) {
    f.book.recorded(end_of_access(AuditAction::Revoked, "2026-11-24T20:10:00Z"));
  };
  CHECK(f.usage().last_end == at("2026-11-24T20:10:00Z"));
  f.api.on_call = {};
  CHECK(f.usage().last_end == at("2026-11-24T20:10:00Z"));
}

TEST_CASE("access that ended while nobody was there to record it ended when it was to end") {
  UsageFixture f;
  f.with_cooldown();
  f.api.put(end_of_access(AuditAction::Expired, "2026-11-25T08:00:00Z"));
  CHECK(f.usage().last_end == at("2026-11-24T21:00:00Z"));
}

TEST_CASE("records that cannot be read decide nothing") {
  UsageFixture f;
  f.with_cooldown();
  f.api.fail("GET", {.kind = ErrorKind::Timeout, .message = "no answer"});
  CHECK_FALSE(f.book.usage_of(request(), f.policy, {}));
}

TEST_CASE("a name with commas and equal signs selects itself only") {
  UsageFixture f;
  f.with_cooldown();
  auto asked = request("asks", "uid-asks");
  asked.spec.requester->username = "cn=alice,ou=dev\\x";
  REQUIRE(f.book.usage_of(asked, f.policy, {}));
  CHECK(
      limits::records_of({.kind = "User", .name = "cn=alice,ou=dev\\x", .ns = {}}, "payments-debug").fields ==
      "policy.name=payments-debug,subject.name=cn\\=alice\\,ou\\=dev\\\\x");
}

TEST_CASE("a key is locked until it is released, and those who waited are woken one after the other") {
  std::vector<std::string> woken;
  limits::KeyedLock locks([&](const api::ObjectKey& waiter) { woken.push_back(waiter.name); });
  const std::string key = "payments-debug/alice";
  {
    const auto first = locks.try_lock(key, {"payments", "first"});
    REQUIRE(first);
    CHECK_FALSE(locks.try_lock(key, {"payments", "second"}));
    CHECK_FALSE(locks.try_lock(key, {"payments", "third"}));
    CHECK_FALSE(locks.try_lock(key, {"payments", "second"}));
    CHECK(locks.try_lock("payments-debug/bob", {"payments", "other"}));
    CHECK(woken.empty());
  }
  CHECK(woken == std::vector<std::string>{"second"});
  {
    const auto second = locks.try_lock(key, {"payments", "second"});
    REQUIRE(second);
  }
  CHECK(woken == std::vector<std::string>{"second", "third"});
  {
    CHECK(locks.try_lock(key, {"payments", "somebody"}));
  }  // the waiter that was woken never took the lock
  CHECK(woken.size() == 2);
  CHECK(locks.size() == 0);
}

TEST_CASE("a lock whose last waiter no longer needs it is forgotten") {
  std::vector<std::string> woken;
  limits::KeyedLock locks([&](const api::ObjectKey& waiter) { woken.push_back(waiter.name); });
  {
    const auto first = locks.try_lock("debug/alice", {"payments", "first"});
    REQUIRE_FALSE(locks.try_lock("debug/alice", {"payments", "second"}));
  }
  CHECK(woken == std::vector<std::string>{"second"});  // it has been deleted, and does not come back
  CHECK(locks.size() == 0);
}

TEST_CASE("what an extension extends, and what that extends, counts against no limit of it") {
  UsageFixture f;
  f.with_cooldown();
  const auto link = [](const std::string& uid) {
    return api::ExtendedRef{.name = "debug", .uid = uid, .expires_at = {}, .since = {}};
  };
  const auto usage = [&] {
    auto asks = request("asks", "uid-asks");
    asks.spec.extends = "second";
    const auto found = f.book.usage_of(asks, f.policy, {}, "uid-2");
    REQUIRE(found);
    return *found;
  };
  auto second = request_in(Phase::Active, "second", "uid-2");
  second.status.extends = link("uid-1");
  deliver(f.requests, second);
  deliver(f.requests, request_in(Phase::Active, "first", "uid-1"));
  auto first_end = end_of_access(AuditAction::Expired, "2026-11-24T20:00:00Z", "uid-1");
  first_end.extends = link("uid-0");
  f.api.put(first_end);
  f.api.put(end_of_access(AuditAction::Expired, "2026-11-24T19:50:00Z", "uid-0"));
  auto granted = record(AuditAction::Granted, "second", "uid-2");
  granted.subject = alice();
  granted.extends = link("uid-1");
  f.api.put(granted);
  CHECK(usage().active == 0);
  CHECK_FALSE(usage().last_end);
  SECTION("other access of the person does") {
    deliver(f.requests, request_in(Phase::Active, "other", kOtherUid));
    f.api.put(end_of_access(AuditAction::Revoked, "2026-11-24T19:30:00Z", "uid-9"));
    CHECK(usage().active == 1);
    CHECK(usage().last_end == at("2026-11-24T19:30:00Z"));
  }
  SECTION("and all of it for a request that extends nothing") {
    CHECK(f.usage().active == 2);
    CHECK(f.usage().last_end == at("2026-11-24T20:00:00Z"));
  }
}
