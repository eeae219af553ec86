#include "unit/reconcile/gather_fixture.hpp"
#include "unit/reconcile/reconcile_test.hpp"

// What is gathered of a request's binding and of the record that it was granted.

TEST_CASE("of a binding that is gone its uid is still known") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Active));
  f.notes.remember_gone(kUid, shared(binding_with_uid("binding-uid")), f.clock.now());
  const auto input = f.gather();
  REQUIRE(input);
  REQUIRE(*input);
  CHECK((*input)->binding_uid == "binding-uid");
  CHECK((*input)->binding_gone_at == f.clock.now());
}

TEST_CASE(
    "an active request whose binding the watch has lost is asked for it, unless this process deleted it") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Active));
  f.notes.remember_granted(record(api::AuditAction::Granted));
  f.notes.remember_gone(kUid, shared(binding_with_uid("binding-of-" + std::string(kUid))), f.clock.now());
  SECTION("it has lost its label: it is there") {
    auto stray = binding("2026-11-24T21:00:00Z");
    stray.metadata.labels.clear();
    f.api.put(stray);
    CHECK((**f.gather()).binding->metadata.uid == stray.metadata.uid);
  }
  SECTION("it is gone") {
    CHECK_FALSE((**f.gather()).binding);
    CHECK(f.api.calls() == Calls{"GET " + kBindingPath});
  }
  SECTION("nobody knows") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    CHECK_FALSE(f.gather());
  }
  SECTION("deleted here") {
    f.deletions.add("binding-of-" + std::string(kUid));
    CHECK_FALSE((**f.gather()).binding);
    CHECK(f.api.calls().empty());
  }
}

TEST_CASE(
    "of an active request's bindings the one that was made, or seen first, is the one that was granted") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Active));
  const auto first = deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  SECTION("seen first") {
    CHECK((**f.gather()).granted_binding_uid == first->metadata.uid);
  }
  SECTION("made") {
    f.notes.remember_granted_binding(kUid, "payments", "made");
    CHECK((**f.gather()).granted_binding_uid == "made");
  }
}

TEST_CASE("the record of a binding that is there before its request is active is looked up once") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Pending));
  deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  SECTION("recorded: a grant was under way") {
    f.api.put(record(api::AuditAction::Granted));
    CHECK((**f.gather()).granted_record);
    CHECK((**f.gather()).granted_record);
    CHECK(f.api.calls() == Calls{"GET " + kGrantedPath});
  }
  SECTION("not recorded") {
    CHECK_FALSE((**f.gather()).granted_record);
    CHECK((**f.gather()).is_unrecorded);
    CHECK(f.api.calls().front() == "GET " + kGrantedPath);
  }
  SECTION("nobody knows") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    CHECK_FALSE(f.gather());
  }
}

TEST_CASE("whether a binding that is gone was recorded is looked up before its request is active") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Pending));
  const auto gone = binding("2026-11-24T21:00:00Z");
  f.notes.remember_gone(kUid, shared(gone), f.clock.now());
  const bool is_recorded = GENERATE(true, false);
  if (is_recorded) f.api.put(record(api::AuditAction::Granted));
  const auto input = **f.gather();
  CHECK(input.is_unrecorded == !is_recorded);
  CHECK(input.granted_record.has_value() == is_recorded);
  REQUIRE(input.gone_binding);
  CHECK(input.gone_binding->metadata.uid == gone.metadata.uid);
}

TEST_CASE("a request whose binding has lost its owner is asked for: it may be on its way out") {
  GatherFixture f;
  const Phase phase = GENERATE(Phase::Active, Phase::Pending);  // Pending: a grant under way
  const auto live = deliver(f.stores.requests, request_in(phase));
  auto orphan = binding("2026-11-24T21:00:00Z");
  orphan.metadata.owner_references.clear();
  deliver(f.stores.bindings, orphan);
  auto stored = request_in(phase);
  SECTION("no") {
    f.api.put(stored);
    CHECK((**f.gather()).request == live);
    CHECK_FALSE((**f.gather()).request_is_gone);
  }
  SECTION("yes") {
    stored.metadata.deletion_timestamp = f.clock.now();
    nlohmann::json object = api::encode(stored);
    object["metadata"]["deletionTimestamp"] = "2026-11-24T20:00:00Z";
    f.api.put_raw(kRequestPath, object);
    CHECK((**f.gather()).request->metadata.deletion_timestamp);
  }
  SECTION("gone") {
    CHECK((**f.gather()).request_is_gone);
  }
  SECTION("another one has its name") {
    f.api.put(request("debug", kOtherUid));
    CHECK((**f.gather()).request_is_gone);
  }
  SECTION("nobody knows") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    CHECK_FALSE(f.gather());
  }
}

TEST_CASE("of an active request without a binding, one GET says whether it was ever granted") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Active));
  SECTION("it was not") {
    CHECK((**f.gather()).is_unrecorded);
  }
  SECTION("it was") {
    f.api.put(record(api::AuditAction::Granted));
    CHECK((**f.gather()).granted_record);
    CHECK_FALSE((**f.gather()).is_unrecorded);
  }
  SECTION("nobody knows") {
    f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
    CHECK_FALSE(f.gather());
  }
}

TEST_CASE("that an active request was never granted is known once all records are") {
  GatherFixture f;
  deliver(f.stores.requests, request_in(Phase::Active));
  deliver(f.stores.bindings, binding("2026-11-24T21:00:00Z"));
  CHECK_FALSE((**f.gather()).is_unrecorded);
  f.notes.know_all_records();
  CHECK((**f.gather()).is_unrecorded);
  f.notes.begin_term({});
  CHECK_FALSE((**f.gather()).is_unrecorded);
  f.notes.know_all_records();
  f.notes.remember_granted(record(api::AuditAction::Granted));
  CHECK_FALSE((**f.gather()).is_unrecorded);
  CHECK(f.api.calls().empty());
}

TEST_CASE("of several namespaces, the one at hand has a binding, or lost it first") {
  GatherFixture f;
  auto asked = request_in(Phase::Active);
  asked.metadata.ns.clear();
  asked.spec.namespaces = {"a", "b", "c"};
  deliver(f.stores.requests, asked);
  f.notes.remember_granted(record(api::AuditAction::Granted));
  const auto gone_in = [&](const std::string& where, std::chrono::seconds ago) {
    auto gone = binding("2026-11-24T21:00:00Z");
    gone.metadata.ns = where;
    gone.metadata.uid = "binding-in-" + where;
    f.notes.remember_gone(kUid, shared(gone), f.clock.now() - ago);
  };
  const auto gather = [&] {
    auto found =
        f.gatherer.gather({"", asked.metadata.name}, {.in_force = true, .since = {}, .difference = {}}, {});
    REQUIRE(found);
    REQUIRE(*found);
    return **found;
  };
  gone_in("a", 1s);
  gone_in("b", 5s);
  SECTION("one is bound") {
    auto bound = binding("2026-11-24T21:00:00Z");
    bound.metadata.ns = "c";
    f.api.put(bound);
    deliver(f.stores.bindings, bound);
    const auto input = gather();
    CHECK(input.where == "c");
    CHECK(input.others.size() == 2);
  }
  SECTION("one is bound although its access has ended, as the store says") {
    asked.status.ended_namespaces = {"c"};
    deliver(f.stores.requests, asked);
    auto bound = binding("2026-11-24T21:00:00Z");
    bound.metadata.ns = "c";
    deliver(f.stores.bindings, bound);
    SECTION("which has not heard yet that it is gone") {
      const auto input = gather();
      CHECK_FALSE(input.binding);
      for (const auto& other : input.others) CHECK_FALSE(other.binding);
    }
    SECTION("and the API server, too") {
      f.api.put(bound);
      const auto input = gather();
      CHECK(input.where == "c");
      CHECK(input.binding);
      CHECK(input.has_ended);
    }
  }
  SECTION("none is") {
    gone_in("c", 3s);
    CHECK(gather().where == "b");
  }
  SECTION("none is, and what this replica deleted tells nothing") {
    gone_in("c", 3s);
    f.deletions.add("binding-in-b");
    CHECK(gather().where == "c");
  }
}
