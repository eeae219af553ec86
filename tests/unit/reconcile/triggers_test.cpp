#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/triggers_fixture.hpp"

TEST_CASE("a new request is looked at at once, its policy's counts a second later") {
  TriggersFixture f;
  f.see(request());
  CHECK(f.queued() == Keys{request_key("debug")});
  CHECK(f.queued_within(999ms).empty());
  CHECK(f.queued_within(1ms) == Keys{policy_key()});
}

TEST_CASE("a request that changes within its phase leaves its policy alone") {
  TriggersFixture f;
  f.know(request_in(Phase::Pending));
  f.see(request_in(Phase::Pending));
  CHECK(f.queued_within(10s) == Keys{request_key("debug")});
}

TEST_CASE("a request that changes its phase changes its policy's counts") {
  TriggersFixture f;
  f.know(request_in(Phase::Pending));
  f.see(request_in(Phase::Active));
  CHECK(f.queued_within(1s) == Keys{request_key("debug"), policy_key()});
}

TEST_CASE("a request that leaves the selection has departed") {
  TriggersFixture f;
  f.know(request_in(Phase::Active));
  f.see_leave(request().metadata.key());
  CHECK(f.queued_within(1s) == Keys{request_key("debug"), policy_key()});
  REQUIRE(f.departed.first(request().metadata.key()));
  CHECK(f.departed.first(request().metadata.key())->status.phase == Phase::Active);
}

TEST_CASE("a request that was completed here has not departed when it leaves the selection") {
  TriggersFixture f;
  f.know(request_in(Phase::Active));
  f.departed.expect(kUid);
  f.see_leave(request().metadata.key());
  CHECK(f.queued_within(1s) == Keys{policy_key()});
  CHECK_FALSE(f.departed.first(request().metadata.key()));
  CHECK_FALSE(f.departed.is_expected(kUid));  // no longer needed
}

TEST_CASE("of a request deleted and made again between two lists, the first one has departed") {
  TriggersFixture f;
  f.know(request_in(Phase::Active));
  f.see(request("debug", kOtherUid));
  CHECK(f.queued() == Keys{request_key("debug")});
  REQUIRE(f.departed.first(request().metadata.key()));
  CHECK(f.departed.first(request().metadata.key())->metadata.uid == kUid);
}

TEST_CASE("a later look at everything is not lost to an earlier wake-up of a request") {
  TriggersFixture f;
  f.know(request());
  f.queue.add_after(request_key("debug"), 3s);
  f.triggers.everything(6s);
  CHECK(f.queued_within(3s) == Keys{request_key("debug")});
  CHECK(f.queued_within(3s - 1ms).empty());
  CHECK(f.queued_within(1ms) == Keys{request_key("debug")});
}

TEST_CASE("a policy that means something else concerns its requests") {
  TriggersFixture f;
  f.know(request());
  f.know(elsewhere("other", "another-policy", "payments"));
  SECTION("new") {
    f.triggers.changed(kNone<api::AccessPolicy>, shared(policy()));
  }
  SECTION("gone") {
    f.triggers.changed(shared(policy()), kNone<api::AccessPolicy>);
  }
  SECTION("changed") {
    f.triggers.changed(shared(policy(1)), shared(policy(2)));
  }
  SECTION("made again") {
    f.triggers.changed(shared(policy(1)), shared(policy(1, "new-uid")));
  }
  CHECK(f.queued() == Keys{request_key("debug"), policy_key()});
}

TEST_CASE("a policy's new status concerns nobody else, and is counted again at the pace of the counts") {
  TriggersFixture f;
  f.know(request());
  f.triggers.changed(shared(policy()), shared(policy()));
  CHECK(f.queued_within(999ms) == Keys{});
  CHECK(f.queued_within(1ms) == Keys{policy_key()});
}

TEST_CASE("a namespace's labels concern the requests in it") {
  TriggersFixture f;
  f.know(request());
  f.know(elsewhere("other", "payments-debug", "shop"));
  SECTION("new") {
    f.triggers.changed(kNone<api::Namespace>, shared(ns("a")));
  }
  SECTION("relabelled") {
    f.triggers.changed(shared(ns("a")), shared(ns("b")));
  }
  SECTION("gone") {
    f.triggers.changed(shared(ns("a")), kNone<api::Namespace>);
  }
  CHECK(f.queued() == Keys{request_key("debug")});
}

TEST_CASE("a namespace that keeps its labels concerns nobody") {
  TriggersFixture f;
  f.know(request());
  f.triggers.changed(shared(ns("a")), shared(ns("a")));
  CHECK(f.queued().empty());
}

TEST_CASE("the ClusterRole of what Curfew may bind concerns every policy") {
  TriggersFixture f;
  deliver(f.stores.policies, policy());
  f.triggers.changed(role("curfew-grantable"),
                     role("curfew-grantable", {}, {{.api_groups = {}, .resources = {}, .verbs = {"bind"}}}));
  CHECK(f.queued() == Keys{policy_key()});
}

TEST_CASE("a ClusterRole that comes or goes concerns the policies that offer it, and their requests") {
  TriggersFixture f;
  f.know(request());
  f.know(elsewhere("other", "another-policy", "payments"));
  deliver(f.stores.policies, policy());
  const auto view = role("view");
  const auto edit = role("edit");
  f.triggers.changed(view, view);
  f.triggers.changed(kNone<reconcile::RoleSummary>, edit);
  CHECK(f.queued().empty());
  SECTION("comes") {
    f.triggers.changed(kNone<reconcile::RoleSummary>, view);
  }
  SECTION("goes") {
    f.triggers.changed(view, kNone<reconcile::RoleSummary>);
  }
  CHECK(f.queued() == Keys{request_key("debug"), policy_key()});
}

TEST_CASE("a Role that comes or goes concerns the requests in its namespace") {
  TriggersFixture f;
  f.know(request());
  f.know(elsewhere("other", "payments-debug", "shop"));
  const auto debugger = role("debugger", "payments");
  f.triggers.changed(debugger, debugger);
  CHECK(f.queued().empty());
  SECTION("comes") {
    f.triggers.changed(kNone<reconcile::RoleSummary>, debugger);
  }
  SECTION("goes") {
    f.triggers.changed(debugger, kNone<reconcile::RoleSummary>);
  }
  CHECK(f.queued() == Keys{request_key("debug")});
}

TEST_CASE("a role's rules concern the policies that offer it, and the requests that have it") {
  TriggersFixture f;
  auto pinned = elsewhere("pinned", "another-policy", "payments");
  const api::PolicyRule rule{.api_groups = {""},
                             .resources = {"pods"},
                             .verbs = {"get"},
                             .resource_names = {},
                             .non_resource_urls = {}};
  SECTION("a ClusterRole") {
    pinned.status.role_ref = api::RoleRef{.kind = "ClusterRole", .name = "view"};
    f.know(pinned);
    f.know(request());
    deliver(f.stores.policies, policy());
    f.triggers.changed(role("view"), role("view", {}, {rule}));
    CHECK(f.queued() == Keys{request_key("debug"), request_key("pinned"), policy_key()});
  }
  SECTION("a Role") {
    f.know(request());
    auto offers = policy();
    offers.spec.roles = {{.kind = "Role", .name = "debugger"}};
    deliver(f.stores.policies, offers);
    f.triggers.changed(role("debugger", "payments"), role("debugger", "payments", {rule}));
    CHECK(f.queued() == Keys{request_key("debug"), policy_key()});
  }
}

TEST_CASE("everything is policies, requests, departures and orphaned bindings") {
  TriggersFixture f;
  deliver(f.stores.policies, policy());
  f.know(request());
  f.departed.add(shared(request("gone", "uid-gone")));
  deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  const auto orphan = deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z", "orphan", kOtherUid));
  f.triggers.everything();
  CHECK(f.queued() == Keys{request_key("debug"), request_key("gone"), policy_key(), binding_key(*orphan)});
}

TEST_CASE("everything can be looked at later") {
  TriggersFixture f;
  f.know(request());
  f.triggers.everything(6s);
  CHECK(f.queued_within(5999ms).empty());
  CHECK(f.queued_within(1ms) == Keys{request_key("debug")});
}

TEST_CASE("a replica that does not lead queues and remembers nothing") {
  TriggersFixture f;
  f.leading = false;
  deliver(f.stores.policies, policy());
  f.see(request_in(Phase::Pending));
  f.see(request_in(Phase::Active));
  f.see_leave(request().metadata.key());
  f.see(request());
  f.triggers.changed(kNone<api::AccessPolicy>, shared(policy()));
  f.triggers.changed(kNone<api::RoleBinding>, shared(binding("2026-11-24T21:00:00Z", "orphan", kOtherUid)));
  f.triggers.changed(kNone<api::Namespace>, shared(ns("a")));
  f.triggers.changed(kNone<reconcile::RoleSummary>, role("view"));
  f.triggers.changed(kNone<reconcile::RoleSummary>, role("debugger", "payments"));
  f.triggers.everything();
  CHECK(f.queued_within(10s).empty());
  CHECK(f.departed.keys().empty());
}

TEST_CASE("a grant that was forbidden is tried again when the roles that Curfew may bind change") {
  TriggersFixture f;
  f.know(request_in(Phase::Pending));
  f.know(request("other", kOtherUid));
  const auto fail = [&](const char* reason) {
    const TimePoint now = f.clock.now();
    f.notes.remember_failure(
        kUid, {.reason = reason, .message = "no", .first_at = now, .tried_at = now, .retry_at = now + 60s});
  };
  const auto grantable = [](const std::string& hash) {
    auto role = reconcile::summary_of(role_named<api::ClusterRole>("curfew-grantable"));
    role.rules_hash = hash;
    return std::make_shared<const reconcile::RoleSummary>(std::move(role));
  };
  const auto retry_at = [&] { return f.notes.of(kUid).failure->retry_at; };
  const TimePoint regular = f.clock.now() + 60s;
  SECTION("forbidden") {
    fail("BindingForbidden");
    f.triggers.changed(grantable("before"), grantable("after"));
    CHECK(f.queued() == Keys{request_key("debug")});
    CHECK(retry_at() == f.clock.now() + 1s);
  }
  SECTION("nothing has changed") {
    fail("BindingForbidden");
    f.triggers.changed(grantable("before"), grantable("before"));
    CHECK(f.queued().empty());
    CHECK(retry_at() == regular);
  }
  SECTION("invalid") {
    fail("BindingInvalid");
    f.triggers.changed(grantable("before"), grantable("after"));
    CHECK(f.queued().empty());
    CHECK(retry_at() == regular);
  }
}
