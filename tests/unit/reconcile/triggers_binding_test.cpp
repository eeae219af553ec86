#include <algorithm>

#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/triggers_fixture.hpp"

// Which keys a change of a RoleBinding queues.

TEST_CASE("a binding that is there when its request leaves the selection concerns itself") {
  TriggersFixture f;
  const auto left = binding("2026-11-24T21:00:00Z");
  f.know(request_in(Phase::Active));
  f.triggers.changed(kNone<api::RoleBinding>, deliver(f.stores.bindings, left));
  CHECK(f.queued() == Keys{request_key("debug")});
  const bool is_completed_here = GENERATE(true, false);
  if (is_completed_here) f.departed.expect(kUid);
  f.see_leave(request().metadata.key());
  CHECK(std::ranges::count(f.queued(), binding_key(left)) == 1);
}

TEST_CASE("a binding of a departed request concerns that one, and itself, for when that one is forgotten") {
  TriggersFixture f;
  f.departed.add(shared(request_in(Phase::Active)));
  const auto left = binding("2026-11-24T21:00:00Z");
  f.triggers.changed(kNone<api::RoleBinding>, shared(left));
  CHECK(f.queued() == Keys{request_key("debug"), binding_key(left)});
  f.triggers.changed(shared(left), kNone<api::RoleBinding>);
  CHECK(f.queued() == Keys{request_key("debug")});
}

TEST_CASE("a binding's change is its request's") {
  TriggersFixture f;
  f.know(request());
  const auto one = shared(binding("2026-11-24T21:00:00Z"));
  SECTION("made") {
    f.triggers.changed(kNone<api::RoleBinding>, one);
  }
  SECTION("changed") {
    f.triggers.changed(one, one);
  }
  SECTION("gone") {
    f.triggers.changed(one, kNone<api::RoleBinding>);
  }
  CHECK(f.queued() == Keys{request_key("debug")});
  CHECK(f.departed.keys().empty());
}

TEST_CASE("a binding that goes is remembered for the record of its request's end") {
  TriggersFixture f;
  const auto one = shared(binding("2026-11-24T21:00:00Z"));
  SECTION("of a live request") {
    f.know(request());
    f.triggers.changed(one, kNone<api::RoleBinding>);
    CHECK(f.notes.of(kUid).binding_in("payments").gone_uid() == one->metadata.uid);
    CHECK(f.notes.of(kUid).binding_in("payments").gone_at == f.clock.now());
  }
  SECTION("of a request whose end is recorded: nobody would forget it again") {
    f.triggers.changed(one, kNone<api::RoleBinding>);
    CHECK(f.notes.of(kUid).binding_in("payments").gone_uid().empty());
  }
}

TEST_CASE("a binding without its request concerns itself: whether it was that request's is to be found out") {
  TriggersFixture f;
  SECTION("no request of that name") {}
  SECTION("a request of that name with another uid") {
    f.know(request("debug", kOtherUid));
  }
  const auto left = binding("2026-11-24T21:00:00Z");
  f.triggers.changed(kNone<api::RoleBinding>, shared(left));
  CHECK(f.queued() == Keys{binding_key(left)});
  CHECK(f.departed.keys().empty());
}

TEST_CASE("what is known of a departed request is not replaced by what its binding tells") {
  TriggersFixture f;
  auto known = request_in(Phase::Active);
  known.spec.reason = "INC-1";
  f.departed.add(shared(known));
  f.triggers.changed(kNone<api::RoleBinding>, shared(binding("2026-11-24T21:00:00Z")));
  CHECK(f.departed.first(request().metadata.key())->spec.reason == "INC-1");
}

TEST_CASE("a binding of others concerns no request") {
  TriggersFixture f;
  auto foreign = binding("2026-11-24T21:00:00Z");
  foreign.metadata.owner_references.clear();
  f.triggers.changed(kNone<api::RoleBinding>, shared(foreign));
  CHECK(f.queued() == Keys{binding_key(foreign)});
  CHECK(f.departed.keys().empty());
}

TEST_CASE(
    "a binding of others that has the name of a request's concerns that request, since it is in its way") {
  TriggersFixture f;
  f.know(request());
  f.know(request("other", kOtherUid));
  f.know(elsewhere("debug", "payments-debug", "elsewhere"));
  auto foreign = binding("2026-11-24T21:00:00Z");
  foreign.metadata.owner_references.clear();
  SECTION("made") {
    f.triggers.changed(kNone<api::RoleBinding>, shared(foreign));
    CHECK(f.queued() == Keys{request_key("debug"), binding_key(foreign)});
  }
  SECTION("gone") {
    f.triggers.changed(shared(foreign), kNone<api::RoleBinding>);
    CHECK(f.queued() == Keys{request_key("debug")});
  }
  CHECK(f.departed.keys().empty());
}

TEST_CASE("a binding that bears our label without being any request's concerns itself") {
  TriggersFixture f;
  f.know(request());
  auto foreign = binding("2026-11-24T21:00:00Z");
  if (GENERATE(true, false)) {
    foreign.metadata.name = "team-access";
  } else {
    foreign.metadata.name = "curfew-" + std::string(kOtherUid);
    foreign.metadata.labels.begin()->second = kOtherUid;
    foreign.metadata.owner_references.clear();
  }
  const Key key = binding_key(foreign);
  SECTION("seen by itself") {
    f.triggers.changed(kNone<api::RoleBinding>, shared(foreign));
    CHECK(f.queued() == Keys{key});
    f.triggers.changed(shared(foreign), kNone<api::RoleBinding>);
    CHECK(f.queued().empty());
  }
  SECTION("among everything") {
    deliver(f.stores.bindings, foreign);
    f.triggers.everything();
    CHECK(f.queued() == Keys{request_key("debug"), key});
  }
}

TEST_CASE(
    "a binding outside of the namespaces of its request is nobody's, although it names one that is live") {
  TriggersFixture f;
  auto asked = request();
  asked.metadata.ns.clear();
  asked.spec.namespaces = GENERATE(std::vector<std::string>{"payments", "shop"}, std::vector<std::string>{});
  f.know(asked);
  f.queued();
  auto made = binding("2026-11-24T21:00:00Z");
  made.metadata.ns = "elsewhere";
  made.metadata.owner_references.front().kind = "ClusterAccessRequest";
  f.triggers.changed(kNone<api::RoleBinding>, shared(made));
  CHECK(std::ranges::count(f.queued(), binding_key(made)) == 1);
}
