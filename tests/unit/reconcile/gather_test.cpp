#include <algorithm>
#include <functional>
#include <vector>

#include "api/names.hpp"
#include "core/decide/decide.hpp"
#include "reconcile/triggers.hpp"
#include "unit/reconcile/gather_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

TEST_CASE("a live request is gathered from the stores without a call") {
  GatherFixture f;
  auto asked = request_in(Phase::Active);
  asked.status.role_ref = api::RoleRef{.kind = "ClusterRole", .name = "view"};
  const auto live = deliver(f.stores.requests, asked);
  const auto stored_policy = deliver(f.stores.policies, policy_with({}));
  const auto stored_name_space = deliver(f.stores.namespaces, namespace_with({}));
  deliver(f.stores.cluster_roles, reconcile::summary_of(role_named<api::ClusterRole>("view")));
  const auto stored_binding = deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  f.notes.remember_granted(record(api::AuditAction::Granted));
  f.notes.remember_failure(kUid, {.reason = "BindingForbidden", .message = "no", .retry_at = {}});

  const auto input = f.gather();
  REQUIRE(input);
  REQUIRE(*input);
  CHECK((*input)->request == live);
  CHECK_FALSE((*input)->request_is_gone);
  CHECK((*input)->policy == stored_policy);
  CHECK((*input)->ns == stored_name_space);
  CHECK((*input)->role->uid == "role-uid");
  CHECK((*input)->binding == stored_binding);
  CHECK((*input)->binding_uid == stored_binding->metadata.uid);
  CHECK((*input)->granted_record->request.uid == kUid);
  CHECK((*input)->grant_failure->reason == "BindingForbidden");
  CHECK((*input)->guard.in_force);
  CHECK((*input)->now == f.clock.now());
  CHECK(f.api.calls().empty());
}

TEST_CASE("a request too many is known by the requests that wait, and once it has a status it is none") {
  GatherFixture f;
  f.floods.observe(nullptr, shared(request_in(Phase::Pending, "one", "uid-one")));
  f.floods.observe(nullptr, shared(request_in(Phase::Pending, "two", "uid-two")));
  deliver(f.stores.requests, request());
  auto input = f.gather();
  REQUIRE(input);
  REQUIRE(*input);
  CHECK((*input)->flood);
  deliver(f.stores.requests, request_in(Phase::Pending));
  input = f.gather();
  REQUIRE(input);
  REQUIRE(*input);
  CHECK_FALSE((*input)->flood);
}

TEST_CASE("requests without a policy are counted when they end, not while their policy may still come") {
  GatherFixture f;
  const auto without_policy = [&](const std::string& name, bool has_decided = false) {
    auto asked = request_in(Phase::Pending, name, "uid-" + name);
    asked.metadata.creation_timestamp = f.clock.now();
    if (has_decided) asked.decisions.push_back({api::Verdict::Revoke, *asked.spec.requester, ""});
    deliver(f.stores.requests, asked);
    return [&f, key = asked.metadata.key()] {
      const auto input = f.gatherer.gather(key, {.in_force = true, .since = {}, .difference = {}}, {});
      REQUIRE(input);
      REQUIRE(*input);
      return (*input)->without_policy;
    };
  };
  std::vector<std::function<std::optional<core::RecordSummary>()>> all;
  for (int i = 0; i < 10; ++i) all.emplace_back(without_policy("r-" + std::to_string(i)));
  for (const auto& one : all) CHECK_FALSE(one());
  CHECK_FALSE(without_policy("withdrawn-at-once", true)());  // the first to end
  f.clock.advance(5s);
  std::size_t with_own_records = 0;
  for (const auto& one : all) with_own_records += one() ? 0U : 1U;
  CHECK(with_own_records == limits::RequestRateLimiter::kRecordedWithoutPolicy - 1);
  CHECK(without_policy("another-withdrawn-at-once", true)());

  auto seen_under_one = request_in(Phase::Pending);
  seen_under_one.status.policy =
      api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen_under_one);
  const auto input = f.gather();
  REQUIRE(input);
  REQUIRE(*input);
  CHECK_FALSE((*input)->without_policy);
}

TEST_CASE(
    "a request without a policy that waits for the guard does not end, and takes no turn of those that do") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.metadata.creation_timestamp = f.clock.now() - 1h;
  deliver(f.stores.requests, asked);
  for (std::size_t i = 0; i <= limits::RequestRateLimiter::kRecordedWithoutPolicy; ++i) {
    const auto input = f.gatherer.gather(f.key, {.in_force = false, .since = {}, .difference = "away"}, {});
    CHECK_FALSE((**input).without_policy);
  }
  CHECK_FALSE((**f.gather()).without_policy);  // the first to end has a record of its own
}

TEST_CASE("a Role is looked up in the request's namespace only") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.spec.role = api::RoleRef{.kind = "Role", .name = "debugger"};
  deliver(f.stores.requests, asked);
  auto role = role_named<api::Role>("debugger");
  SECTION("elsewhere") {
    role.metadata.ns = "shop";
    deliver(f.stores.roles, reconcile::summary_of(role));
    CHECK_FALSE((*f.gather())->role);
  }
  SECTION("here") {
    role.metadata.ns = "payments";
    deliver(f.stores.roles, reconcile::summary_of(role));
    CHECK((*f.gather())->role->uid == "role-uid");
  }
}

TEST_CASE("a Role whose name a policy has just begun to offer is read, until Roles of that name are listed") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.spec.role = api::RoleRef{.kind = "Role", .name = "debugger"};
  deliver(f.stores.requests, asked);
  const auto policy = policy_with({{"roles", {{{"kind", "Role"}, {"name", "debugger"}}}}});
  const std::string path = "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/roles";
  SECTION("it is there") {
    REQUIRE(f.stores.offered_roles.offer(policy));
    f.api.put_raw(path + "/debugger",
                  {{"metadata", {{"name", "debugger"}, {"namespace", "payments"}, {"uid", "role-uid"}}}});
    CHECK((*f.gather())->role->uid == "role-uid");
    CHECK(std::ranges::count(f.api.calls(), "GET " + path) == 1);
  }
  SECTION("it is not") {
    REQUIRE(f.stores.offered_roles.offer(policy));
    CHECK_FALSE((*f.gather())->role);
  }
  SECTION("it cannot be read: nothing is decided") {
    REQUIRE(f.stores.offered_roles.offer(policy));
    f.api.fail("GET " + path, 500, "InternalError", "etcd is away");
    CHECK_FALSE(f.gather());
  }
  SECTION("Roles of that name are listed, and this one is none of them") {
    f.stores.offered_roles.list_began({shared(policy)});
    f.stores.offered_roles.list_complete();
    CHECK_FALSE((*f.gather())->role);
    CHECK(f.api.calls().empty());
  }
  SECTION("no policy offers it") {
    CHECK_FALSE((*f.gather())->role);
    CHECK(f.api.calls().empty());
  }
}

TEST_CASE("a key without any request leaves nothing to decide") {
  GatherFixture f;
  const auto input = f.gather();
  REQUIRE(input);
  CHECK_FALSE(*input);
  CHECK(f.api.calls().empty());
}

TEST_CASE("what Curfew has seen of a request is what it wrote, or what was there when its term began") {
  GatherFixture f;
  auto seen = request_in(Phase::Pending);
  seen.status.observed_decisions = 2;
  deliver(f.stores.requests, seen);
  CHECK_FALSE((**f.gather()).observed_decisions);
  f.begin_term();
  CHECK_FALSE((**f.gather()).observed_decisions);  // its first sight waited, for the guard or for its policy
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen);
  f.begin_term();
  CHECK((**f.gather()).observed_decisions == 2);
  f.notes.forget(kUid);
  CHECK_FALSE((**f.gather()).observed_decisions);
}

TEST_CASE("what a status claims that Curfew has seen counts if the guard has been in force since then") {
  GatherFixture f;
  auto seen = request_in(GENERATE(Phase::Pending, Phase::Active));
  seen.status.observed_decisions = 2;
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen);
  f.begin_term();
  const auto observed = [&](const core::GuardState& guard) {
    return (**f.gatherer.gather(f.key, guard, {})).observed_decisions;
  };
  const core::GuardState away{.in_force = false, .since = f.clock.now() - 1h, .difference = "away"};
  const core::GuardState continued{.in_force = true, .since = f.clock.now() - 1h, .difference = {}};
  const core::GuardState restored{.in_force = true, .since = f.clock.now() + 1s, .difference = {}};
  CHECK(observed(away) == 2);
  SECTION("interrupted since then: only of access that was there") {
    const auto expected = seen.status.phase == Phase::Active ? std::optional(2) : std::nullopt;
    CHECK(observed(restored) == expected);
    CHECK(observed(continued) == expected);
  }
  SECTION("interrupted later, when this replica watched") {
    CHECK(observed(continued) == 2);
    CHECK(observed(restored) == 2);
  }
}

TEST_CASE("earlier requests of a name are looked for once, when its policy is first known") {
  GatherFixture f;
  auto asked = request();
  asked.spec.start_time = "2026-11-24T20:00:00Z";
  deliver(f.stores.requests, asked);
  auto before = record(api::AuditAction::Revoked, "debug", kOtherUid);
  before.start_time = asked.spec.start_time;
  f.api.put(before);
  auto before_that = record(api::AuditAction::Requested, "debug", kOtherUid);
  before_that.actor = asked.spec.requester;
  f.api.put(before_that);
  CHECK_FALSE((**f.gather()).earlier);  // no policy, so nothing can be granted
  CHECK(f.api.calls().empty());

  auto policy = policy_with({});
  policy.metadata.uid = "policy-uid";
  deliver(f.stores.policies, policy);
  REQUIRE((**f.gather()).earlier);
  CHECK((**f.gather()).earlier->uid == kOtherUid);

  f.api.forget_calls();
  asked.status.phase = Phase::Pending;
  asked.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, asked);
  CHECK_FALSE((**f.gather()).earlier);
  CHECK(f.api.calls().empty());
}

TEST_CASE("decisions that nobody saw come under the guard are remembered as such") {
  GatherFixture f;
  auto seen = request_in(Phase::Active);
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  seen.status.observed_decisions = 1;
  seen.decisions = {{.verdict = api::Verdict::Approve, .person = {}, .comment = {}}};
  deliver(f.stores.requests, seen);
  f.begin_term();
  CHECK((**f.gather()).unwatched_decisions == 0);
  seen.decisions.push_back({.verdict = api::Verdict::Revoke, .person = {}, .comment = {}});
  SECTION("before this term") {
    deliver(f.stores.requests, seen);
    f.begin_term();
  }
  SECTION("while the guard is away") {
    deliver(f.stores.requests, seen);
    CHECK((**f.gatherer.gather(f.key, {.in_force = false, .since = {}, .difference = "away"}, {}))
              .unwatched_decisions == 2);
  }
  CHECK((**f.gather()).unwatched_decisions == 2);
  CHECK((**f.gather()).observed_decisions == 1);
  f.notes.forget(kUid);
  CHECK((**f.gather()).unwatched_decisions == 0);
}

TEST_CASE("decisions that come under the guard are not remembered as unwatched") {
  GatherFixture f;
  auto seen = request_in(Phase::Active);
  seen.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  deliver(f.stores.requests, seen);
  f.begin_term();
  seen.decisions = {{.verdict = api::Verdict::Revoke, .person = {}, .comment = {}}};
  deliver(f.stores.requests, seen);
  CHECK((**f.gather()).unwatched_decisions == 0);
}

TEST_CASE("since when something is away is remembered for a live request, and not longer") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  asked.status.role_ref = api::RoleRef{.kind = "ClusterRole", .name = "view"};
  deliver(f.stores.requests, asked);
  const auto policy = policy_with({{"roles", {{{"kind", "ClusterRole"}, {"name", "view"}}}}});
  deliver(f.stores.policies, policy);
  deliver(f.stores.cluster_roles, reconcile::summary_of(role_named<api::ClusterRole>("view")));
  CHECK_FALSE((**f.gather()).absence);

  const auto since = f.clock.now();
  take_away(f.stores.policies, policy.metadata.key());
  REQUIRE((**f.gather()).absence);
  f.clock.advance(3s);
  REQUIRE((**f.gather()).absence);
  CHECK((**f.gather()).absence->since == since);
  SECTION("until it is back") {
    deliver(f.stores.policies, policy);
    CHECK_FALSE((**f.gather()).absence);
    CHECK(f.notes.of(kUid).presence.absence == std::nullopt);
  }
  SECTION("not by another leader") {
    f.notes.begin_term({});
    CHECK((**f.gather()).absence->since == since + 3s);
  }
  SECTION("not of a request that is over") {
    f.notes.forget(kUid);
    asked.status.complete = true;
    deliver(f.stores.requests, asked);
    CHECK_FALSE((**f.gather()).absence);
    CHECK(f.notes.of(kUid).presence == core::Presence{});
  }
}

TEST_CASE("a request is not told of problems with roles that it is not for") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.spec.role = api::RoleRef{.kind = "ClusterRole", .name = "view"};
  deliver(f.stores.requests, asked);
  deliver(f.stores.policies, policy_with({{"roles",
                                           {{{"kind", "ClusterRole"}, {"name", "view"}},
                                            {{"kind", "ClusterRole"}, {"name", "helper"}}}}}));
  deliver(f.stores.cluster_roles, reconcile::summary_of(role_named<api::ClusterRole>("view")));
  const auto input = f.gather();
  CHECK(std::ranges::count((*input)->policy_problems, "RoleNotFound", &core::Denial::reason) == 0);
  CHECK_FALSE((*input)->absence);
}

TEST_CASE("the end of a request that was seen waiting has a record") {
  GatherFixture f;
  auto asked = request_in(Phase::Denied);
  deliver(f.stores.requests, asked);
  SECTION("seen: it is looked for") {
    f.notes.remember_observed(kUid, 0);
    SECTION("and is not there") {
      CHECK((**f.gather()).is_end_unrecorded);
    }
    SECTION("and is there") {
      f.api.put(record(api::AuditAction::Denied));
      CHECK_FALSE((**f.gather()).is_end_unrecorded);
    }
  }
  SECTION("not seen: without a call") {
    CHECK_FALSE((**f.gather()).is_end_unrecorded);
    CHECK(f.api.calls().empty());
  }
}

TEST_CASE("an announced end counts if Curfew announced it") {
  GatherFixture f;
  auto asked = request_in(GENERATE(Phase::Pending, Phase::Active));
  const std::string reason = GENERATE("BindingChanged", "StatusChanged", "DurationTooLong");
  const bool is_tampering = reason != "DurationTooLong";
  asked.status.ending =
      api::StatusEnding{.reason = reason, .message = "bob did that", .actor = "", .time = f.clock.now()};
  const auto put_record = [&] {
    auto told = record(api::AuditAction::Tampered);
    told.metadata.name = core::record_of_announced(asked);
    f.api.put(told);
  };
  const auto is_believed = [&] {
    const auto input = f.gather();
    REQUIRE(input);
    CHECK((*input)->request->status.ending.has_value() != (*input)->is_ending_false);
    return !(*input)->is_ending_false;
  };
  SECTION("in this term, by this replica") {
    f.begin_term();
    f.clock.advance(1min);
    deliver(f.stores.requests, asked);
    f.notes.remember_announced(kUid, *asked.status.ending);
    CHECK(is_believed());
  }
  SECTION("in this term, by somebody else") {
    f.begin_term();
    f.clock.advance(1min);
    asked.status.ending->time = GENERATE_REF(f.clock.now(), f.clock.now() - 2min);
    deliver(f.stores.requests, asked);
    put_record();
    CHECK_FALSE(is_believed());
  }
  SECTION("before this term, by the former leader") {
    const bool is_late = GENERATE(true, false);  // for the list of the new one
    if (is_late) f.begin_term();
    deliver(f.stores.requests, asked);
    if (!is_late) f.begin_term();
    put_record();
    CHECK(is_believed());
    f.clock.advance(1min);
    CHECK(is_believed());
  }
  SECTION("before this term, without its record") {
    deliver(f.stores.requests, asked);
    f.begin_term();
    CHECK(is_believed() == !is_tampering);
  }
}

TEST_CASE("a request that has a record of its own does not share that of a flood") {
  GatherFixture f;
  for (const char* name : {"a", "b"})  // as many as may wait
    f.floods.judge(request(name, "3f2c9a4e-0000-4000-8000-00000000000" + std::string(name)), false, true);
  deliver(f.stores.requests, request());
  deliver(f.stores.policies, policy_with({}));
  f.begin_term();
  const bool is_recorded = GENERATE(true, false);
  if (is_recorded) f.api.put(record(api::AuditAction::Requested));
  CHECK((**f.gather()).flood.has_value() == !is_recorded);
  CHECK(f.notes.of(kUid).is_recorded == is_recorded);
}

TEST_CASE("of a request without a policy that has a record of its own, the end has one, too") {
  GatherFixture f;
  auto asked = request();
  asked.decisions = {{.verdict = api::Verdict::Deny, .person = {}, .comment = {}}};
  deliver(f.stores.requests, asked);
  f.notes.remember_recorded(kUid);
  for (int i = 0; i < 10; ++i) f.floods.without_policy(request("x", kOtherUid + std::to_string(i)));
  CHECK_FALSE((**f.gather()).without_policy);
}

TEST_CASE("what a crash kept from the status is read from the records of the decisions") {
  GatherFixture f;
  auto asked = request_in(Phase::Pending);
  asked.metadata.creation_timestamp = f.clock.now() - 2h;
  const auto say = [&](api::Verdict verdict, const char* who) {
    asked.decisions.push_back({.verdict = verdict, .person = {.username = who, .groups = {}}, .comment = {}});
  };
  say(api::Verdict::Approve, "bob");
  say(api::Verdict::Approve, "carol");
  say(api::Verdict::Revoke, "bob");
  say(api::Verdict::Approve, "dave");
  const auto put = [&](api::AuditAction action, int index) {
    auto told = record(action);
    told.metadata.name = api::record_name(kUid, action, index);
    f.api.put(told);
  };
  put(api::AuditAction::Approved, 0);
  put(api::AuditAction::Approved, 1);
  put(api::AuditAction::ApprovalWithdrawn, 2);
  auto policy = policy_with({{"approval", {{"required", 1}, {"timeout", "1h"}}}});
  SECTION("past the deadline") {
    deliver(f.stores.policies, policy);
    deliver(f.stores.requests, asked);
    const auto input = f.gather();
    CHECK((*input)->recorded_decisions == 3);
    CHECK((*input)->recorded_approvers == std::vector<std::string>{"carol"});
  }
  SECTION("for a binding that no record tells of") {
    deliver(f.stores.requests, asked);
    deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
    CHECK((**f.gather()).recorded_approvers == std::vector<std::string>{"carol"});
  }
  SECTION("not otherwise") {
    asked.metadata.creation_timestamp = f.clock.now();
    deliver(f.stores.policies, policy);
    deliver(f.stores.requests, asked);
    CHECK((**f.gather()).recorded_decisions == 0);
    CHECK(f.api.calls().empty());
  }
}
