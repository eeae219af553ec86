#include "housekeeping/unmanaged_bindings.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"
#include "unit/support/paths.hpp"

using namespace curfew;
using namespace curfew::testing;
using runtime::Outcome;

namespace {

struct ForeignBindingsFixture {
  FakeApi api;
  kube::Client client{api};
  records::Writer audit{client};
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  expiry::PendingDeletions deletions;
  telemetry::Metrics metrics{"test"};
  ManualClock clock;
  std::shared_ptr<const api::AccessRequest> reported;
  housekeeping::UnmanagedBindings foreign{
      {.audit = audit,
       .client = client,
       .endings = client,
       .stores = stores,
       .notes = notes,
       .departed = departed,
       .deletions = deletions,
       .metrics = metrics,
       .clock = clock,
       .on_departed = [this](auto last_state) { reported = std::move(last_state); }}};

  ForeignBindingsFixture() { notes.know_all_records(); }

  Outcome see(const api::RoleBinding& binding) {
    return foreign.reconcile(deliver(stores.bindings, binding)->metadata.key(), {});
  }
  // Also stored in the API server.
  Outcome see_stored(const api::RoleBinding& binding) { return see(api.put(binding)); }
  bool is_there(const api::RoleBinding& binding) {
    return !api.get<api::RoleBinding>(binding.metadata.key()).is_null();
  }
  FakeApi::Json recorded(const std::string& name) const {
    return api.get("/apis/curfew.dev/v1alpha1/auditrecords/" + name);
  }
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
    CHECK(record["message"] == "RoleBinding team-access bears the label curfew.dev/request-uid=" +
                                   std::string(kUid) + " and is not Curfew's: it is left alone; delete it");
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
  SECTION("whose records are not known yet") {
    f.notes.begin_term({});
  }
  SECTION("whose end is under way") {
    f.departed.add(shared(request_in(api::Phase::Active)));
  }
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

// A grant's binding after the garbage collector removed its owner reference, or a forgery of one.
api::RoleBinding ownerless_binding() {
  auto made = binding("2026-11-24T21:00:00Z");
  made.metadata.owner_references.clear();
  return made;
}

}  // namespace

TEST_CASE(
    "a binding with the name and the label of a grant, of which no record says that it was granted, is recorded and ended at once") {
  ForeignBindingsFixture f;
  const std::string uid = kUid;
  const auto made = GENERATE(binding("2026-11-24T21:00:00Z"), ownerless_binding());
  SECTION("of no request that there is, or of one that is gone") {
    f.see_stored(made);
    CHECK(
        f.recorded("binding-of-" + uid + "-tampered")["message"] ==
        "RoleBinding payments/curfew-" + uid +
            " was made by somebody: no AuditRecord says that access was granted to an AccessRequest with the UID " +
            uid + "; it is ended");
  }
  SECTION("of one that waits in another namespace: among that one's records, and it goes on waiting") {
    auto elsewhere = request();
    elsewhere.metadata.ns = "elsewhere";
    deliver(f.stores.requests, f.api.put(elsewhere));
    auto dated = made;
    dated.metadata.creation_timestamp = TimePoint(std::chrono::seconds(1000));
    f.see_stored(dated);
    const auto record = f.recorded(uid + "-tampered-1000");
    CHECK(record["request"] == FakeApi::Json{{"namespace", "elsewhere"}, {"name", "debug"}, {"uid", uid}});
  }
  CHECK_FALSE(f.is_there(made));
  CHECK_FALSE(f.reported);
  CHECK(f.recorded(uid + "-ended").is_null());
}

TEST_CASE(
    "a binding of a grant whose request is gone ends as that request's, whether it has an owner or not") {
  ForeignBindingsFixture f;
  f.notes.begin_term({});  // before all records are known
  f.api.put(record(api::AuditAction::Granted));
  const auto left = GENERATE(binding("2026-11-24T21:00:00Z"), ownerless_binding());
  SECTION("gone") {}
  SECTION("and its name taken by another") {
    f.api.put(request("debug", kOtherUid));
  }
  f.see_stored(left);
  REQUIRE(f.reported);
  CHECK(f.reported->metadata.uid == kUid);
  CHECK(f.reported->status.phase == api::Phase::Active);
  CHECK(f.notes.of(kUid).granted);
  CHECK(f.is_there(left));  // the request's reconciler ends it
}

TEST_CASE("a binding whose request is there is that request's, before the watch has told of either") {
  ForeignBindingsFixture f;
  SECTION("the request goes on") {
    f.api.put(request_in(api::Phase::Active));
    f.see_stored(binding("2026-11-24T21:00:00Z"));
    CHECK_FALSE(f.reported);
  }
  SECTION("it is over") {
    f.api.put(request_in(api::Phase::Expired));
    f.see_stored(binding("2026-11-24T21:00:00Z"));
    REQUIRE(f.reported);
    CHECK(f.reported->status.phase == api::Phase::Expired);
  }
  SECTION("the binding is gone") {
    f.see(binding("2026-11-24T21:00:00Z"));
  }
  SECTION("and made again") {
    auto newer = binding("2026-11-24T21:00:00Z");
    newer.metadata.uid = "newer";
    f.api.put(newer);
    f.see(binding("2026-11-24T21:00:00Z"));
  }
  for (const std::string& call : f.api.calls()) CHECK(call.starts_with("GET "));
}

TEST_CASE("a binding that its request's own reconcile deletes meanwhile was made by nobody else") {
  ForeignBindingsFixture f;
  f.api.put(record(api::AuditAction::Granted));
  f.api.put(record(api::AuditAction::Expired));
  f.api.on_call = [&](const std::string& call) {
    if (call.find("auditrecords") != std::string::npos) f.api.erase(kBindingPath);
  };
  f.see_stored(binding("2026-11-24T21:00:00Z"));
  for (const std::string& call : f.api.calls()) CHECK(call.starts_with("GET "));
}

TEST_CASE("a binding that was made when the access of its request had ended is told of as such") {
  ForeignBindingsFixture f;
  f.api.put(record(api::AuditAction::Granted));
  f.api.put(record(api::AuditAction::Expired));
  f.see_stored(binding("2026-11-24T21:00:00Z"));
  CHECK(f.recorded("binding-of-" + std::string(kUid) + "-tampered")["message"] ==
        "RoleBinding payments/curfew-" + std::string(kUid) +
            " was made by somebody: the access of AccessRequest payments/debug had ended; it is ended");
  CHECK_FALSE(f.is_there(binding("2026-11-24T21:00:00Z")));
}

TEST_CASE("a binding in another namespace than the access that was granted is nobody's") {
  ForeignBindingsFixture f;
  auto granted = record(api::AuditAction::Granted);
  granted.request.ns = "elsewhere";
  f.api.put(granted);
  f.see_stored(binding("2026-11-24T21:00:00Z"));
  CHECK(f.recorded("binding-of-" + std::string(kUid) + "-tampered")["message"].get<std::string>().find(
            "is in elsewhere; it is ended") != std::string::npos);
  CHECK_FALSE(f.is_there(binding("2026-11-24T21:00:00Z")));
}

TEST_CASE("what the API server does not tell is asked again, and nobody is blamed meanwhile") {
  ForeignBindingsFixture f;
  f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
  CHECK(f.see_stored(binding("2026-11-24T21:00:00Z")).kind == Outcome::Kind::RetryRateLimited);
  CHECK(f.is_there(binding("2026-11-24T21:00:00Z")));
}

TEST_CASE("nobody is blamed for the orphan of a request that is on its way out") {
  ForeignBindingsFixture f;
  SECTION("live still: its own decisions tell") {
    deliver(f.stores.requests, request_in(api::Phase::Active));
    CHECK(f.see(ownerless_binding()).after.count() == 0);
  }
  SECTION("gone, and its end is not recorded yet") {
    f.departed.add(shared(request_in(api::Phase::Active)));
    CHECK(f.see(ownerless_binding()).after == std::chrono::seconds(1));
  }
  CHECK(f.api.calls().empty());
}

TEST_CASE("nobody is blamed for a binding without a record before all records are known") {
  ForeignBindingsFixture f;
  f.notes.begin_term(f.clock.now());
  auto orphan = binding("2026-11-24T21:00:00Z");
  orphan.metadata.owner_references.clear();
  CHECK(f.see_stored(orphan).after == 1s);
  CHECK(f.is_there(orphan));
  f.notes.know_all_records();
  f.see_stored(orphan);
  CHECK_FALSE(f.is_there(orphan));
}

TEST_CASE("a binding outside of the namespaces of a live request is ended at once") {
  ForeignBindingsFixture f;
  auto asked = request_in(GENERATE(api::Phase::Pending, api::Phase::Active));
  asked.metadata.ns.clear();
  asked.spec.namespaces = GENERATE(std::vector<std::string>{"shop"}, std::vector<std::string>{});
  deliver(f.stores.requests, f.api.put(asked));
  if (asked.status.phase == api::Phase::Active) {
    auto granted = record(AuditAction::Granted);
    granted.request.ns.clear();
    granted.namespaces = asked.spec.namespaces;
    f.api.put(granted);
  }
  auto made = binding("2026-11-24T21:00:00Z");
  made.metadata.owner_references.front().kind = "ClusterAccessRequest";
  f.see_stored(made);
  CHECK(f.api.get<api::RoleBinding>(made.metadata.key()).is_null());
}
