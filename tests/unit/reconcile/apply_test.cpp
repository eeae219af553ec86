#include "unit/reconcile/apply_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// Records, the status, and what is retried.

TEST_CASE("a request whose status has become Scheduled makes room at once, before the watch tells of it") {
  ApplyFixture f;
  const auto is_let_in = [&](const api::AccessRequest& asked) { return !f.floods.judge(asked, false, true); };
  constexpr int kAllowed = 20;  // the default of --pending-per-requester
  REQUIRE(is_let_in(request()));
  for (int i = 1; i < kAllowed; ++i)
    REQUIRE(is_let_in(request("r" + std::to_string(i), "uid-" + std::to_string(i))));
  CHECK_FALSE(is_let_in(request("early", "uid-early")));
  f.apply({f.status(Phase::Scheduled)});
  CHECK(is_let_in(request("late", "uid-late")));
  CHECK_FALSE(is_let_in(request("later", "uid-later")));
}

TEST_CASE("any other record that is stored already is written") {
  ApplyFixture f;
  f.api.put(record(AuditAction::Requested));
  f.apply({core::WriteRecord{record(AuditAction::Requested)}, f.status(Phase::Pending)});
  CHECK(f.api.calls() == Calls{"POST " + kRecordsPath, "PATCH " + kRequestPath + "/status"});
}

TEST_CASE("where another end is stored already it counts, and is decided on again") {
  ApplyFixture f;
  f.api.put(record(AuditAction::Expired));
  const auto outcome = f.apply({core::WriteRecord{record(AuditAction::Revoked)}, f.status(Phase::Revoked)});
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after > 0s);
  REQUIRE(f.notes.of(kUid).end);
  CHECK(f.notes.of(kUid).end->action == AuditAction::Expired);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("the same end that is stored already is written") {
  ApplyFixture f;
  f.api.put(record(AuditAction::Expired));
  f.apply({core::WriteRecord{record(AuditAction::Expired)}, f.status(Phase::Expired)});
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Expired");
  CHECK_FALSE(f.notes.of(kUid).end);  // the request is complete, and nothing about it is kept
}

TEST_CASE("an end that was recorded is known when the status loses against another write") {
  ApplyFixture f;
  f.api.put(request_in(Phase::Pending));  // an approval changed the resourceVersion
  CHECK(f.apply({core::WriteRecord{record(AuditAction::TimedOut)}, f.status(Phase::TimedOut)}).kind ==
        Kind::RetryNow);
  REQUIRE(f.notes.of(kUid).end);
  CHECK(f.notes.of(kUid).end->action == AuditAction::TimedOut);
}

TEST_CASE("the record of a flood is no single request's end") {
  ApplyFixture f;
  auto flood = record(AuditAction::Rejected);
  flood.metadata.name = api::flood_record_name("alice", f.clock.now());
  f.api.fail("PATCH", 503, "ServiceUnavailable", "etcd is away");
  f.apply({core::WriteRecord{flood}, f.status(Phase::Rejected)});
  CHECK_FALSE(f.notes.of(kUid).end);
}

TEST_CASE(
    "until all records of earlier terms are known, an end is looked for before a grant is begun or gone on with") {
  ApplyFixture f;
  f.notes.begin_term({});
  f.api.put(record(AuditAction::Rejected));
  SECTION("begun") {
    f.apply({f.grant(), f.granted_record(), f.status(Phase::Active)});
  }
  SECTION("gone on with") {
    f.input.granted_record = f.granted_record().record;
    f.apply({f.grant(), f.status(Phase::Active)});
  }
  CHECK(f.api.calls() == Calls{"GET " + kRecordsPath + "/" + api::record_name(kUid, AuditAction::Rejected)});
  CHECK(f.notes.of(kUid).end->action == AuditAction::Rejected);
}

TEST_CASE("a request counts as seen once it was decided under a policy, not while its first sight waits") {
  ApplyFixture f;
  const bool has_policy = GENERATE(true, false);
  core::UpdateStatus update = f.status(Phase::Pending);
  update.status.observed_decisions = 1;
  update.status.policy = api::PolicyRef{.name = "debug", .uid = has_policy ? "policy-uid" : ""};
  f.apply({update});
  CHECK(f.notes.of(kUid).observed_decisions == (has_policy ? std::optional(1) : std::nullopt));
}

TEST_CASE("what the API server refuses as invalid is not tried again for ever") {
  ApplyFixture f;
  SECTION("a record") {
    f.api.fail("POST " + kRecordsPath, 422, "Invalid",
               "AuditRecord.curfew.dev \"x\" is invalid: subject.namespace: Too long");
    CHECK(f.apply({core::WriteRecord{record(AuditAction::Requested)}, f.status(Phase::Pending)}).kind ==
          Kind::Done);
  }
  SECTION("a status") {
    f.api.fail("PATCH", 422, "Invalid",
               "AuditRecord.curfew.dev \"x\" is invalid: subject.namespace: Too long");
    CHECK(f.apply({f.status(Phase::Pending)}).kind == Kind::Done);
  }
  CHECK(*f.notes.of(kUid).unstorable ==
        "AuditRecord.curfew.dev \"x\" is invalid: subject.namespace: Too long");
}

TEST_CASE(
    "a status of a request that was made again meanwhile is refused for its uid, which makes nothing invalid") {
  ApplyFixture f;
  f.api.erase(kRequestPath);
  f.api.put(request_in(Phase::Pending, "debug", kOtherUid));
  f.api.fail(
      "PATCH", 422, "Invalid",
      "AccessRequest.curfew.dev \"debug\" is invalid: metadata.uid: Invalid value: field is immutable");
  CHECK(f.apply({f.status(Phase::Pending)}).kind == Kind::RetryRateLimited);
  CHECK_FALSE(f.notes.of(kUid).unstorable);
}

TEST_CASE("the status is written against the request that was decided on") {
  ApplyFixture f;
  f.apply({f.status(Phase::Active)});
  const auto body = f.api.last_body();
  CHECK(body["metadata"]["uid"] == kUid);
  CHECK(body["metadata"]["resourceVersion"] == f.input.request->metadata.resource_version);
  CHECK(body["status"]["phase"] == "Active");
}

TEST_CASE("a status that lost against another write is decided on again at once") {
  ApplyFixture f;
  f.api.put(request_in(Phase::Pending));  // another write changed the resourceVersion
  CHECK(f.apply({f.status(Phase::Active)}).kind == Kind::RetryNow);
  CHECK(f.api.get(kRequestPath)["status"]["phase"] == "Pending");
}

TEST_CASE("a request that was deleted meanwhile needs no status") {
  ApplyFixture f;
  f.api.erase(kRequestPath);
  const auto outcome = f.apply({f.status(Phase::Expired)});
  CHECK(outcome.kind == Kind::Done);
  CHECK(outcome.after == 0s);
  CHECK_FALSE(f.departed.is_expected(kUid));  // its departure will be news: a deletion
}

TEST_CASE("a completed request is known to be completed here before the watch can say that it left") {
  ApplyFixture f;
  bool known_in_time = false;
  f.api.on_call = [&](const std::string&) { known_in_time = f.departed.is_expected(kUid); };
  f.notes.remember_granted(record(AuditAction::Granted));
  f.apply({f.status(Phase::Expired)});
  CHECK(known_in_time);
  CHECK(f.departed.is_expected(kUid));
  CHECK_FALSE(f.notes.of(kUid).granted);
}

TEST_CASE("a completion that was not written is not one") {
  ApplyFixture f;
  f.api.fail("PATCH", 503, "ServiceUnavailable", "etcd is away");
  f.notes.remember_granted(record(AuditAction::Granted));
  CHECK(f.apply({f.status(Phase::Expired)}).kind == Kind::RetryRateLimited);
  CHECK_FALSE(f.departed.is_expected(kUid));
  CHECK(f.notes.of(kUid).granted);
}

TEST_CASE("a decision says when it is to be made again, rounded up") {
  ApplyFixture f;
  CHECK(f.apply({}, f.clock.now() + 1500us).after == 2ms);
  CHECK(f.apply({}, f.clock.now() + 1h).after == 1h);
  CHECK(f.apply({}, f.clock.now() - 1h).after == 1ms);
  CHECK(f.apply({}).after == 0s);
}

TEST_CASE("a grant's latency is reported when its binding is there, at whichever attempt") {
  ApplyFixture f;
  SECTION("the first") {}
  SECTION("the second") {
    f.api.fail("POST " + kBindingsPath, 503, "ServiceUnavailable", "etcd is away");
    f.apply(f.granting());
    CHECK(f.latencies.empty());
  }
  SECTION("one whose answer was lost") {
    f.api.put(f.granted_binding());
  }
  f.clock.advance(40ms);
  f.apply(f.granting());
  CHECK(f.latencies == std::vector<std::chrono::microseconds>{40ms});
}

TEST_CASE("an error after which it is tried again is counted by its kind, once") {
  ApplyFixture f;
  SECTION("record") {
    f.api.fail("POST " + kRecordsPath, 503, "ServiceUnavailable", "etcd is away");
    f.apply(f.granting());
    CHECK(f.has_counted(ErrorKind::Unavailable));
  }
  SECTION("binding, trouble") {
    f.api.fail("POST " + kBindingsPath, {.kind = ErrorKind::Timeout, .message = "no answer"});
    f.apply(f.granting());
    CHECK(f.has_counted(ErrorKind::Timeout));
  }
  SECTION("binding, refused") {
    f.api.fail("POST " + kBindingsPath, 403, "Forbidden", "no");
    f.apply(f.granting());
    CHECK(f.has_counted(ErrorKind::Forbidden));
  }
  SECTION("binding, adopting") {
    f.api.put(binding(kExpiresAt));
    f.api.fail("GET " + kBindingPath, 429, "TooManyRequests", "later");
    f.apply(f.granting());
    CHECK(f.has_counted(ErrorKind::TooManyRequests));
  }
  SECTION("status, somebody else wrote first") {
    f.api.put(request_in(Phase::Pending));
    f.apply({f.status(Phase::Active)});
    CHECK(f.has_counted(ErrorKind::Conflict));
  }
  SECTION("deletion") {
    f.api.put(binding(kExpiresAt));
    f.api.fail("DELETE", 403, "Forbidden", "no");
    f.apply({f.deletion()});
    CHECK(f.has_counted(ErrorKind::Forbidden));
  }
  SECTION("freeing") {
    f.api.fail("PATCH", 500, "InternalError", "no");
    f.apply({core::FreeBinding{f.deletion().binding}});
    CHECK(f.has_counted(ErrorKind::InternalError));
  }
}

TEST_CASE("what succeeds or needs no other try is no error") {
  ApplyFixture f;
  f.apply(f.granting());
  f.api.erase(kRequestPath);
  f.apply({f.status(Phase::Expired)});
  for (const auto kind : {ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::AlreadyExists})
    CHECK(f.has_counted(kind, 0));
}

TEST_CASE("what is far away, or has passed, is looked at again within the hour, and not at once for ever") {
  ApplyFixture f;
  CHECK(f.apply({}, f.clock.now() + 24h * 365 * 7000).after == 1h);
  CHECK(f.apply({}, f.clock.now() - 1h).after == 1ms);
}

TEST_CASE("what a webhook or a policy of others refuses is tried again, whatever code it answers with") {
  ApplyFixture f;
  const auto* message = GENERATE(
      "admission webhook \"w\" denied the request: no",
      "ValidatingAdmissionPolicy 'others' with binding 'others' denied request: AuditRecord is invalid: no",
      "the request is bad");
  f.api.fail("PATCH", GENERATE(400, 422), "Invalid", message);
  CHECK(f.apply({f.status(Phase::Active)}).kind == Kind::RetryRateLimited);
  CHECK_FALSE(f.notes.of(kUid).unstorable);
}
