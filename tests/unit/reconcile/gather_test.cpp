#include <algorithm>
#include <functional>
#include <vector>

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
    f.notes.forget(kUid, f.clock.now());
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
