#include "core/check/checks.hpp"
#include "core/decide/explain.hpp"
#include "core/decide/grant_failure.hpp"
#include "core_test.hpp"

// Requests that extend the access of another; more of them are in tests/cases/decisions/extension.yaml.

namespace {

constexpr TimePoint kFirstEnd = kNow + 20min;
constexpr TimePoint kFirstSince = kNow - 10min;

api::ExtendedRef first_access() {
  return {.name = "first", .uid = "uid-0", .expires_at = kFirstEnd, .since = kFirstSince};
}

// alice's request `first`, which is Active, as what an extension extends.
Extended first_is_active() {
  Extended extended;
  extended.request = std::make_shared<const api::AccessRequest>(an_active_request());
  extended.access = first_access();
  extended.is_active = true;
  return extended;
}

// Waits for an approval.
World extension_world() {
  World w;
  w.s.request.spec.extends = "first";
  w.s.policy->spec.max_total = "5h";
  w.s.extended = first_is_active();
  w.settle();
  REQUIRE(w.phase() == Phase::Pending);
  return w;
}

World approved_extension() {
  World w = extension_world();
  w.s.by(approve(sre("bob"))).at(kNow + 10s);
  return w;
}

World active_extension() {
  World w = approved_extension();
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  REQUIRE(w.status().expires_at == kFirstEnd + 30min);
  return w;
}

void end_first(World& w, bool is_by_time, const std::string& message) {
  w.s.extended->request.reset();
  w.s.extended->is_active = false;
  w.s.extended->end = Extended::End{.is_by_time = is_by_time, .name = "first", .message = message};
}

}  // namespace

TEST_CASE("at first sight the status says what is extended, and the records do, too") {
  World w = extension_world();
  CHECK(w.status().extends == first_access());
  CHECK(w.record(AuditAction::Requested).extends == first_access());
  CHECK(
      w.record(AuditAction::Requested).message ==
      "alice asks for ClusterRole view in payments for 30m more, to extend first under AccessPolicy payments-debug");
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.record(AuditAction::Granted).extends == first_access());
  CHECK(
      w.record(AuditAction::Granted).message ==
      "User alice has ClusterRole view in payments until 2026-11-24T20:50:00Z, which extends first, approved by bob");
  CHECK(w.status().granted_at == kNow);
  CHECK(w.status().extendable_until == kFirstSince + 5h);
}

TEST_CASE("a request that extends nothing has nothing pinned, whatever its status says") {
  World w;
  w.s.request.status.extends = first_access();
  w.settle();
  CHECK_FALSE(w.status().extends);
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.status().expires_at == kEnd);
}

TEST_CASE("what a status claims of the extended access lengthens nothing") {
  World w = extension_world();
  w.s.request.status.extends->expires_at = kNow + 3h;
  w.s.request.status.extends->since = kNow + 2h;
  w.s.by(approve(sre("bob")));
  w.settle();
  CHECK(w.phase() == Phase::Active);
  CHECK(w.status().expires_at == kFirstEnd + 30min);
  CHECK(w.status().extends == first_access());
  w.s.request.status.extends->since = kNow + 2h;  // later, too
  w.s.policy->spec.max_duration = "35m";
  w.s.policy->spec.max_total = "45m";
  w.settle();
  CHECK(w.status().expires_at == kFirstSince + 45min);
}

TEST_CASE("a crash between any two steps of an extension's grant is made good, also after the extended end") {
  const std::size_t done_before_crash = GENERATE(0U, 1U, 2U, 3U, 4U, 5U, 6U);
  const bool is_late = GENERATE(false, true);
  CAPTURE(done_before_crash, is_late);
  World w = approved_extension();
  w.step(done_before_crash);
  const bool is_bound = w.s.binding.has_value();
  w.restart();
  if (is_late) {
    end_first(w, true, "its time was up");
    w.s.at(kFirstEnd + 60s);
  } else {
    w.s.at(kNow + 60s);
  }
  w.settle();
  if (is_late && !is_bound) {
    CHECK(w.phase() == Phase::Rejected);
    CHECK_FALSE(w.s.binding);
    CHECK_FALSE(w.has(AuditAction::Granted));
    return;
  }
  REQUIRE(w.phase() == Phase::Active);
  REQUIRE(w.s.binding);
  CHECK(w.status().expires_at == kFirstEnd + 30min);
  CHECK(w.record(AuditAction::Granted).expires_at == w.status().expires_at);
  CHECK(w.record(AuditAction::Granted).extends == first_access());
}

TEST_CASE("a binding without a record that lasts longer than the extension could is forged") {
  World w = approved_extension();
  w.step(2);
  REQUIRE(w.s.binding);
  w.restart();
  SECTION("by its own end") {
    w.s.binding->metadata.annotations["curfew.dev/expires-at"] = format_rfc3339(kFirstEnd + 31min);
  }
  SECTION("by what the status says of the extended access") {
    w.s.binding->metadata.annotations["curfew.dev/expires-at"] = format_rfc3339(kFirstEnd + 3h);
    w.s.request.status.extends->expires_at = kFirstEnd + 3h;
  }
  SECTION("made after the extended access had ended") {
    w.s.binding->metadata.creation_timestamp = kFirstEnd + 1min;
    w.s.at(kFirstEnd + 2min);
  }
  SECTION("of what was never granted") {
    w.s.extended->access.reset();
  }
  w.settle();
  CHECK(w.has(AuditAction::Tampered));
  // It is removed, and what was approved is granted if it still can be.
  CHECK(w.has(AuditAction::Granted) == w.s.binding.has_value());
  if (w.s.binding) CHECK(w.status().expires_at == kFirstEnd + 30min);
  CHECK((w.phase() == Phase::Active || w.phase() == Phase::Rejected));
}

TEST_CASE("a Granted record that is not of this extension grants nothing") {
  World w = approved_extension();
  w.step(2);
  auto record = w.records.begin()->second;
  w.s.binding.reset();
  record.action = AuditAction::Granted;
  record.metadata.name = "uid-1-granted";
  record.duration = "30m";
  record.granted_at = kNow;
  record.expires_at = kFirstEnd + 30min;
  record.extends = first_access();
  SECTION("of another request") {
    record.extends->uid = "uid-7";
  }
  SECTION("of a later end") {
    record.extends->expires_at = kFirstEnd + 1h;
    record.expires_at = kFirstEnd + 90min;
  }
  SECTION("of nothing") {
    record.extends.reset();
  }
  SECTION("too long") {
    record.expires_at = kFirstEnd + 31min;
  }
  w.s.granted_record = record;
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False RecordChanged");
}

TEST_CASE("the end of the extended access ends an extension only if it came before its time") {
  World w = active_extension();
  SECTION("by its time") {
    w.s.at(kFirstEnd);
    end_first(w, true, "its time was up");
    w.settle();
    CHECK(w.phase() == Phase::Active);
  }
  SECTION("before it") {
    end_first(w, false, "carol revoked");
    w.settle();
    CHECK(w.phase() == Phase::Revoked);
    CHECK(w.record(AuditAction::Revoked).message == "first, which this extends, ended: carol revoked");
    CHECK(w.record(AuditAction::Revoked).extends == first_access());
  }
  SECTION("before it, through another link") {
    end_first(w, false, "carol revoked");
    w.s.extended->end->name = "zeroth";
    w.settle();
    CHECK(w.record(AuditAction::Revoked).message ==
          "zeroth, which this extends through first, ended: carol revoked");
  }
  SECTION("unknown, which is asked again in a moment") {
    w.s.extended->request.reset();
    w.s.extended->is_active = false;
    w.s.extended->is_end_unknown = true;
    w.settle();
    CHECK(w.phase() == Phase::Active);
    CHECK(decide(w.s.input()).next.time() == w.s.now + 1s);
  }
}

TEST_CASE("an extension whose binding was made while the extended access was revoked ends at its next look") {
  World w = approved_extension();
  w.step(3);
  w.restart();
  end_first(w, false, "carol revoked");
  w.settle();
  CHECK(w.phase() == Phase::Revoked);
  CHECK(w.condition("Granted") == "False ExtendedAccessEnded");
  CHECK_FALSE(w.s.binding);
}

TEST_CASE("before access ends that may be extended an Event says so, once a term") {
  World w;
  w.s.policy->spec.max_total = "5h";
  w.s.settings.expiry_warning = 10min;
  w.settle();
  w.s.by(approve(sre("bob")));
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  w.events.clear();
  CHECK(decide(w.s.input()).next.time() == kEnd - 10min);
  w.s.at(kEnd - 10min);
  const auto before = w.status();
  SECTION("it says until when, and how to extend it") {
    w.settle();
    REQUIRE(w.told() == std::vector<std::string>{"ExpiresSoon"});
    CHECK(w.events[0].type == "Normal");
    CHECK(
        w.events[0].note ==
        "access ends at 2026-11-24T20:30:00Z: to ask for more, kubectl curfew extend fix -n payments --for DURATION");
    CHECK(w.status() == before);
    CHECK(decide(w.s.input()).next.time() == kEnd);
    w.restart();
    w.settle();
    CHECK(w.events.size() == 2);
  }
  SECTION("not of what is extended already") {
    w.s.is_extended = true;
  }
  SECTION("not if the flag is 0") {
    w.s.settings.expiry_warning = 0s;
  }
  SECTION("not of what begins after that time") {
    w.s.settings.expiry_warning = 30min;
  }
  SECTION("not where the policy allows no extension") {
    w.s.policy->spec.max_total = "";
  }
  SECTION("not of what has lasted as long as it may") {
    w.s.policy->spec.max_duration = "30m";
    w.s.policy->spec.max_total = "30m";
  }
  w.settle();
  CHECK(w.events.size() == (w.s.is_warned ? w.events.size() : 0));
}

TEST_CASE("the status says how far the policy in force lets access be extended") {
  World w = active_world();
  CHECK_FALSE(w.status().extendable_until);
  w.s.policy->spec.max_total = "5h";
  w.settle();
  CHECK(w.status().extendable_until == kNow + 5h);
  w.s.policy->spec.max_total = "6h";
  w.settle();
  CHECK(w.status().extendable_until == kNow + 6h);
}

TEST_CASE("an extension is for the namespaces of what it extends, in any order") {
  World w = extension_world();
  api::AccessRequest first = an_active_request();
  first.metadata.ns.clear();
  first.spec.namespaces = {"payments", "shop"};
  w.s.extended->request = std::make_shared<const api::AccessRequest>(first);
  w.s.request.metadata.ns.clear();
  const auto refusal = [&](std::vector<std::string> namespaces) {
    w.s.request.spec.namespaces = std::move(namespaces);
    const auto denial = checks::extended_is_the_same(w.s.input());
    return denial ? denial->message : "";
  };
  CHECK(refusal({"payments", "shop"}).empty());
  CHECK(refusal({"shop", "payments"}).empty());
  CHECK(refusal({"shop"}) == "first, which this extends, gives access in payments and shop, not in shop");
  CHECK(refusal({"shop", "stock"}) ==
        "first, which this extends, gives access in payments and shop, not in shop and stock");
  CHECK(refusal({}) == "first, which this extends, gives access in payments and shop, not cluster-wide");
}

TEST_CASE("explain names the checks of extensions for extensions only") {
  const auto names = [](const World& w) {
    std::vector<std::string> checks;
    for (const Finding& finding : explain(w.s.input()))
      if (finding.check.starts_with("exten")) checks.emplace_back(finding.check);
    return checks;
  };
  CHECK(names(World()).empty());
  CHECK(names(extension_world()) == std::vector<std::string>{"extensions-allowed", "extended-not-ended",
                                                             "extended-active", "extended-same",
                                                             "extended-within-total", "extended-once"});
  CHECK(names(active_extension()) == std::vector<std::string>{"extensions-allowed", "extended-not-ended"});
}
