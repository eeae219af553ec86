#include "cli/describe_records.hpp"

#include <catch2/catch_test_macros.hpp>

#include "client/history.hpp"

using namespace curfew;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

namespace {

api::AuditRecord record(api::AuditAction action, std::chrono::seconds at, const std::string& actor = "") {
  api::AuditRecord result;
  result.action = action;
  result.time = TimePoint(1'800'000'000s + at);
  if (!actor.empty()) result.actor = api::Person{.username = actor, .groups = {}};
  result.request = {.ns = "payments", .name = "fix", .uid = "u"};
  result.role = api::RoleRef{.kind = "ClusterRole", .name = "view"};
  result.subject = api::Subject{.kind = "User", .name = "alice", .ns = ""};
  result.policy = api::PolicyRef{.name = "debug", .uid = "p", .generation = 1};
  return result;
}

}  // namespace

TEST_CASE("the records of a request are told in the order of time, whatever their order was") {
  auto requested = record(api::AuditAction::Requested, 0s, "alice");
  requested.duration = "1h";
  requested.reason = "INC-1";
  auto approved = record(api::AuditAction::Approved, 60s, "bob");
  approved.comment = "looks\x1b[31m right";
  auto granted = record(api::AuditAction::Granted, 61s);
  granted.expires_at = TimePoint(1'800'003'661s);
  auto revoked = record(api::AuditAction::Revoked, 90s, "bob");
  revoked.message = "bob revoked: enough";
  std::vector<client::Read<api::AuditRecord>> records;
  for (const auto& one : {revoked, granted, requested, approved})
    records.push_back({.object = one, .json = {}});
  CHECK(
      cli::describe_records(client::by_request(records).front().records) ==
      Texts{
          "2027-01-15T08:00:00Z  alice asked for ClusterRole view in payments for 1h under AccessPolicy debug: INC-1",
          "2027-01-15T08:01:00Z  bob approved: looks?[31m right",
          "2027-01-15T08:01:01Z  User alice was given ClusterRole view until 2027-01-15T09:01:01Z",
          "2027-01-15T08:01:30Z  Revoked: bob revoked: enough"});
}

TEST_CASE("the records of an extension tell what it extends") {
  const api::ExtendedRef first{.name = "first", .uid = "u-0", .expires_at = {}, .since = {}};
  auto requested = record(api::AuditAction::Requested, 0s, "alice");
  requested.duration = "30m";
  requested.extends = first;
  auto granted = record(api::AuditAction::Granted, 61s);
  granted.expires_at = TimePoint(1'800'003'661s);
  granted.extends = first;
  CHECK(
      cli::describe_records({requested, granted}) ==
      Texts{
          "2027-01-15T08:00:00Z  alice asked for ClusterRole view in payments for 30m more, to extend first "
          "under AccessPolicy debug",
          "2027-01-15T08:01:01Z  User alice was given ClusterRole view until 2027-01-15T09:01:01Z, which "
          "extends first"});
}
