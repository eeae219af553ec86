#include "api/codec.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

using namespace curfew;
using nlohmann::json;

namespace {

const json kRequest = json::parse(R"({
  "apiVersion": "curfew.dev/v1alpha1", "kind": "AccessRequest",
  "metadata": {"name": "fix", "namespace": "payments", "uid": "u-1", "resourceVersion": "7", "generation": 2, "creationTimestamp": "2026-11-24T20:00:00Z",
               "labels": {"team": "a"}, "annotations": {"x/y": "z"}, "finalizers": ["other/f"]},
  "spec": {"policy": "debug", "role": {"kind": "ClusterRole", "name": "view"}, "subject": {"kind": "ServiceAccount", "name": "robot", "namespace": "ci"},
           "duration": "1h", "startTime": "2026-11-24T20:00:00Z", "extends": "first", "reason": "INC \u202e \"quoted\"\n\ud83d\ude00", "requester": {"username": "alice", "groups": ["dev"]}},
  "decisions": [{"verdict": "Approve", "username": "bob", "groups": ["sre"], "comment": "ok"}, {"verdict": "Revoke", "username": "alice"}],
  "status": {"phase": "Active", "complete": false, "policy": {"name": "debug", "uid": "p-1", "generation": 3}, "subject": {"kind": "User", "name": "alice"},
             "roleRef": {"kind": "ClusterRole", "name": "view"}, "duration": "1h", "approvals": "1/1",
             "extends": {"name": "first", "uid": "u-0", "expiresAt": "2026-11-24T20:30:00Z", "since": "2026-11-24T19:30:00Z"}, "extendableUntil": "2026-11-24T23:30:00Z", "approvedBy": ["bob"], "requestedAt": "2026-11-24T20:00:00Z",
             "approvedAt": "2026-11-24T20:01:00Z", "grantedAt": "2026-11-24T20:01:00Z", "expiresAt": "2026-11-24T21:01:00Z", "bindingName": "curfew-u-1",
             "message": "access", "observedGeneration": 2, "observedDecisions": 1,
             "conditions": [{"type": "Granted", "status": "True", "reason": "BindingCreated", "message": "", "observedGeneration": 2, "lastTransitionTime": "2026-11-24T20:01:00Z"}]}
})");

const json kPolicy = json::parse(R"({
  "apiVersion": "curfew.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": "debug", "generation": 1},
  "spec": {"description": "d", "requesters": [{"kind": "Group", "name": "dev"}], "subjects": [{"kind": "User", "name": "bob"}],
           "roles": [{"kind": "ClusterRole", "name": "view"}],
           "namespaces": {"names": ["a"], "selector": {"matchLabels": {"team": "x"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}},
           "duration": {"default": "30m", "max": "4h", "maxStartDelay": "720h", "maxTotal": "8h"},
           "schedule": {"timeZone": "Europe/Berlin", "windows": [{"days": ["Mon"], "start": "08:00", "end": "18:00"}], "endAtWindowClose": true},
           "reason": {"required": true, "pattern": "^INC"},
           "approval": {"required": 2, "approvers": [{"kind": "Group", "name": "sre"}], "allowSelfApproval": true, "timeout": "8h"},
           "limits": {"activePerRequester": 1, "cooldown": "15m", "onceByName": true}, "onChange": "Enforce", "suspend": false},
  "status": {"observedGeneration": 1, "activeGrants": 2, "pendingRequests": 3,
             "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "m", "observedGeneration": 1, "lastTransitionTime": "2026-11-24T20:01:00Z"}]}
})");

const json kRecord = json::parse(R"({
  "apiVersion": "curfew.dev/v1alpha1", "kind": "AuditRecord", "metadata": {"name": "u-1-granted"}, "action": "Granted", "time": "2026-11-24T20:01:00.000042Z",
  "actor": {"username": "bob", "groups": ["sre"]}, "request": {"namespace": "payments", "name": "fix", "uid": "u-1"},
  "policy": {"name": "debug", "uid": "p-1", "generation": 3}, "role": {"kind": "ClusterRole", "name": "view"}, "subject": {"kind": "User", "name": "alice"},
  "reason": "INC", "comment": "ok", "duration": "1h", "startTime": "2026-11-24T21:00:00+01:00", "grantedAt": "2026-11-24T20:01:00Z", "expiresAt": "2026-11-24T21:01:00Z",
  "extends": {"name": "first", "uid": "u-0", "expiresAt": "2026-11-24T20:30:00Z", "since": "2026-11-24T19:30:00Z"},
  "binding": {"name": "curfew-u-1", "uid": "b-1"}, "message": "m"
})");

// The document with the value at `pointer` replaced.
json with(json document, const char* pointer, json value) {
  document[json::json_pointer(pointer)] = std::move(value);
  return document;
}

}  // namespace

TEST_CASE("every field of a Kind survives reading and writing") {
  CHECK(api::encode(api::decode<api::AccessRequest>(kRequest).value()) == kRequest);
  CHECK(api::encode(api::decode<api::AccessPolicy>(kPolicy).value()) == kPolicy);
  CHECK(api::encode(api::decode<api::AuditRecord>(kRecord).value()) == kRecord);
}

TEST_CASE("a field of the wrong type is named, with what would be accepted") {
  struct Case {
    const char* pointer;
    json value;
    const char* message;
  };
  const Case policy = GENERATE(values<Case>(
      {{"/spec/duration/max", 3600, "spec.duration.max must be a string, not the number 3600"},
       {"/spec/duration", "1h", "spec.duration must be an object, not \"1h\""},
       {"/spec/roles", json::object(), "spec.roles must be a list, not an object"},
       {"/spec/roles/0/name", true, "spec.roles[0].name must be a string, not true"},
       {"/spec/approval/required", 1.5, "spec.approval.required must be a whole number, not the number 1.5"},
       {"/spec/approval/required", 3000000000,
        "spec.approval.required must be a whole number, not the number 3000000000"},
       {"/spec/suspend", "yes", "spec.suspend must be true or false, not \"yes\""},
       {"/spec/requesters/0", "alice", "spec.requesters[0] must be an object, not \"alice\""},
       {"/metadata/labels", json{{"a", 1}}, "metadata.labels.a must be a string, not the number 1"}}));
  const auto decoded = api::decode<api::AccessPolicy>(with(kPolicy, policy.pointer, policy.value));
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().kind == ErrorKind::Decode);
  CHECK(decoded.error().message == std::string("AccessPolicy debug: ") + policy.message);
}

TEST_CASE("times and enumerations are held to what they can be") {
  const auto time = api::decode<api::AccessRequest>(with(kRequest, "/status/expiresAt", "soon"));
  CHECK(
      time.error().message ==
      "AccessRequest payments/fix: status.expiresAt must be a time like 2026-11-24T20:00:00Z, not \"soon\"");
  const auto verdict = api::decode<api::AccessRequest>(with(kRequest, "/decisions/1/verdict", "Maybe"));
  CHECK(
      verdict.error().message ==
      "AccessRequest payments/fix: decisions[1].verdict must be one of Approve, Deny, Revoke, not \"Maybe\"");
}

TEST_CASE("a document that is not an object is an error and not an exception") {
  const json document = GENERATE(values<json>({json(), json(1), json("x"), json::array({1})}));
  CHECK(api::decode<api::AccessRequest>(document).error().kind == ErrorKind::Decode);
  CHECK(api::decode<api::RoleBinding>(document).error().kind == ErrorKind::Decode);
}

TEST_CASE("unknown fields of a newer schema are ignored, absent and null ones are defaults") {
  auto request = with(with(kRequest, "/spec/novelty", json{{"a", 1}}), "/status", nullptr);
  request["spec"]["role"] = nullptr;
  request["metadata"]["managedFields"] = json::array({json{{"manager", "kubectl"}}});
  const auto decoded = api::decode<api::AccessRequest>(request);
  REQUIRE(decoded);
  CHECK(decoded->status == api::AccessRequestStatus{});
  CHECK_FALSE(decoded->spec.role);
}

TEST_CASE("an empty selector is kept apart from none") {
  const auto all =
      api::decode<api::AccessPolicy>(with(kPolicy, "/spec/namespaces", json{{"selector", json::object()}}));
  REQUIRE(all->spec.namespaces.selector);
  CHECK(api::encode(*all)["spec"]["namespaces"] == json{{"selector", json::object()}});
  CHECK_FALSE(api::decode<api::AccessPolicy>(with(kPolicy, "/spec/namespaces", json{{"names", {"a"}}}))
                  ->spec.namespaces.selector);
}

TEST_CASE("what is set is written although it is empty, and what is not set is left out") {
  api::AccessPolicy policy;
  policy.spec.limits = {.active_per_requester = 0};
  policy.spec.suspend = false;
  CHECK(api::encode(policy)["spec"] == json{{"reason", {{"required", false}}},
                                            {"approval", {{"required", 1}, {"allowSelfApproval", false}}},
                                            {"limits", {{"activePerRequester", 0}}},
                                            {"suspend", false}});
  policy.spec.limits->active_per_requester.reset();
  CHECK(api::encode(policy)["spec"]["limits"] == json::object());
  CHECK_FALSE(api::encode(api::AccessPolicy{}).contains("status"));
  CHECK(api::encode(api::AccessRequest{})["spec"] == json::object());
}

TEST_CASE("a status patch replaces all that was there, in nested objects too") {
  const json& before = kRequest.at("status");
  api::AccessRequestStatus status;
  status.phase = api::Phase::Pending;
  status.subject = api::Subject{.kind = "User", .name = "alice"};
  json merged = with(before, "/subject/namespace", "ci");
  merged.merge_patch(api::encode_status_patch(status));
  CHECK(merged == json{{"phase", "Pending"},
                       {"complete", false},
                       {"subject", {{"kind", "User"}, {"name", "alice"}}},
                       {"observedGeneration", 0},
                       {"observedDecisions", 0}});
}

TEST_CASE("a RoleBinding names the API groups that RBAC requires and holds nobody up") {
  api::RoleBinding binding;
  binding.metadata.name = "curfew-u-1";
  binding.metadata.owner_references = {
      {.api_version = "curfew.dev/v1alpha1", .kind = "AccessRequest", .name = "fix", .uid = "u-1"}};
  binding.role_ref = {.kind = "ClusterRole", .name = "view"};
  binding.subjects = {{.kind = "User", .name = "alice"},
                      {.kind = "Group", .name = "sre"},
                      {.kind = "ServiceAccount", .name = "robot", .ns = "ci"}};
  const json encoded = api::encode(binding);
  CHECK(encoded["apiVersion"] == "rbac.authorization.k8s.io/v1");
  CHECK(encoded["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io");
  CHECK(encoded["subjects"][0]["apiGroup"] == "rbac.authorization.k8s.io");
  CHECK(encoded["subjects"][1]["apiGroup"] == "rbac.authorization.k8s.io");
  CHECK(encoded["subjects"][2] == json{{"kind", "ServiceAccount"}, {"name", "robot"}, {"namespace", "ci"}});
  CHECK(encoded["metadata"]["ownerReferences"][0] == json{{"apiVersion", "curfew.dev/v1alpha1"},
                                                          {"kind", "AccessRequest"},
                                                          {"name", "fix"},
                                                          {"uid", "u-1"}});
  CHECK_FALSE(encoded["metadata"].contains("finalizers"));
  CHECK(api::decode<api::RoleBinding>(encoded)->subjects == binding.subjects);
}

TEST_CASE("a Lease keeps its times to the microsecond, and nobody's lease has no holder") {
  const json held = json::parse(
      R"({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "curfew", "namespace": "curfew-system"},
    "spec": {"holderIdentity": "pod-1", "leaseDurationSeconds": 15, "acquireTime": "2026-11-24T20:00:00.000001Z", "renewTime": "2026-11-24T20:00:10.500000Z", "leaseTransitions": 4}})");
  CHECK(api::encode(api::decode<api::Lease>(held).value()) == held);
  CHECK_FALSE(api::encode(api::Lease{})["spec"].contains("holderIdentity"));
}

TEST_CASE("an Event fits the API server's limits, whatever people wrote") {
  api::Event event;
  event.reason = "Granted";
  event.action = "Grant";
  event.note = std::string(1020, 'a') + "\xF0\x9F\x98\x80\xF0\x9F\x98\x80";
  event.reporting_instance = std::string(300, 'h');
  const json encoded = api::encode(event);
  CHECK(encoded["apiVersion"] == "events.k8s.io/v1");
  CHECK(encoded["note"].get<std::string>().size() <= 1024);
  CHECK_NOTHROW(encoded.dump());  // strict about UTF-8
  CHECK(encoded["reportingInstance"].get<std::string>().size() <= 128);
  CHECK(encoded["reportingController"] == "curfew.dev/controller");
  CHECK(encoded["eventTime"] == "1970-01-01T00:00:00.000000Z");
}
