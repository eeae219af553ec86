#include "reconcile/request_notes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/support/builders.hpp"

using namespace curfew;
using namespace curfew::testing;
using reconcile::RequestNote;
using reconcile::RequestNotes;

TEST_CASE("a request that is over leaves neither its record nor its failure behind") {
  RequestNotes notes;
  notes.remember_granted(record(api::AuditAction::Granted));
  notes.remember_granted(record(api::AuditAction::Granted, "other", kOtherUid));
  notes.remember_failure(kUid, {.reason = "BindingForbidden", .message = "no", .retry_at = {}});
  REQUIRE(notes.of(kUid).granted);
  CHECK(notes.of(kUid).granted->request.uid == kUid);
  CHECK(notes.of(kUid).failure->reason == "BindingForbidden");
  CHECK_FALSE(notes.of(kOtherUid).failure);

  notes.forget(kUid, {});
  CHECK_FALSE(notes.of(kUid).granted);
  CHECK_FALSE(notes.of(kUid).failure);
  CHECK(notes.of(kOtherUid).granted);
}

TEST_CASE("a new term begins without what another replica may have changed") {
  RequestNotes notes;
  notes.remember_granted(record(api::AuditAction::Granted));
  notes.remember_granted_binding(kUid, "payments", "binding-uid");
  notes.remember_observed(kUid, 1);
  notes.remember_unwatched(kUid, 1);
  notes.know_all_records();
  notes.begin_term({});
  const RequestNote note = notes.of(kUid);
  CHECK_FALSE(note.granted);
  CHECK(note.bindings.empty());
  CHECK_FALSE(note.observed_decisions);
  CHECK(note.unwatched_decisions == 0);
  CHECK_FALSE(notes.knows_all_records());
}

TEST_CASE("a new term keeps the notes that do not depend on the leader") {
  RequestNotes notes;
  notes.remember_end(record(api::AuditAction::Expired));
  notes.remember_gone(kUid, shared(binding_with_uid("binding-uid")), TimePoint(std::chrono::seconds(5)));
  notes.remember_unstorable(kUid, "is invalid: reason: Too long");
  notes.begin_term({});
  const RequestNote note = notes.of(kUid);
  REQUIRE(note.end);
  CHECK(note.end->action == api::AuditAction::Expired);
  CHECK(note.binding_in("payments").gone_uid() == "binding-uid");
  REQUIRE(note.unstorable);
  CHECK(*note.unstorable == "is invalid: reason: Too long");
}
