#include "housekeeping/audit_backfill.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;
using api::AuditAction;

namespace {

struct RecordSweepFixture {
  FakeApi api;
  kube::Client client{api};
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  ManualClock clock;
  runtime::WorkQueue<reconcile::Key> queue{clock};
  reconcile::ExtensionIndex extensions;
  reconcile::Triggers triggers{queue, stores, notes, departed, extensions, clock, [] { return true; }};
  housekeeping::AuditBackfill sweep{client, stores, notes, triggers};

  void write(const std::string& name, const std::string& uid, std::initializer_list<AuditAction> actions) {
    for (const AuditAction action : actions) api.put(record(action, name, uid));
  }
};

// Padded to one length, because the API server lists names in lexical order.
std::string uid_in_order(int number) {
  std::string digits = std::to_string(number);
  return "3f2c9a4e-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

}  // namespace

TEST_CASE("a granted request whose end is not recorded has departed, with its record") {
  RecordSweepFixture f;
  f.write("debug", kUid, {AuditAction::Requested, AuditAction::Approved, AuditAction::Granted});
  REQUIRE(f.sweep.run({}));
  const auto gone = f.departed.first({"payments", "debug"});
  REQUIRE(gone);
  CHECK(gone->metadata.uid == kUid);
  CHECK(gone->status.phase == api::Phase::Active);
  CHECK(f.notes.of(kUid).granted);
  CHECK(f.queue.size() == 1);
}

TEST_CASE("a pending request whose end is not recorded has departed") {
  RecordSweepFixture f;
  f.write("debug", kUid, {AuditAction::Requested});
  REQUIRE(f.sweep.run({}));
  REQUIRE(f.departed.first({"payments", "debug"}));
  CHECK(f.departed.first({"payments", "debug"})->status.phase == api::Phase::Pending);
  CHECK_FALSE(f.notes.of(kUid).granted);
  CHECK(f.notes.of(kUid).is_recorded);  // even if its status says that it is over
}

TEST_CASE("a request whose end is recorded is over") {
  RecordSweepFixture f;
  const auto end = GENERATE(AuditAction::Denied, AuditAction::Expired, AuditAction::Revoked,
                            AuditAction::Withdrawn, AuditAction::TimedOut, AuditAction::Rejected);
  CAPTURE(api::to_string(end));
  f.write("debug", kUid, {AuditAction::Requested, AuditAction::Granted, end});
  REQUIRE(f.sweep.run({}));
  CHECK(f.departed.keys().empty());
  CHECK_FALSE(f.notes.of(kUid).granted);
}

TEST_CASE("a request that is gone before its review has departed, as its access ended") {
  RecordSweepFixture f;
  f.write("debug", kUid, {AuditAction::Requested, AuditAction::Granted, AuditAction::Expired});
  api::AuditRecord asked = record(AuditAction::ReviewRequested, "debug", kUid);
  asked.review = api::ReviewTerms{
      .required = 1, .reviewers = {{.kind = "Group", .name = "auditors", .ns = {}}}, .within = "72h"};
  asked.review->due_at = f.clock.now();
  f.api.put(asked);
  SECTION("gone") {
    REQUIRE(f.sweep.run({}));
    const auto gone = f.departed.first({"payments", "debug"});
    REQUIRE(gone);
    CHECK(gone->status.phase == api::Phase::Expired);
    REQUIRE(gone->status.review);
    CHECK(gone->status.review->reviewers == asked.review->reviewers);
  }
  SECTION("waiting") {
    api::AccessRequest waits = request_in(api::Phase::Expired);
    waits.status.complete = false;
    deliver(f.stores.requests, waits);
    REQUIRE(f.sweep.run({}));
    CHECK(f.departed.keys().empty());
  }
  SECTION("reviewed") {
    f.write("debug", kUid, {AuditAction::Reviewed});
    REQUIRE(f.sweep.run({}));
    CHECK(f.departed.keys().empty());
  }
  SECTION("deleted, which is recorded") {
    f.write("debug", kUid, {AuditAction::ReviewEvaded});
    REQUIRE(f.sweep.run({}));
    CHECK(f.departed.keys().empty());
  }
}

TEST_CASE("a violation is no end") {
  RecordSweepFixture f;
  const auto violation = GENERATE(AuditAction::Failed, AuditAction::Tampered, AuditAction::PolicyViolation);
  CAPTURE(api::to_string(violation));
  f.write("debug", kUid, {AuditAction::Granted, violation});
  REQUIRE(f.sweep.run({}));
  CHECK(f.departed.keys().size() == 1);
}

TEST_CASE("a live request has not departed, one of its name with another uid has") {
  RecordSweepFixture f;
  deliver(f.stores.requests, request_in(api::Phase::Active));
  SECTION("live: what was granted is remembered, and compared") {
    auto granted = record(AuditAction::Granted);
    granted.expires_at = TimePoint(std::chrono::seconds(1000));
    f.api.put(granted);
    REQUIRE(f.sweep.run({}));
    CHECK(f.departed.keys().empty());
    CHECK(f.notes.of(kUid).granted->expires_at == granted.expires_at);
    CHECK(f.queue.size() == 1);
  }
  SECTION("another") {
    f.write("debug", kOtherUid, {AuditAction::Granted});
    REQUIRE(f.sweep.run({}));
    CHECK(f.departed.first({"payments", "debug"})->metadata.uid == kOtherUid);
  }
}

TEST_CASE("a live request whose end is recorded is decided on with it") {
  RecordSweepFixture f;
  f.write("debug", kUid, {AuditAction::Requested, AuditAction::Expired});
  SECTION("live") {
    deliver(f.stores.requests, request_in(api::Phase::Active));
    REQUIRE(f.sweep.run({}));
    REQUIRE(f.notes.of(kUid).end);
    CHECK(f.notes.of(kUid).end->action == AuditAction::Expired);
    CHECK(f.queue.size() == 1);
  }
  SECTION("another of its name") {
    deliver(f.stores.requests, request_in(api::Phase::Pending, "debug", kOtherUid));
    REQUIRE(f.sweep.run({}));
    CHECK_FALSE(f.notes.of(kUid).end);
    CHECK(f.queue.size() == 0);
  }
  CHECK(f.departed.keys().empty());
}

TEST_CASE(
    "a request that lived when the sweep began is for the watch to end, however old the records that the sweep sees") {
  RecordSweepFixture f;
  const std::string last = uid_in_order(500);
  const auto appear = [&] { deliver(f.stores.requests, request_in(api::Phase::Active, "debug", last)); };
  const auto go = [&] { take_away(f.stores.requests, {"payments", "debug"}); };
  SECTION("it goes while the records are listed") {
    f.write("debug", last, {AuditAction::Requested});
    appear();
    f.api.on_call = [&](const std::string&) { go(); };
  }
  SECTION("it comes while the first page is listed, and goes during the second") {
    for (int i = 0; i < 500; ++i) f.write("over", uid_in_order(i), {AuditAction::Withdrawn});
    f.write("debug", last, {AuditAction::Requested});
    f.api.on_call = [&](const std::string&) { f.api.calls().size() > 1 ? go() : appear(); };
  }
  REQUIRE(f.sweep.run({}));
  CHECK(f.departed.keys().empty());
}

TEST_CASE("no records, nothing departed") {
  RecordSweepFixture f;
  f.api.put_raw("/api/v1/namespaces/x", {{"metadata", {{"name", "x"}}}});
  REQUIRE(f.sweep.run({}));
  CHECK(f.departed.keys().empty());
}

TEST_CASE("the records of a request stand together across the border of two pages") {
  RecordSweepFixture f;
  // 499 records of other requests, then one request whose records are the last of one page and the first of
  // the next.
  constexpr int kPageSize = 500;
  f.write("first", uid_in_order(0), {AuditAction::Requested});
  for (int i = 1; i < kPageSize - 1; ++i) f.write("over", uid_in_order(i), {AuditAction::Withdrawn});
  SECTION("its end is on the next page: it is over") {
    f.write("border", uid_in_order(kPageSize),
            {AuditAction::Approved, AuditAction::Granted, AuditAction::Expired});
    REQUIRE(f.sweep.run({}));
    CHECK(f.departed.keys() == std::vector<api::ObjectKey>{{"payments", "first"}});
  }
  SECTION("its grant is on the next page: it was active") {
    f.write("border", uid_in_order(kPageSize), {AuditAction::Approved, AuditAction::Granted});
    REQUIRE(f.sweep.run({}));
    REQUIRE(f.departed.keys().size() == 2);
    CHECK(f.departed.first({"payments", "border"})->status.phase == api::Phase::Active);
  }
  CHECK(f.api.calls().size() == 2);
}

TEST_CASE("a sweep that fails on its way says so") {
  RecordSweepFixture f;
  f.write("debug", kUid, {AuditAction::Granted});
  f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
  const auto swept = f.sweep.run({});
  REQUIRE_FALSE(swept);
  CHECK(swept.error().kind == ErrorKind::Unavailable);
}

TEST_CASE("after a sweep an active request without a record is looked at") {
  RecordSweepFixture f;
  deliver(f.stores.requests, request_in(api::Phase::Active));
  f.write("debug", kUid, {AuditAction::Requested});
  f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
  CHECK_FALSE(f.sweep.run({}));
  CHECK_FALSE(f.notes.knows_all_records());
  CHECK(f.queue.size() == 0);
  REQUIRE(f.sweep.run({}));
  CHECK(f.notes.knows_all_records());
  CHECK(f.queue.size() == 1);
}

TEST_CASE("a record of no request departs nobody") {
  RecordSweepFixture f;
  auto stray = record(AuditAction::Tampered);
  stray.request = {.ns = "payments", .name = "unknown", .uid = {}};
  f.api.put(stray);
  REQUIRE(f.sweep.run({}));
  CHECK(f.departed.keys().empty());
  CHECK(f.queue.size() == 0);
}
