#include "core/decide/binding.hpp"
#include "reconcile/decoders.hpp"
#include "unit/reconcile/apply_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"
#include "unit/reconcile/triggers_fixture.hpp"

// What the builders of these tests make is what api's decoders read from JSON, and what the stores keep of
// it.

TEST_CASE("what the builders make is the same after it was written and read again") {
  CHECK(same(read_back(request()), request()));
  for (const Phase phase : {Phase::Pending, Phase::Scheduled, Phase::Active, Phase::Denied, Phase::Rejected,
                            Phase::TimedOut, Phase::Withdrawn, Phase::Expired, Phase::Revoked})
    CHECK(same(read_back(request_in(phase)), request_in(phase)));
  CHECK(same(read_back(binding(kExpiresAt)), binding(kExpiresAt)));
  for (const AuditAction action : {AuditAction::Requested, AuditAction::Granted, AuditAction::Expired})
    CHECK(read_back(record(action)) == record(action));
  CHECK(same(read_back(policy()), policy()));
  CHECK(same(read_back(ns("a")), ns("a")));
  CHECK(same(read_back(elsewhere("other", "another-policy", "shop")),
             elsewhere("other", "another-policy", "shop")));
}

TEST_CASE(
    "the parts of a decision that the fixture makes are the same after they were written and read again") {
  const ApplyFixture f;
  const auto made = core::binding_for(*f.input.request, f.grant().grant, "payments");
  CHECK(same(read_back(made), made));
  CHECK(read_back(f.granted_record().record) == f.granted_record().record);
  auto active = request();
  active.status = f.status(Phase::Active).status;
  CHECK(same(read_back(active), active));
}

TEST_CASE("the stores keep all of what the builders make") {
  CHECK(same(*reconcile::decode_request(api::encode(request_in(Phase::Active))), request_in(Phase::Active)));
  CHECK(same(*reconcile::decode_policy(api::encode(policy())), policy()));
  CHECK(same(*reconcile::decode_binding(api::encode(binding(kExpiresAt))), binding(kExpiresAt)));
}
