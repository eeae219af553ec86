#include "reconcile/memory.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/support/builders.hpp"

using namespace curfew;
using namespace curfew::testing;
using reconcile::Memory;

TEST_CASE("a departed request is remembered until its own uid is forgotten") {
  Memory memory;
  const auto gone = shared(request());
  memory.remember_departed(gone);
  CHECK(memory.departed(gone->metadata.key()) == gone);
  CHECK(memory.departed_keys() == std::vector{gone->metadata.key()});

  memory.forget_departed(gone->metadata.key(), kOtherUid);
  CHECK(memory.departed(gone->metadata.key()) == gone);

  memory.forget_departed(gone->metadata.key(), kUid);
  CHECK(memory.departed(gone->metadata.key()) == nullptr);
  CHECK(memory.departed_keys().empty());
}

TEST_CASE(
    "of departed requests of one name each is remembered, in the order in which they left, by its last state") {
  Memory memory;
  memory.remember_departed(shared(request()));
  memory.remember_departed(shared(request("debug", kOtherUid)));
  const auto latest = shared(request_in(api::Phase::Active));
  memory.remember_departed(latest);
  const auto key = request().metadata.key();
  CHECK(memory.departed(key) == latest);
  CHECK(memory.is_departed(kUid));
  CHECK(memory.is_departed(kOtherUid));
  CHECK(memory.departed_keys().size() == 1);
  memory.forget_departed(key, kUid);
  CHECK_FALSE(memory.is_departed(kUid));
  CHECK(memory.departed(key)->metadata.uid == kOtherUid);
  memory.forget_departed(key, kOtherUid);
  CHECK(memory.departed(key) == nullptr);
}

TEST_CASE("a completion here is remembered by uid until it is forgotten") {
  Memory memory;
  CHECK_FALSE(memory.was_completed_here(kUid));
  memory.remember_completed(kUid);
  CHECK(memory.was_completed_here(kUid));
  CHECK_FALSE(memory.was_completed_here(kOtherUid));
  memory.forget_completed(kUid);
  CHECK_FALSE(memory.was_completed_here(kUid));
}

TEST_CASE("a request that is over leaves neither its record nor its failure behind") {
  Memory memory;
  memory.remember_granted(record(api::AuditAction::Granted));
  memory.remember_granted(record(api::AuditAction::Granted, "other", kOtherUid));
  memory.remember_failure(kUid, {.reason = "BindingForbidden", .message = "no", .retry_at = {}});
  REQUIRE(memory.granted_record(kUid));
  CHECK(memory.granted_record(kUid)->request.uid == kUid);
  CHECK(memory.failure(kUid)->reason == "BindingForbidden");
  CHECK_FALSE(memory.failure(kOtherUid));

  memory.forget(kUid);
  CHECK_FALSE(memory.granted_record(kUid));
  CHECK_FALSE(memory.failure(kUid));
  CHECK(memory.granted_record(kOtherUid));
}

TEST_CASE("a new term begins without what another replica may have changed") {
  Memory memory;
  memory.remember_granted(record(api::AuditAction::Granted));
  memory.remember_granted_binding(kUid, "binding-uid");
  memory.remember_observed(kUid, 1);
  memory.know_all_records();
  memory.begin_term();
  CHECK_FALSE(memory.granted_record(kUid));
  CHECK(memory.granted_binding_uid(kUid).empty());
  CHECK_FALSE(memory.observed_decisions(kUid));
  CHECK_FALSE(memory.knows_all_records());
}
