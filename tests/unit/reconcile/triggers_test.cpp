#include "reconcile/triggers.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using api::Phase;
using reconcile::Key;

namespace {

using Keys = std::vector<Key>;

Key request_key(const std::string& name, const std::string& ns = "payments") {
  return {.kind = Key::Kind::Request, .object = {.ns = ns, .name = name}};
}
Key policy_key(const std::string& name = "payments-debug") {
  return {.kind = Key::Kind::Policy, .object = {.ns = {}, .name = name}};
}
Key binding_key(const api::RoleBinding& binding) {
  return {.kind = Key::Kind::Binding, .object = binding.metadata.key()};
}

struct TriggersFixture {
  ManualClock clock;
  runtime::WorkQueue<Key> queue{clock};
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  bool leading = true;
  reconcile::Triggers triggers{queue, stores, notes, departed, [this] { return leading; }};

  // The keys that are queued now, sorted.
  Keys queued() {
    Keys keys;
    while (const auto key = queue.try_get()) {
      keys.push_back(*key);
      queue.done(*key);
    }
    std::ranges::sort(keys);
    return keys;
  }
  Keys queued_within(std::chrono::milliseconds time) {
    clock.advance(time);
    return queued();
  }
  void see(const api::AccessRequest& object) {
    const auto before = stores.requests.get(object.metadata.key());
    triggers.changed(before, deliver(stores.requests, object));
  }
  void see_leave(const api::ObjectKey& key) {
    triggers.changed(take_away(stores.requests, key), std::shared_ptr<const api::AccessRequest>());
  }
  // Stores the request without queueing anything.
  void know(const api::AccessRequest& object) { deliver(stores.requests, object); }
};

api::AccessRequest elsewhere(const std::string& name, const std::string& policy, const std::string& ns) {
  auto made = request(name, "uid-of-" + name);
  made.metadata.ns = ns;
  made.spec.policy = policy;
  return made;
}

api::AccessPolicy policy(std::int64_t generation = 1, const std::string& uid = "policy-uid") {
  api::AccessPolicy made;
  made.metadata.name = "payments-debug";
  made.metadata.uid = uid;
  made.metadata.generation = generation;
  made.spec.roles = {{.kind = "ClusterRole", .name = "view"}};
  return made;
}

api::Namespace ns(const std::string& team) {
  api::Namespace made;
  made.metadata.name = "payments";
  made.metadata.labels = {{"team", team}};
  return made;
}

template <class T>
T named(const std::string& name, const std::string& in = {}) {
  T made;
  made.metadata.name = name;
  made.metadata.ns = in;
  return made;
}

// A ClusterRole, or a Role if a namespace is given.
std::shared_ptr<const reconcile::RoleSummary> role(const std::string& name, const std::string& in = {},
                                                   const std::vector<api::PolicyRule>& rules = {}) {
  auto made = named<api::Role>(name, in);
  made.rules = rules;
  return shared(reconcile::summary_of(made));
}

template <class T>
const std::shared_ptr<const T> kNone{};

}  // namespace

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
    CHECK(f.notes.of(kUid).last_binding_uid == one->metadata.uid);
  }
  SECTION("of a request whose end is recorded: nobody would forget it again") {
    f.triggers.changed(one, kNone<api::RoleBinding>);
    CHECK(f.notes.of(kUid).last_binding_uid.empty());
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
