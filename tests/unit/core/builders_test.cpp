#include "core/decide/binding.hpp"
#include "core_test.hpp"
#include "timing.hpp"

// What the builders of these tests make is what api's decoders read from JSON.
using testing::decoded;
using testing::read_back;
using testing::same;

TEST_CASE("what the core's builders make is the same after it was written and read again") {
  for (const int required : {0, 1, 2}) CHECK(same(read_back(a_policy(required)), a_policy(required)));
  CHECK(same(read_back(a_request()), a_request()));
  CHECK(same(read_back(a_namespace()), a_namespace()));
}

TEST_CASE("the parts that builders make are the same after they were written and read again") {
  auto policy = a_policy();
  policy.spec.requesters = {user("alice"), group("developers"), robot("payments", "robot")};
  policy.spec.subjects = policy.spec.approval.approvers = policy.spec.requesters;
  policy.spec.roles = {cluster_role("view")};
  policy.spec.schedule = office_hours(true);
  CHECK(same(read_back(policy), policy));

  auto request = a_request();
  request.spec.requester = person("alice", {"developers", "sre"});
  request.decisions = {approve(sre("bob"), "ok"), deny(sre("carol")), revoke(person("alice"), "done")};
  CHECK(same(read_back(request), request));
}

TEST_CASE("what a World has written is the same after it was written and read again") {
  for (const World& w : {approved_world(), active_world(), expired_world(), world_with(office_hours()),
                         world_from("2026-11-24T21:00:00Z")}) {
    CHECK(same(read_back(w.s.request), w.s.request));
    CHECK(same(read_back(*w.s.policy), *w.s.policy));
    if (w.s.binding) CHECK(same(read_back(*w.s.binding), *w.s.binding));
    for (const auto& [name, record] : w.records) CHECK(read_back(record) == record);
  }
}

TEST_CASE("a decision sees an object as it would be read, whatever a test has set in it") {
  Situation s;
  s.request.metadata.creation_timestamp = kNow + 250ms;  // the API server writes whole seconds
  CHECK(s.input().request->metadata.creation_timestamp == kNow);
  s.request.metadata.creation_timestamp = kNow;
  CHECK(same(*s.input().request, s.request));
}

TEST_CASE("JSON with a field that no decoder reads makes no object") {
  CHECK_THROWS(decoded<api::AccessRequest>({{"spec", {{"polciy", "payments-debug"}}}}));
  CHECK_THROWS(decoded<api::AccessPolicy>({{"spec", {{"roles", "view"}}}}));
}
