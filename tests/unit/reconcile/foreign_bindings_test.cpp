#include "reconcile/foreign_bindings.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/reconcile/builders.hpp"
#include "unit/reconcile/fake_api.hpp"
#include "unit/runtime/manual_clock.hpp"

using namespace curfew;
using namespace curfew::testing;
using runtime::Outcome;

namespace {

struct ForeignBindingsFixture {
  FakeApi api;
  kube::Client client{api};
  audit::Writer audit{client};
  reconcile::Stores stores;
  reconcile::Memory memory;
  runtime::Metrics metrics{"test"};
  ManualClock clock;
  bool ends_all;
  reconcile::ForeignBindings foreign{
      {.audit = audit, .endings = client, .stores = stores, .memory = memory, .metrics = metrics, .clock = clock, .ends_all = ends_all}};

  explicit ForeignBindingsFixture(bool ends = false) : ends_all(ends) { memory.know_all_records(); }

  Outcome see(const api::RoleBinding& binding) { return foreign.reconcile(deliver(stores.bindings, binding)->metadata.key(), {}); }
  FakeApi::Json recorded(const std::string& name) const { return api.get("/apis/curfew.dev/v1alpha1/auditrecords/" + name); }
};

api::RoleBinding foreign_binding() {
  auto made = binding("2026-11-24T21:00:00Z");
  made.metadata.name = "team-access";
  made.metadata.uid = "foreign-uid";
  made.metadata.creation_timestamp = TimePoint(std::chrono::seconds(1000));
  return made;
}

}  // namespace

TEST_CASE("a binding that bears our label under a name of its own is recorded, and left alone") {
  ForeignBindingsFixture f;
  SECTION("of no request that is live") {
    CHECK(f.see(foreign_binding()).kind == Outcome::Kind::Done);
    const auto record = f.recorded("foreign-uid-tampered");
    REQUIRE(record.is_object());
    CHECK(record["request"] == FakeApi::Json{{"namespace", "payments"}, {"name", "unknown"}});
    CHECK(record["binding"] == FakeApi::Json{{"name", "team-access"}, {"uid", "foreign-uid"}});
    CHECK(record["message"] == "RoleBinding team-access bears the label curfew.dev/request-uid=" + std::string(kUid) + " and is not Curfew's: it is left alone; delete it");
  }
  SECTION("of a live request: among that one's records") {
    deliver(f.stores.requests, request_in(api::Phase::Active));
    f.see(foreign_binding());
    CHECK(f.recorded(std::string(kUid) + "-tampered-1000")["request"]["uid"] == kUid);
  }
  CHECK(f.api.calls().size() == 1);
}

TEST_CASE("a binding of a live request's grant is for that request to tell of") {
  ForeignBindingsFixture f;
  deliver(f.stores.requests, request_in(api::Phase::Active));
  CHECK(f.see(binding("2026-11-24T21:00:00Z")).after.count() == 0);
  CHECK(f.api.calls().empty());
}

TEST_CASE("nobody is blamed for a binding that may be a deleted request's") {
  ForeignBindingsFixture f;
  SECTION("whose records are not known yet") { f.memory.begin_term(); }
  SECTION("whose end is under way") { f.memory.remember_departed(shared(request_in(api::Phase::Active))); }
  CHECK(f.see(foreign_binding()).after == std::chrono::seconds(1));
  CHECK(f.api.calls().empty());
}

TEST_CASE("a binding that is gone, or has lost the label, is no news") {
  ForeignBindingsFixture f;
  CHECK(f.foreign.reconcile({"payments", "team-access"}, {}).after.count() == 0);
  auto plain = foreign_binding();
  plain.metadata.labels.clear();
  f.see(plain);
  CHECK(f.api.calls().empty());
}

TEST_CASE("a record that is not written is tried again") {
  ForeignBindingsFixture f;
  f.api.fail("POST", 503, "ServiceUnavailable", "etcd is away");
  CHECK(f.see(foreign_binding()).kind == Outcome::Kind::RetryRateLimited);
}

namespace {

// What is left of a grant when the garbage collector took its owner away, or what somebody made to look like one.
api::RoleBinding ownerless_binding() {
  auto made = binding("2026-11-24T21:00:00Z");
  made.metadata.owner_references.clear();
  return made;
}

}  // namespace

TEST_CASE("a binding with the name and the label of a grant that belongs to no request is recorded, and ended at its end") {
  ForeignBindingsFixture f;
  CHECK(f.see(ownerless_binding()).kind == Outcome::Kind::Done);
  const std::string uid = kUid;
  const auto record = f.recorded("binding-of-" + uid + "-tampered");
  REQUIRE(record.is_object());
  CHECK(record["message"] == "RoleBinding curfew-" + uid + " has the name and the label of a grant and belongs to no AccessRequest: Curfew ends it at 2026-11-24T21:00:00Z");
  CHECK(f.api.calls().size() == 1);  // the rest is the revoker's
}

TEST_CASE("where Curfew is being removed, a binding with the name of a grant does not wait for its end, one with another name is left alone") {
  ForeignBindingsFixture f(true);
  SECTION("the name of a grant") {
    const auto stored = f.api.put(ownerless_binding());
    f.see(stored);
    CHECK(f.api.get<api::RoleBinding>(stored.metadata.key()).is_null());
  }
  SECTION("another name") {
    const auto stored = f.api.put(foreign_binding());
    f.see(stored);
    CHECK_FALSE(f.api.get<api::RoleBinding>(stored.metadata.key()).is_null());
  }
}

TEST_CASE("nobody is blamed for the orphan of a request that is on its way out") {
  ForeignBindingsFixture f;
  SECTION("live still: its own decisions tell") {
    deliver(f.stores.requests, request_in(api::Phase::Active));
    CHECK(f.see(ownerless_binding()).after.count() == 0);
  }
  SECTION("gone, and its end is not recorded yet") {
    f.memory.remember_departed(shared(request_in(api::Phase::Active)));
    CHECK(f.see(ownerless_binding()).after == std::chrono::seconds(1));
  }
  CHECK(f.api.calls().empty());
}
