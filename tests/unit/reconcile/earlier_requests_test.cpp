#include "reconcile/earlier_requests.hpp"

#include "unit/reconcile/reconcile_test.hpp"
#include "unit/support/fake_api.hpp"

using reconcile::find_earlier_request;

namespace {

constexpr const char* kStart = "2026-11-24T20:00:00Z";

struct EarlierRequestsFixture {
  FakeApi api;
  kube::Client client{api};
  api::AccessRequest again = request("debug", kOtherUid);
  api::AccessPolicy policy = policy_with({{"duration", {{"max", "1h"}}}});

  EarlierRequestsFixture() { again.spec.start_time = kStart; }
  // The record that every reconciled request has.
  void requested(const std::string& by = "alice") {
    auto made = record(AuditAction::Requested);
    made.actor = api::Person{.username = by, .groups = {}};
    api.put(made);
  }
  // The records of a request for `duration` from `start`.
  void stored(AuditAction action, const std::string& start = kStart, const std::string& duration = "1h") {
    auto made = record(action);
    if (action == AuditAction::Requested)
      made.actor = api::Person{.username = "alice", .groups = {}};
    else
      requested();
    made.start_time = start;
    made.duration = duration;
    made.message = "bob revoked: enough";
    made.time = *parse_rfc3339("2026-11-24T20:05:00Z");
    api.put(made);
  }
  std::optional<core::EarlierRequest> find() {
    auto found = find_earlier_request(client, again, policy, {});
    REQUIRE(found);
    return *found;
  }
};

}  // namespace

TEST_CASE("a request for the same time as one of its name that was ended is found, with how it ended") {
  for (const auto end : {AuditAction::Denied, AuditAction::Revoked, AuditAction::Withdrawn}) {
    EarlierRequestsFixture f;
    f.stored(AuditAction::Requested);
    f.stored(end);
    const auto earlier = f.find();
    REQUIRE(earlier);
    CHECK(earlier->uid == kUid);
    CHECK(earlier->message == "bob revoked: enough");
    CHECK(earlier->time == *parse_rfc3339("2026-11-24T20:05:00Z"));
  }
}

TEST_CASE("one whose end nobody recorded was deleted") {
  EarlierRequestsFixture f;
  f.stored(AuditAction::Requested);
  REQUIRE(f.find());
  CHECK(f.find()->message == "it was deleted");
  CHECK_FALSE(f.find()->time);
}

TEST_CASE(
    "another span, another name, its own records, and ends that are nobody's word against it mean nothing") {
  EarlierRequestsFixture f;
  SECTION("another start") {
    f.stored(AuditAction::Revoked, "2026-11-24T21:00:00Z");
  }
  SECTION("another duration") {
    f.stored(AuditAction::Revoked, kStart, "30m");
  }
  SECTION("no start") {
    f.stored(AuditAction::Revoked, "");
  }
  SECTION("it ran out") {
    f.stored(AuditAction::Expired);
  }
  SECTION("nobody decided") {
    f.stored(AuditAction::TimedOut);
  }
  SECTION("it was not allowed then") {
    f.stored(AuditAction::Rejected);
  }
  SECTION("its own") {
    f.again.metadata.uid = kUid;
    f.stored(AuditAction::Requested);
  }
  SECTION("another's name") {
    f.again.metadata.name = "other";
    f.stored(AuditAction::Revoked);
  }
  CHECK_FALSE(f.find());
}

TEST_CASE("nobody uses up a name or a span for somebody else") {
  EarlierRequestsFixture f;
  const bool is_once_by_name = GENERATE(true, false);
  if (is_once_by_name) f.policy.spec.limits.emplace().once_by_name = true;
  f.stored(AuditAction::Withdrawn);
  REQUIRE(f.find());
  SECTION("another asked") {
    f.again.spec.requester = api::Person{.username = "bob", .groups = {}};
  }
  SECTION("it was gone before Curfew looked") {
    f.api.erase("/apis/curfew.dev/v1alpha1/auditrecords/" + api::record_name(kUid, AuditAction::Requested));
  }
  CHECK_FALSE(f.find());
}

TEST_CASE("the same instant, written in another way, is the same start") {
  EarlierRequestsFixture f;
  f.stored(AuditAction::Revoked, "2026-11-24T21:00:00+01:00");
  CHECK(f.find());
}

TEST_CASE("under limits.onceByName a name counts whatever the span, also where its access ran out") {
  EarlierRequestsFixture f;
  f.policy.spec.limits.emplace().once_by_name = true;
  f.again.spec.start_time.clear();
  CHECK_FALSE(f.find());
  SECTION("revoked") {
    f.stored(AuditAction::Revoked, "");
  }
  SECTION("ran out") {
    f.stored(AuditAction::Expired, "");
  }
  CHECK(f.find());
}

TEST_CASE("nothing is read where neither the request nor its policy asks for it") {
  EarlierRequestsFixture f;
  f.again.spec.start_time.clear();
  f.stored(AuditAction::Revoked);
  CHECK_FALSE(f.find());
  CHECK(f.api.calls().empty());
}

TEST_CASE("the records of a name are selected by namespace and name") {
  CHECK(reconcile::records_of_name({"payments", "debug"}).fields ==
        "request.namespace=payments,request.name=debug");
}
