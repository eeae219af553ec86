#include "reconcile/reconstruct_request.hpp"

#include <algorithm>

#include "unit/reconcile/reconcile_test.hpp"

using reconcile::request_of;

namespace {

const TimePoint kGrantedAt = *parse_rfc3339("2026-11-24T20:00:00Z");
const TimePoint kStatedEnd = *parse_rfc3339("2026-11-24T21:00:00Z");

// The records of a request that was granted, as the controller writes them.
std::vector<api::AuditRecord> granted_records() {
  auto requested = record(AuditAction::Requested);
  requested.actor = api::Person{.username = "alice", .groups = {"dev"}};
  auto approved = record(AuditAction::Approved);
  approved.actor = api::Person{.username = "bob", .groups = {}};
  auto granted = record(AuditAction::Granted);
  granted.role = api::RoleRef{.kind = "ClusterRole", .name = "view"};
  granted.subject = api::Subject{.kind = "User", .name = "alice", .ns = {}};
  granted.duration = "1h";
  granted.granted_at = kGrantedAt;
  granted.expires_at = kStatedEnd;
  granted.binding = api::RecordedBinding{.name = std::string("curfew-") + kUid, .uid = {}};
  return {approved, granted, requested};
}

}  // namespace

TEST_CASE("a binding tells of an active request") {
  auto left = binding("2026-11-24T21:00:00Z");
  left.metadata.creation_timestamp = kGrantedAt + std::chrono::milliseconds(300);
  const auto known = request_of(left);
  CHECK(known->metadata.key() == api::ObjectKey{"payments", "debug"});
  CHECK(known->metadata.uid == kUid);
  CHECK(known->spec.policy == "payments-debug");
  CHECK(known->status.phase == api::Phase::Active);
  CHECK_FALSE(known->status.complete);
  CHECK(known->status.policy->name == "payments-debug");
  CHECK(known->status.role_ref == api::RoleRef{.kind = "ClusterRole", .name = "view"});
  CHECK(known->status.subject == api::Subject{.kind = "User", .name = "alice", .ns = {}});
  CHECK(known->status.granted_at == kGrantedAt);
  CHECK(known->status.expires_at == kStatedEnd);
  CHECK(known->status.binding_name == left.metadata.name);
}

TEST_CASE("a binding of others names no request") {
  SECTION("without an owner") {
    auto foreign = binding("2026-11-24T21:00:00Z");
    foreign.metadata.owner_references.clear();
    CHECK(request_of(foreign)->metadata.name.empty());
  }
  SECTION("with an owner of another uid") {
    auto foreign = binding("2026-11-24T21:00:00Z");
    foreign.metadata.owner_references.front().uid = kOtherUid;
    CHECK(request_of(foreign)->metadata.name.empty());
  }
  SECTION("without the label") {
    auto foreign = binding("2026-11-24T21:00:00Z");
    foreign.metadata.labels.clear();
    CHECK(request_of(foreign)->metadata.name.empty());
  }
}

TEST_CASE("a binding without a readable end, subject or policy still tells what it can") {
  auto left = binding("soon");
  left.subjects.clear();
  left.metadata.annotations.erase(std::string(api::kPolicyAnnotation));
  const auto known = request_of(left);
  CHECK(known->metadata.name == "debug");
  CHECK_FALSE(known->status.expires_at);
  CHECK_FALSE(known->status.subject);
  CHECK(known->spec.policy.empty());
}

TEST_CASE("records tell of an active request, in whatever order they come") {
  auto records = granted_records();
  const auto by_name = [](const api::AuditRecord& a, const api::AuditRecord& b) {
    return a.metadata.name < b.metadata.name;
  };
  std::ranges::sort(records, by_name);
  do {
    const auto known = request_of(records);
    CHECK(known->metadata.key() == api::ObjectKey{"payments", "debug"});
    CHECK(known->metadata.uid == kUid);
    CHECK(known->spec.requester == api::Person{.username = "alice", .groups = {"dev"}});
    CHECK(known->spec.reason == "INC-1");
    CHECK(known->spec.policy == "payments-debug");
    CHECK(known->spec.role == api::RoleRef{.kind = "ClusterRole", .name = "view"});
    CHECK(known->status.phase == api::Phase::Active);
    CHECK(known->status.role_ref == api::RoleRef{.kind = "ClusterRole", .name = "view"});
    CHECK(known->status.subject == api::Subject{.kind = "User", .name = "alice", .ns = {}});
    CHECK(known->status.duration == "1h");
    CHECK(known->status.granted_at == kGrantedAt);
    CHECK(known->status.expires_at == kStatedEnd);
    CHECK(known->status.binding_name == std::string("curfew-") + kUid);
  } while (std::ranges::next_permutation(records, by_name).found);
}

TEST_CASE("records without a grant tell of a pending request") {
  auto records = granted_records();
  std::erase_if(records, [](const api::AuditRecord& r) { return r.action == AuditAction::Granted; });
  const auto known = request_of(records);
  CHECK(known->status.phase == api::Phase::Pending);
  CHECK_FALSE(known->status.expires_at);
  CHECK(known->status.binding_name.empty());
}

TEST_CASE("records tell of the approvals that counted, in their order") {
  std::vector<api::AuditRecord> records;
  const auto say = [&](AuditAction action, const char* who, std::chrono::seconds after) {
    auto said = record(action);
    said.actor = api::Person{.username = who, .groups = {"sre"}};
    said.time = kGrantedAt + after;
    said.comment = "ok";
    records.push_back(said);
  };
  say(AuditAction::Approved, "carol", std::chrono::seconds(2));
  say(AuditAction::ApprovalWithdrawn, "bob", std::chrono::seconds(1));
  say(AuditAction::Approved, "bob", std::chrono::seconds(0));
  say(AuditAction::PolicyViolation, "eve", std::chrono::seconds(3));
  const auto known = request_of(records);
  REQUIRE(known->decisions.size() == 3);
  CHECK(known->decisions[0] == api::Decision{.verdict = api::Verdict::Approve,
                                             .person = {.username = "bob", .groups = {"sre"}},
                                             .comment = "ok"});
  CHECK(known->decisions[1].verdict == api::Verdict::Revoke);
  CHECK(known->decisions[2].person.username == "carol");
  CHECK(known->status.observed_decisions == 3);
}
