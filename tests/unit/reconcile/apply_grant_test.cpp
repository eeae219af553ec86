#include <catch2/matchers/catch_matchers_string.hpp>

#include "unit/reconcile/apply_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// Granting: the record of the approval, the binding, the record of it, and what can prevent them.
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

TEST_CASE("a grant is the record of its approval, its binding, the record of it, and the status") {
  ApplyFixture f;
  CHECK(f.apply(f.granting()).kind == Kind::Done);
  CHECK(f.api.calls() == Calls{"POST " + kRecordsPath, "POST " + kBindingsPath, "POST " + kRecordsPath,
                               "PATCH " + kRequestPath + "/status"});
  CHECK(f.notes.of(kUid).granted->expires_at == kExpiresAt);
  CHECK(f.notes.of(kUid).granted->binding->uid == f.stores.bindings.list().front()->metadata.uid);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Active");
}

TEST_CASE("what was written is known before the watch brings it") {
  ApplyFixture f;
  f.apply(f.granting());
  const auto known = f.stores.bindings.get({"payments", std::string("curfew-") + kUid});
  REQUIRE(known);
  CHECK_FALSE(known->metadata.uid.empty());
  CHECK(f.stores.requests.get(f.input.request->metadata.key())->status.phase == Phase::Active);
}

TEST_CASE("without its record nothing is granted") {
  ApplyFixture f;
  SECTION("trouble") {
    f.api.fail("POST " + kRecordsPath, 503, "ServiceUnavailable", "etcd is away");
    CHECK(f.apply(f.granting()).kind == Kind::RetryRateLimited);
  }
  SECTION("busy") {
    f.api.fail("POST " + kRecordsPath,
               {.kind = ErrorKind::TooManyRequests, .message = "later", .retry_after = 3s});
    const auto outcome = f.apply(f.granting());
    CHECK(outcome.kind == Kind::RetryAfter);
    CHECK(outcome.after == 3s);
  }
  SECTION("not allowed") {
    f.api.fail("POST " + kRecordsPath, 403, "Forbidden", "no");
    const auto outcome = f.apply(f.granting());
    CHECK(outcome.kind == Kind::RetryAfter);
    CHECK(outcome.after == 60s);
  }
  CHECK(f.api.calls() == Calls{"POST " + kRecordsPath});
  CHECK(f.api.get(kBindingPath).is_null());
}

TEST_CASE("a grant whose record is refused is remembered as refused: the next decision removes the binding") {
  ApplyFixture f;
  f.api.on_call = [&](const std::string& call) {
    if (call == "POST " + kBindingsPath) f.api.fail("POST " + kRecordsPath, 403, "Forbidden", "no");
  };
  const auto outcome = f.apply(f.granting());
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after < 1s);
  REQUIRE(f.notes.of(kUid).failure);
  CHECK(f.notes.of(kUid).failure->reason == "RecordRefused");
  CHECK_THAT(f.notes.of(kUid).failure->message, StartsWith("the AuditRecord of the grant was refused: "));
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a Granted record that is stored already with the same times is a resumed grant") {
  ApplyFixture f;
  f.api.put(f.granted_record().record);
  f.apply(f.granting());
  CHECK_FALSE(f.api.get(kBindingPath).is_null());
}

TEST_CASE("a Granted record that is stored with other times counts: it is decided again with it") {
  ApplyFixture f;
  f.api.put(f.granted_record(kExpiresAt - 10min).record);
  const auto outcome = f.apply(f.granting());
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after > 0s);
  CHECK(outcome.after < 1s);
  CHECK(f.notes.of(kUid).granted->expires_at == kExpiresAt - 10min);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a Granted record that is stored for another role or person is not this grant") {
  ApplyFixture f;
  auto stored = f.granted_record().record;
  SECTION("role") {
    stored.role->name = "admin";
  }
  SECTION("subject") {
    stored.subject->name = "mallory";
  }
  f.api.put(stored);
  const auto outcome = f.apply(f.granting());
  CHECK(outcome.after > 0s);  // decided again, with that record
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("until the records of earlier terms are known, a grant looks for its own, and for an end, first") {
  ApplyFixture f;
  f.notes.begin_term({});
  SECTION("one is there: it is decided again with it") {
    f.api.put(f.granted_record().record);
    CHECK(f.apply({f.grant()}).after == 1ms);
    CHECK(f.api.get(kBindingPath).is_null());
    CHECK(f.notes.of(kUid).granted);
  }
  SECTION("there is none") {
    CHECK(f.apply({f.grant()}).kind == Kind::Done);
    CHECK_FALSE(f.api.get(kBindingPath).is_null());
  }
  SECTION("nobody knows") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    f.apply({f.grant()});
    CHECK(f.api.get(kBindingPath).is_null());
  }
}

TEST_CASE("a binding of an attempt whose answer was lost is adopted") {
  ApplyFixture f;
  const auto stored = f.api.put(f.granted_binding());
  CHECK(f.apply(f.granting()).kind == Kind::Done);
  CHECK(f.stores.bindings.get(stored.metadata.key())->metadata.uid == stored.metadata.uid);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Active");
  CHECK_FALSE(f.notes.of(kUid).failure);
}

TEST_CASE("a binding that has our name but is not the grant is not adopted") {
  ApplyFixture f;
  auto other = binding(kExpiresAt);
  other.metadata.labels.clear();
  const auto stored = f.api.put(other);
  const auto outcome = f.apply(f.granting());
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after > 0s);  // requeued, to report it
  REQUIRE(f.notes.of(kUid).failure);
  CHECK(f.notes.of(kUid).failure->reason == "BindingNameTaken");
  CHECK_THAT(f.notes.of(kUid).failure->message, ContainsSubstring("curfew-" + std::string(kUid)));
  CHECK_FALSE(f.stores.bindings.get(stored.metadata.key()));
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a binding of ours that is not this grant is decided on") {
  ApplyFixture f;
  auto other = f.granted_binding();
  SECTION("another end") {
    other.metadata.annotations["curfew.dev/expires-at"] = "2027-01-01T00:00:00Z";
  }
  SECTION("another role") {
    other.role_ref.name = "admin";
  }
  SECTION("another subject") {
    other.subjects.push_back({.kind = "User", .name = "mallory", .ns = {}});
  }
  SECTION("another owner") {
    other.metadata.owner_references.front().uid = kOtherUid;
  }
  const auto stored = f.api.put(other);
  const auto outcome = f.apply(f.granting());
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after > 0s);
  CHECK_FALSE(f.notes.of(kUid).failure);
  CHECK(f.stores.bindings.get(stored.metadata.key()));
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a binding of our name that is being deleted is waited for") {
  ApplyFixture f;
  auto going = binding(kExpiresAt);
  going.metadata.deletion_timestamp = f.clock.now();
  going.metadata.finalizers = {"example.com/hold"};
  f.api.put(going);
  CHECK(f.apply(f.granting()).kind == Kind::RetryRateLimited);
  CHECK_FALSE(f.notes.of(kUid).failure);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a role that may not be bound is remembered for a minute, in the API server's words") {
  ApplyFixture f;
  f.api.fail(
      "POST " + kBindingsPath, 403, "Forbidden",
      "rolebindings.rbac.authorization.k8s.io \"x\" is forbidden: user \"curfew\" (groups=[]) is attempting "
      "to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], "
      "Verbs:[\"list\"]}");
  const auto outcome = f.apply(f.granting());
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after > 0s);
  CHECK(outcome.after < 1s);
  const auto failure = f.notes.of(kUid).failure;
  REQUIRE(failure);
  CHECK(failure->reason == "BindingForbidden");
  CHECK_THAT(failure->message, StartsWith("rolebindings.rbac.authorization.k8s.io \"x\" is forbidden: "));
  CHECK_THAT(failure->message, ContainsSubstring("curfew.dev/grantable"));
  CHECK(failure->retry_at == f.clock.now() + 60s);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a binding that the API server finds invalid is remembered as such") {
  ApplyFixture f;
  f.api.fail("POST " + kBindingsPath, 422, "Invalid", "subjects[0].name: Required value");
  f.apply(f.granting());
  REQUIRE(f.notes.of(kUid).failure);
  CHECK(f.notes.of(kUid).failure->reason == "BindingInvalid");
  CHECK(f.notes.of(kUid).failure->message == "subjects[0].name: Required value");
}

TEST_CASE("trouble in creating the binding is retried and not remembered") {
  ApplyFixture f;
  f.api.fail("POST " + kBindingsPath, {.kind = ErrorKind::Timeout, .message = "no answer"});
  CHECK(f.apply(f.granting()).kind == Kind::RetryRateLimited);
  CHECK_FALSE(f.notes.of(kUid).failure);
  CHECK(f.api.calls().size() == 2);  // the record of the approval, and the attempt
}
