#include <string>

#include "api/names.hpp"
#include "unit/reconcile/gather_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// What a request extends, and what extends it, as the gatherer finds it.

namespace {

constexpr const char* kExtension = "3f2c9a4e-0000-4000-8000-0000000000e1";
constexpr const char* kSibling = "3f2c9a4e-0000-4000-8000-0000000000e2";
const TimePoint kSince = *parse_rfc3339("2026-11-24T19:00:00Z");
const TimePoint kExtendedEnd = *parse_rfc3339("2026-11-24T20:30:00Z");

api::AuditRecord granted(const std::string& uid = kUid) {
  auto made = record(AuditAction::Granted, "debug", uid);
  made.granted_at = kSince;
  made.expires_at = kExtendedEnd;
  return made;
}

api::AuditRecord ended(AuditAction action, const std::string& message, const std::string& uid = kUid) {
  auto made = record(action, "debug", uid);
  made.message = message;
  return made;
}

// A request that extends `debug`.
api::AccessRequest extension(Phase phase, const std::string& name = "more",
                             const std::string& uid = kExtension) {
  auto made = request_in(phase, name, uid);
  made.spec.extends = "debug";
  return made;
}

api::AccessRequest pinned(api::AccessRequest request) {
  request.status.extends =
      api::ExtendedRef{.name = "debug", .uid = kUid, .expires_at = kExtendedEnd, .since = kSince};
  return request;
}

struct ExtendedFixture : GatherFixture {
  ExtendedFixture() { clock.step_wall(kExtendedEnd - 10min - clock.now()); }

  void see(const api::AccessRequest& object) {
    const auto before = stores.requests.get(object.metadata.key());
    extensions.observe(before, deliver(stores.requests, object));
  }
  // `debug` is Active, with its binding and its record.
  void extended_is_active() {
    see(request_in(Phase::Active));
    deliver(stores.bindings, binding(kExtendedEnd));
    api.put(granted());
  }
  core::Input of(const std::string& name) {
    const auto found =
        gatherer.gather({"payments", name}, {.in_force = true, .since = {}, .difference = {}}, {});
    REQUIRE(found);
    REQUIRE(*found);
    return **found;
  }
};

const TimePoint kMiddleEnd = kExtendedEnd - 5min;

// `third`, Active, extends `more`, which extends `debug`.
struct ChainFixture : ExtendedFixture {
  ChainFixture() {
    auto third = request_in(Phase::Active, "third", kSibling);
    third.spec.extends = "more";
    third.status.extends =
        api::ExtendedRef{.name = "more", .uid = kExtension, .expires_at = kExtendedEnd, .since = kSince};
    see(third);
    deliver(stores.bindings, binding(kExtendedEnd + 1h, "third", kSibling));
    notes.remember_granted(granted(kSibling));
  }
  void end_middle(AuditAction action, const std::string& message) {
    auto made = ended(action, message, kExtension);
    made.request.name = "more";
    made.time = kMiddleEnd;
    made.extends = pinned(extension(Phase::Active)).status.extends;
    api.put(made);
  }
};

}  // namespace

TEST_CASE("the extended access is what its record and its binding say") {
  ExtendedFixture f;
  f.extended_is_active();
  f.see(extension(Phase::Pending));
  const auto found = f.of("more").extended;
  REQUIRE(found);
  CHECK(found->request->metadata.uid == kUid);
  CHECK(found->is_active);
  CHECK(found->access ==
        api::ExtendedRef{.name = "debug", .uid = kUid, .expires_at = kExtendedEnd, .since = kSince});
  CHECK_FALSE(found->end);
  CHECK(found->extended_by.empty());
  SECTION("the record is read once") {
    f.api.forget_calls();
    f.of("more");
    CHECK(f.api.calls().empty());
  }
}

TEST_CASE("a shortened binding makes the extended access end earlier, a status that claims more does not") {
  ExtendedFixture f;
  auto first = request_in(Phase::Active);
  first.status.expires_at = kExtendedEnd + 5h;
  first.status.granted_at = kSince + 2h;
  f.see(first);
  deliver(f.stores.bindings, binding(kExtendedEnd - 5min));
  f.api.put(granted());
  f.see(extension(Phase::Pending));
  const auto access = f.of("more").extended->access;
  CHECK(access->expires_at == kExtendedEnd - 5min);
  CHECK(access->since == kSince);
}

TEST_CASE("a chain began with its first access") {
  ExtendedFixture f;
  f.see(pinned(extension(Phase::Active)));
  deliver(f.stores.bindings, binding(kExtendedEnd + 1h, "more", kExtension));
  auto made = granted(kExtension);
  made.granted_at = kSince + 30min;
  made.expires_at = kExtendedEnd + 1h;
  made.extends = pinned(extension(Phase::Active)).status.extends;
  f.api.put(made);
  auto third = request_in(Phase::Pending, "third", kSibling);
  third.spec.extends = "more";
  f.see(third);
  const auto access = f.of("third").extended->access;
  CHECK(access == api::ExtendedRef{
                      .name = "more", .uid = kExtension, .expires_at = kExtendedEnd + 1h, .since = kSince});
}

TEST_CASE("what gives no access now is not active") {
  ExtendedFixture f;
  f.extended_is_active();
  f.see(extension(Phase::Pending));
  SECTION("its binding is gone") {
    take_away(f.stores.bindings, binding(kExtendedEnd).metadata.key());
  }
  SECTION("its binding is being deleted") {
    auto going = binding(kExtendedEnd);
    going.metadata.deletion_timestamp = kSince;
    deliver(f.stores.bindings, going);
  }
  SECTION("Curfew has announced its end") {
    auto first = request_in(Phase::Active);
    first.status.ending =
        api::StatusEnding{.reason = "PolicySuspended", .message = "suspended", .time = kSince};
    f.see(first);
  }
  SECTION("it is being deleted") {
    auto first = request_in(Phase::Active);
    first.metadata.deletion_timestamp = kSince;
    f.see(first);
  }
  CHECK_FALSE(f.of("more").extended->is_active);
}

TEST_CASE("a status that says Active without a Granted record has no access to extend") {
  ExtendedFixture f;
  f.see(request_in(Phase::Active));
  deliver(f.stores.bindings, binding(kExtendedEnd));
  f.see(extension(Phase::Pending));
  CHECK_FALSE(f.of("more").extended->access);
}

TEST_CASE("a request that names itself, or none that there is, extends nothing") {
  ExtendedFixture f;
  auto self = extension(Phase::Pending, "debug", kUid);
  f.see(self);
  CHECK_FALSE(f.of("debug").extended->request);
  f.see(extension(Phase::Pending, "more"));
  auto lost = request_in(Phase::Pending, "lost", kSibling);
  lost.spec.extends = "nothing";
  f.see(lost);
  CHECK_FALSE(f.of("lost").extended->request);
}

TEST_CASE("how the extended access ended is read from its record, once") {
  ExtendedFixture f;
  f.see(pinned(extension(Phase::Active)));
  deliver(f.stores.bindings, binding(kExtendedEnd + 1h, "more", kExtension));
  f.notes.remember_granted(granted(kExtension));
  SECTION("before its time") {
    f.api.put(ended(AuditAction::Revoked, "bob revoked"));
    const auto end = f.of("more").extended->end;
    REQUIRE(end);
    CHECK_FALSE(end->is_by_time);
    CHECK(end->message == "bob revoked");
    f.api.forget_calls();
    CHECK(f.of("more").extended->end->message == "bob revoked");
    CHECK(f.api.calls().empty());
  }
  SECTION("by its time") {
    f.api.put(ended(AuditAction::Expired, "its time was up"));
    CHECK(f.of("more").extended->end->is_by_time);
  }
  SECTION("not recorded yet") {
    CHECK(f.of("more").extended->is_end_unknown);
    CHECK_FALSE(f.of("more").extended->end);
    f.api.put(ended(AuditAction::Revoked, "bob revoked"));
    CHECK(f.of("more").extended->end);
  }
  SECTION("and made again under its name") {
    f.see(request_in(Phase::Active, "debug", kOtherUid));
    f.api.put(ended(AuditAction::Revoked, "bob revoked"));
    CHECK_FALSE(f.of("more").extended->request);
    CHECK(f.of("more").extended->end->message == "bob revoked");
  }
  SECTION("cannot be read: looked at again") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    CHECK_FALSE(
        f.gatherer.gather({"payments", "more"}, {.in_force = true, .since = {}, .difference = {}}, {}));
  }
}

TEST_CASE("an end by time counts as one only if everything before it in the chain ended so") {
  ChainFixture f;
  f.end_middle(AuditAction::Expired, "its time was up");
  CHECK(f.of("third").extended->is_end_unknown);
  SECTION("it did") {
    f.api.put(ended(AuditAction::Expired, "its time was up, too"));
    CHECK(f.of("third").extended->end->is_by_time);
  }
  SECTION("it did not") {
    f.api.put(ended(AuditAction::Revoked, "bob revoked"));
    CHECK_FALSE(f.of("third").extended->end->is_by_time);
    CHECK(f.of("third").extended->end->name == "debug");
    CHECK(f.of("third").extended->end->message == "bob revoked");
  }
}

TEST_CASE("of a chain that ended before its time, the end counts that came first") {
  ChainFixture f;
  f.end_middle(AuditAction::Revoked, "the middle ended");
  const auto end = [&] { return *f.of("third").extended->end; };
  auto first = ended(AuditAction::Revoked, "bob revoked");
  SECTION("with what it extended") {
    first.time = kMiddleEnd - 1ms;
    f.api.put(first);
    CHECK(end().name == "debug");
    CHECK(end().message == "bob revoked");
  }
  SECTION("of its own accord, before what it extended ended") {
    first.time = kMiddleEnd + 1ms;
    f.api.put(first);
    CHECK(end().name == "more");
    CHECK(end().message == "the middle ended");
  }
  SECTION("of its own accord, while what it extended went on") {
    CHECK(end().name == "more");
  }
  SECTION("of its own accord, after the time of what it extended") {
    first.time = kMiddleEnd - 1ms;
    first.action = AuditAction::Expired;
    f.api.put(first);
    CHECK(end().name == "more");
    CHECK_FALSE(end().is_by_time);
  }
}

TEST_CASE("an Active extension goes by its Granted record, not by its status") {
  ExtendedFixture f;
  auto forged = pinned(extension(Phase::Active));
  forged.status.extends->uid = kOtherUid;
  f.see(forged);
  deliver(f.stores.bindings, binding(kExtendedEnd + 1h, "more", kExtension));
  auto made = granted(kExtension);
  made.extends = pinned(extension(Phase::Active)).status.extends;
  f.notes.remember_granted(made);
  f.api.put(ended(AuditAction::Revoked, "bob revoked"));
  f.api.put(ended(AuditAction::Expired, "its time was up", kOtherUid));
  CHECK(f.of("more").extended->end->message == "bob revoked");
}

TEST_CASE("another granted extension is named, and known to what it extends") {
  ExtendedFixture f;
  f.extended_is_active();
  f.see(extension(Phase::Pending));
  auto sibling = extension(Phase::Pending, "sibling", kSibling);
  SECTION("one that waits does not count") {
    f.see(pinned(sibling));
    CHECK(f.of("more").extended->extended_by.empty());
    CHECK_FALSE(f.of("debug").is_extended);
  }
  SECTION("Active") {
    sibling.status.phase = Phase::Active;
    f.see(pinned(sibling));
    CHECK(f.of("more").extended->extended_by == "sibling");
    CHECK(f.of("debug").is_extended);
  }
  SECTION("its binding exists") {
    f.see(pinned(sibling));
    deliver(f.stores.bindings, binding(kExtendedEnd + 1h, "sibling", kSibling));
    CHECK(f.of("more").extended->extended_by == "sibling");
  }
  SECTION("one that is over does not count") {
    f.see(pinned(request_in(Phase::Active, "sibling", kSibling)));
    sibling.status.phase = Phase::Revoked;
    sibling.status.complete = true;
    f.see(pinned(sibling));
    CHECK(f.of("more").extended->extended_by.empty());
  }
  SECTION("of an earlier request of that name") {
    sibling.status.phase = Phase::Active;
    sibling = pinned(sibling);
    sibling.status.extends->uid = kOtherUid;
    f.see(sibling);
    CHECK(f.of("more").extended->extended_by.empty());
    CHECK_FALSE(f.of("debug").is_extended);
  }
}
