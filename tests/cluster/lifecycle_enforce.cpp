#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// Active access follows its policy: access that the policy no longer allows is ended, unless onChange is
// Keep.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;
using std::chrono::minutes;

namespace {

// How long Curfew waits for what is away.
constexpr milliseconds kPatience{5000};

Request active(const Scene& scene, const std::string& policy, const std::string& name = "ask") {
  Request request(scene, policy, "duration: 30m, reason: INC-1", std::nullopt, name);
  request.await("Active");
  return request;
}

// Checks that the access is gone within three seconds of `before`, which is just before kubectl was started
// for the change, and not before `patience`; and that condition, record and Event name the rule.
void check_revoked(const Scene& scene, const Request& request, curfew::TimePoint before,
                   const std::string& reason, const std::string& sentence,
                   milliseconds patience = milliseconds(0)) {
  request.await_no_binding(patience + seconds(3));
  request.await("Revoked", seconds(3));
  const auto deleted = call_of_curfew(scene.cluster, "delete", request.binding_name(), before);
  REQUIRE(deleted.has_value());
  const auto took = std::chrono::duration_cast<milliseconds>(*deleted - before);
  WARN(reason << ": revoked " << took.count() << " ms after kubectl was started");
  CHECK(took < patience + seconds(3));
  CHECK(took >= patience);

  CHECK_FALSE(scene.can_list_pods(scene.alice));
  CHECK(request.condition("Granted")["status"] == "False");
  CHECK(request.condition("Granted")["reason"] == reason);
  CHECK_THAT(request.text("message"), ContainsSubstring(sentence));
  CHECK(request.recorded() == Texts{"Requested", "Granted", "Revoked"});
  CHECK_THAT(request.await_record("Revoked")["message"].get<std::string>(), ContainsSubstring(sentence));
  const Json event = request.await_event("Revoked");
  CHECK(event["type"] == "Warning");
  CHECK_THAT(event["note"].get<std::string>(), ContainsSubstring(sentence));
}

struct Change {
  Json spec;
  std::string reason;
  std::string sentence;  // a part of it
};

std::vector<Change> what_forbids() {
  const Json every_day{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const auto in_two_hours = curfew::format_rfc3339(now() + std::chrono::hours(2)).substr(11, 5);
  const auto in_three_hours = curfew::format_rfc3339(now() + std::chrono::hours(3)).substr(11, 5);
  const Json closed{{"timeZone", "UTC"},
                    {"endAtWindowClose", true},
                    {"windows", {{{"days", every_day}, {"start", in_two_hours}, {"end", in_three_hours}}}}};
  return {{{{"suspend", true}}, "PolicySuspended", "is suspended (spec.suspend: true)"},
          {{{"roles", {{{"kind", "ClusterRole"}, {"name", "edit"}}}}},
           "RoleNotAllowed",
           "spec.role ClusterRole view is not offered by"},
          {{{"requesters", {{{"kind", "Group"}, {"name", "operators"}}}}},
           "RequesterNotAllowed",
           "alice is not a requester of"},
          {{{"namespaces", {{"selector", nullptr}, {"names", {"payments"}}}}},
           "NamespaceNotAllowed",
           "does not cover namespace"},
          {{{"reason", {{"pattern", "^CHG-[0-9]+"}}}},
           "ReasonMismatch",
           "spec.reason \"INC-1\" does not match ^CHG-[0-9]+"},
          {{{"duration", {{"default", "1s"}, {"max", "1s"}}}}, "DurationTooLong", "spec.duration.max is 1s"},
          {{{"schedule", closed}}, "OutsideSchedule", "it is outside the schedule of"}};
}

}  // namespace

TEST_CASE("access that its policy ceases to allow is revoked at once, with the rule",
          "[lifecycle][namespaced]") {
  const Scene scene;
  bool is_explicit = false;
  int count = 0;
  for (const Change& change : what_forbids()) {
    INFO(change.spec.dump());
    is_explicit = !is_explicit;  // the default is Enforce
    const std::string policy =
        scene.space.policy(automatic(is_explicit ? "onChange: Enforce" : "description: says nothing"));
    const Request request = active(scene, policy, "ask-" + std::to_string(++count));
    REQUIRE(scene.can_list_pods(scene.alice));
    if (change.spec.contains("duration")) sleep_until(request.time("grantedAt") + milliseconds(1100));
    const auto before = now();
    scene.change(policy, change.spec);
    check_revoked(scene, request, before, change.reason, change.sentence);
  }
}

TEST_CASE("access whose policy is deleted is revoked after five seconds", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic());
  const Request request = active(scene, policy);
  const auto before = now();
  REQUIRE_THAT(scene.admin.kubectl({"delete", "accesspolicy", policy}), Succeeds());
  check_revoked(scene, request, before, "PolicyNotFound", "there is no AccessPolicy of that name", kPatience);
}

TEST_CASE("a policy that is replaced, and a label that flickers, end no access and refuse nothing",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string& space = scene.space.name();
  const std::string policy = unique("replaced");
  const std::string manifest =
      "apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " + policy +
      "}\nspec: " + one_of_sre("namespaces: {selector: {matchLabels: {team: payments}}}");
  const auto label = [&](const std::string& value) {
    REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", space, value}), Succeeds());
  };
  label("team=payments");
  REQUIRE_THAT(scene.admin.apply(manifest), Succeeds());
  const Request granted(scene, policy, "duration: 30m, reason: INC-1", std::nullopt, "granted");
  granted.await("Pending");
  granted.approve(scene.bob);
  granted.await("Active");
  const Json binding = granted.binding().value();
  const Request waiting(scene, policy, "duration: 30m, reason: INC-1", std::nullopt, "waiting");
  waiting.await("Pending");
  sleep_until(now() + kPatience);  // nothing is new any more
  for (int i = 0; i < 3; ++i) {
    label("team-");
    label("team=payments");
    REQUIRE_THAT(scene.admin.kubectl({"replace", "--force", "-f", "-"}, manifest), Succeeds());
  }
  sleep_until(now() + kPatience + seconds(1));
  CHECK(granted.text("phase") == "Active");
  CHECK(granted.binding() == binding);
  CHECK(granted.recorded() == Texts{"Requested", "Approved", "Granted"});
  CHECK(waiting.text("phase") == "Pending");
  waiting.approve(scene.bob);
  waiting.await("Active");
  scene.admin.kubectl({"delete", "accesspolicy", policy});
}

TEST_CASE("access is revoked five seconds after the namespace lost the label by which it was covered",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string& space = scene.space.name();
  REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", space, "team=payments"}), Succeeds());
  const std::string policy =
      scene.space.policy(automatic("namespaces: {selector: {matchLabels: {team: payments}}}"));
  const Request request = active(scene, policy);
  REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", space, "stage=test"}), Succeeds());
  CHECK(request.text("phase") == "Active");
  const auto before = now();
  REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", space, "team-"}), Succeeds());
  check_revoked(scene, request, before, "NamespaceNotAllowed",
                "does not cover namespace " + space + ", only those that its selector matches", kPatience);
}

TEST_CASE("a shorter maximum moves the end of active access up, and it ends then", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic());
  const Request request = active(scene, policy);
  const auto began = now();
  const auto granted_at = request.time("grantedAt");
  const auto ends = granted_at + seconds(7);
  CHECK(request.time("expiresAt") == granted_at + minutes(30));
  scene.change(policy, {{"duration", {{"default", "7s"}, {"max", "7s"}}}});
  REQUIRE(eventually(seconds(3), [&] { return request.time("expiresAt") == ends; }));
  CHECK(request.binding().value()["metadata"]["annotations"]["curfew.dev/expires-at"] ==
        curfew::format_rfc3339(ends));
  CHECK(request.text("phase") == "Active");
  CHECK(scene.can_list_pods(scene.alice));
  const std::string sentence = "access ends at " + curfew::format_rfc3339(ends) +
                               ", sooner than granted: under AccessPolicy " + policy +
                               " spec.duration.max is 7s";
  CHECK_THAT(request.text("message"), ContainsSubstring(sentence));
  CHECK_THAT(request.await_record("Shortened")["message"].get<std::string>(), ContainsSubstring(sentence));
  CHECK(request.await_event("Shortened")["type"] == "Warning");
  REQUIRE(now() < ends - seconds(1));  // otherwise the machine is too slow for this test

  sleep_until(ends + milliseconds(50));
  CHECK_FALSE(scene.can_list_pods(scene.alice));
  request.await("Expired");
  const auto deleted = call_of_curfew(scene.cluster, "delete", request.binding_name(), began);
  REQUIRE(deleted.has_value());
  CHECK(*deleted <= ends);
  CHECK(request.recorded() == Texts{"Requested", "Granted", "Shortened", "Expired"});
}

TEST_CASE("a policy that begins to end access with its window moves the end of active access up",
          "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic());
  const Request request = active(scene, policy);
  const auto closes = std::chrono::floor<minutes>(now()) + minutes(20);
  const auto time_of_day = [](curfew::TimePoint time) { return curfew::format_rfc3339(time).substr(11, 5); };
  const Json every_day{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const Json window{
      {"days", every_day}, {"start", time_of_day(closes - minutes(60))}, {"end", time_of_day(closes)}};
  scene.change(
      policy,
      {{"schedule", {{"timeZone", "UTC"}, {"endAtWindowClose", true}, {"windows", Json::array({window})}}}});
  REQUIRE(eventually(seconds(3), [&] { return request.time("expiresAt") == closes; }));
  CHECK(request.binding().value()["metadata"]["annotations"]["curfew.dev/expires-at"] ==
        curfew::format_rfc3339(closes));
  CHECK_THAT(request.await_record("Shortened")["message"].get<std::string>(),
             ContainsSubstring("under AccessPolicy " + policy + " its window closes then"));
  CHECK(request.text("phase") == "Active");
}

TEST_CASE("a longer maximum gives nobody more time than was granted", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic());
  const Request request = active(scene, policy);
  const auto ends = request.time("expiresAt");
  scene.change(policy, {{"duration", {{"default", "5h"}, {"max", "8h"}}}});
  scene.await_policy(policy, "Ready", "Ready");
  sleep_until(now() + seconds(1));
  CHECK(request.time("expiresAt") == ends);
  CHECK(request.recorded() == Texts{"Requested", "Granted"});
}

TEST_CASE("access under a policy that says Keep runs out by itself, whatever becomes of the policy",
          "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic(
      "onChange: Keep, namespaces: {selector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}"));
  const Request request = active(scene, policy);
  const Json binding = request.binding().value();
  const Json status = request.status();
  for (const Change& change : what_forbids()) {
    if (!change.spec.contains("namespaces")) scene.change(policy, change.spec);
  }
  REQUIRE_THAT(scene.admin.kubectl({"label", "namespace", scene.space.name(), "team=payments"}), Succeeds());
  sleep_until(now() + seconds(1));
  REQUIRE_THAT(scene.admin.kubectl({"delete", "accesspolicy", policy}), Succeeds());
  sleep_until(now() + milliseconds(1500));
  CHECK(scene.can_list_pods(scene.alice));
  CHECK(request.binding() == binding);
  Json after = request.status();
  CHECK(after["conditions"].back()["type"] == "PolicyMissing");
  after["conditions"].erase(after["conditions"].size() - 1);
  CHECK(after == status);
  CHECK(request.recorded() == Texts{"Requested", "Granted"});
}
