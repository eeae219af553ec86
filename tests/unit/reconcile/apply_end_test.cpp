#include "unit/reconcile/apply_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// Deleting, freeing and shortening bindings, deleted requests, and when the applier must stop.

TEST_CASE(
    "a deletion comes first, what follows it is done once it is accepted, and then it is looked at again") {
  ApplyFixture f;
  const auto stored = f.api.put(binding(kExpiresAt));
  FakeApi::Json options;
  f.api.on_call = [&](const std::string& call) {
    if (call.starts_with("DELETE")) options = f.api.last_body();
  };
  const auto outcome = f.apply({f.deletion(), core::WriteRecord{record(AuditAction::Tampered)}});
  CHECK(f.api.calls() == Calls{"DELETE " + kBindingPath, "POST " + kRecordsPath});
  CHECK(options["preconditions"]["uid"] == stored.metadata.uid);
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after == 1s);
}

TEST_CASE("a deletion that fails is tried again within a second") {
  ApplyFixture f;
  const auto stored = f.api.put(binding(kExpiresAt));
  f.api.fail("DELETE", 403, "Forbidden", "no");
  const auto outcome = f.apply({f.deletion(), f.status(Phase::Revoked)});
  CHECK(outcome.after == 1s);
  CHECK(f.api.calls().size() == 1);
  CHECK_FALSE(f.deletions.contains(stored.metadata.uid));
}

TEST_CASE("why a binding is deleted is known also if the answer to its deletion is lost") {
  ApplyFixture f;
  const auto stored = f.api.put(binding(kExpiresAt));
  f.api.fail("DELETE", 500, "InternalError", "lost");
  auto deletion = f.deletion();
  deletion.why = core::Denial{.reason = "PolicySuspended", .message = "suspended"};
  f.apply({deletion});
  CHECK(f.deletions.contains(stored.metadata.uid));
  REQUIRE(f.notes.of(kUid).deleted_for);
  CHECK(f.notes.of(kUid).deleted_for->message == "suspended");
}

TEST_CASE("an end is announced also if the answer to the status that announces it is lost") {
  ApplyFixture f;
  f.api.fail("PATCH", 500, "InternalError", "lost");
  auto status = f.status(Phase::Active);
  status.status.ending = api::StatusEnding{.reason = "PolicySuspended", .message = "suspended"};
  f.apply({status});
  REQUIRE(f.notes.of(kUid).announced);
  CHECK(*f.notes.of(kUid).announced == *status.status.ending);
}

TEST_CASE("that a binding is gone is known of those that this process deleted, before the watch can tell") {
  ApplyFixture f;
  auto one = binding(kExpiresAt);
  const bool is_held = GENERATE(true, false);
  if (is_held) one.metadata.finalizers = {"somebody/else"};
  const auto stored = f.api.put(one);
  f.api.on_call = [&](const std::string&) { CHECK(f.deletions.contains(stored.metadata.uid)); };
  f.apply({f.deletion()});
  CHECK(f.deletions.contains(stored.metadata.uid) == !is_held);
  f.api.on_call = {};
  f.notes.remember_gone(kUid, shared(stored), f.clock.now());
  f.apply({f.status(Phase::Revoked)});
  CHECK_FALSE(f.deletions.contains(stored.metadata.uid));
}

TEST_CASE("a deletion of another one's binding is not carried out but decided again") {
  ApplyFixture f;
  auto other = binding(kExpiresAt);
  other.metadata.uid = "another";
  f.api.put(other);
  CHECK(f.apply({f.deletion()}).kind == Kind::RetryNow);
  CHECK_FALSE(f.api.get(kBindingPath).is_null());
}

TEST_CASE("a held binding is freed, and looked at again") {
  ApplyFixture f;
  auto held = binding(kExpiresAt);
  held.metadata.finalizers = {"example.com/hold"};
  held.metadata.deletion_timestamp = f.clock.now();
  f.api.put(held);
  const auto outcome = f.apply({core::FreeBinding{api::reference_to(held)}, f.status(Phase::Revoked)});
  CHECK(f.api.get(kBindingPath).is_null());
  CHECK(outcome.after == 1s);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("once leadership is lost nothing is granted, written or said, but access still ends") {
  ApplyFixture f;
  f.may_grant = false;
  SECTION("granting") {
    CHECK(f.apply(f.granting()).kind == Kind::Done);
    CHECK(f.api.calls().empty());
  }
  SECTION("ending") {
    f.api.put(binding(kExpiresAt));
    f.apply({f.deletion(), f.status(Phase::Revoked)});
    CHECK(f.api.calls() == Calls{"DELETE " + kBindingPath});
  }
}

TEST_CASE("leadership that is lost between two steps stops the next one") {
  ApplyFixture f;
  std::string last;
  SECTION("after the record") {
    last = "POST " + kRecordsPath;
  }
  SECTION("after the binding") {
    last = "POST " + kBindingsPath;
  }
  f.api.on_call = [&](const std::string& call) {
    if (call == last) f.may_grant = false;
  };
  f.apply(f.granting());
  CHECK(f.api.calls().back() == last);
}

TEST_CASE("a stop between two steps stops the next one") {
  ApplyFixture f;
  std::stop_source stop;
  f.api.on_call = [&](const std::string&) { stop.request_stop(); };
  f.apply(f.granting(), {}, stop.get_token());
  CHECK(f.api.calls() == Calls{"POST " + kRecordsPath});
}

TEST_CASE("a gone request is forgotten when its end is recorded and its binding is gone") {
  ApplyFixture f;
  f.input.request_is_gone = true;
  f.departed.add(f.input.request);
  f.notes.remember_granted(record(AuditAction::Granted));
  const auto key = f.input.request->metadata.key();
  SECTION("recorded") {
    f.apply({core::WriteRecord{record(AuditAction::Revoked)}});
    CHECK_FALSE(f.departed.first(key));
    CHECK_FALSE(f.notes.of(kUid).granted);
  }
  SECTION("not recorded") {
    f.api.fail("POST", 503, "ServiceUnavailable", "etcd is away");
    f.apply({core::WriteRecord{record(AuditAction::Revoked)}});
    CHECK(f.departed.first(key));
  }
  SECTION("its binding is there") {
    f.input.binding = shared(binding(kExpiresAt));
    f.apply({core::WriteRecord{record(AuditAction::Revoked)}});
    CHECK(f.departed.first(key));
  }
}

TEST_CASE("after a gone request the one that has its name now is looked at") {
  ApplyFixture f;
  take_away(f.stores.requests, f.input.request->metadata.key());
  f.input.request_is_gone = true;
  f.departed.add(f.input.request);
  SECTION("there is one") {
    deliver(f.stores.requests, request("debug", kOtherUid));
    CHECK(f.apply({core::WriteRecord{record(AuditAction::Revoked)}}).after > 0s);
  }
  SECTION("there is none") {
    CHECK(f.apply({core::WriteRecord{record(AuditAction::Revoked)}}).after == 0s);
  }
}

TEST_CASE("a binding is shortened where it is still the same one, and known as such at once") {
  ApplyFixture f;
  f.api.put(binding(kExpiresAt));
  deliver(f.stores.bindings, binding(kExpiresAt));
  const auto sooner = kExpiresAt - 30min;
  auto shorten = core::ShortenBinding{.binding = f.deletion().binding, .expires_at = sooner};
  SECTION("the same one") {
    CHECK(f.apply({shorten, f.status(Phase::Active)}).kind == Kind::Done);
    CHECK(f.api.get(kBindingPath)["metadata"]["annotations"]["curfew.dev/expires-at"] ==
          format_rfc3339(sooner));
    CHECK(f.api.get(kBindingPath)["metadata"]["annotations"].contains("curfew.dev/policy"));
    CHECK(f.stores.bindings.get(shorten.binding.key())->metadata.annotations.at("curfew.dev/expires-at") ==
          format_rfc3339(sooner));
    CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Active");
  }
  SECTION("another one of its name") {
    shorten.binding.uid = "another";
    CHECK(f.apply({shorten, f.status(Phase::Active)}).kind == Kind::RetryRateLimited);
    CHECK(f.api.get(kBindingPath)["metadata"]["annotations"]["curfew.dev/expires-at"] ==
          format_rfc3339(kExpiresAt));
    CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
  }
  SECTION("gone") {
    f.api.erase(kBindingPath);
    CHECK(f.apply({shorten, f.status(Phase::Active)}).kind == Kind::Done);
    CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
  }
  SECTION(
      "not allowed to change it, because its role may not be bound any more: the status has the end all the same") {
    f.api.fail("PATCH " + kBindingPath, 403, "Forbidden", "may not bind");
    CHECK(f.apply({shorten, f.status(Phase::Active)}).kind == Kind::Done);
    CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Active");
  }
  SECTION("also by a replica that may not grant any more: it takes nothing but time") {
    f.may_grant = false;
    f.apply({shorten});
    CHECK(f.api.get(kBindingPath)["metadata"]["annotations"]["curfew.dev/expires-at"] ==
          format_rfc3339(sooner));
  }
}
