#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "controller.hpp"
#include "lifecycle.hpp"

// The records of requests whose users act fast or come back: every end is recorded, once, and as it was.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// The actions by request UID, of all requests with that name.
std::map<std::string, Texts> recorded_of_name(const Scene& scene, const std::string& name) {
  std::map<std::string, Texts> actions;
  const Json list = scene.admin.get({"auditrecords", "--field-selector",
                                     "request.namespace=" + scene.space.name() + ",request.name=" + name});
  for (const Json& record : list["items"])
    actions[record["request"].value("uid", "")].push_back(record["action"].get<std::string>());
  return actions;
}

bool is_end(const std::string& action) {
  return std::set<std::string>{"Denied", "Expired", "Revoked", "Withdrawn", "TimedOut", "Rejected"}.contains(
      action);
}

}  // namespace

TEST_CASE("requests that are deleted and made again under one name, as fast as that goes, each leave one end",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic());
  const std::string yaml = scene.space.request("again", "{policy: " + policy + ", duration: 10m}");
  std::set<std::string> uids;
  for (int i = 0; i < 24; ++i) {
    const ProcessResult made = scene.alice.kubectl({"create", "-o", "json", "-f", "-"}, yaml);
    REQUIRE_THAT(made, Succeeds());
    uids.insert(Json::parse(made.out)["metadata"]["uid"].get<std::string>());
    if (i % 3 == 0)
      scene.admin.kubectl(
          scene.space.on("wait", "again", {"--for=jsonpath={.status.phase}=Active", "--timeout=2s"}));
    REQUIRE_THAT(scene.alice.kubectl(scene.space.on("delete", "again", {"--wait=false"})), Succeeds());
  }
  const auto has_one_end = [](const auto& entry) { return std::ranges::count_if(entry.second, is_end) == 1; };
  std::map<std::string, Texts> recorded;
  const bool all_ended = eventually(seconds(10), [&] {
    recorded = recorded_of_name(scene, "again");
    return recorded.size() == uids.size() && std::ranges::all_of(recorded, has_one_end);
  });
  INFO(Json(recorded).dump(1));
  CHECK(all_ended);
  const Json left =
      scene.admin.get({"rolebindings", "-n", scene.space.name(), "-l", "curfew.dev/request-uid"});
  CHECK(left["items"].empty());
}

TEST_CASE("who revoked is recorded, also where the requester deletes the request in the same moment",
          "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  for (int i = 0; i < 6; ++i) {
    const Request request(scene, policy, "duration: 10m", std::nullopt, "ask-" + std::to_string(i));
    request.approve(scene.bob);
    request.await("Active");
    REQUIRE_THAT(request.say(scene.carol, "revoke", "enough"), Succeeds());
    request.remove(scene.alice);
    const Json end = request.await_record("Revoked");
    CHECK(end["actor"]["username"] == "carol");
    CHECK(end["comment"] == "enough");
    CHECK_THAT(end["message"].get<std::string>(), ContainsSubstring("carol revoked: enough"));
  }
}

TEST_CASE("an approval in the moment of the time-out is one or the other", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(
      developers_may_view("{required: 1, timeout: 2s, approvers: [{kind: Group, name: sre}]}"));
  for (int i = 0; i < 4; ++i) {
    const Request request(scene, policy, "duration: 10m", std::nullopt, "ask-" + std::to_string(i));
    request.await("Pending");
    sleep_until(time_of(request.stored()["metadata"]["creationTimestamp"]) + seconds(2) -
                milliseconds(120 - 20 * i));
    const bool was_taken = request.say(scene.bob, "approve").exit_code == 0;
    eventually(seconds(3),
               [&] { return std::set<std::string>{"Active", "TimedOut"}.contains(request.text("phase")); });
    const Texts recorded = request.recorded();
    INFO(Json(recorded).dump() << " approved: " << was_taken);
    const bool timed_out = std::ranges::find(recorded, "TimedOut") != recorded.end();
    const bool granted = std::ranges::find(recorded, "Granted") != recorded.end();
    CHECK(timed_out != granted);
    CHECK(request.text("phase") == (granted ? "Active" : "TimedOut"));
    CHECK(request.binding().has_value() == granted);
  }
}

TEST_CASE("the record of a grant names the policy that allowed it, not one that was there before",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");
  const std::string first = scene.admin.get({"accesspolicy", policy})["metadata"]["uid"];
  REQUIRE_THAT(scene.admin.kubectl({"delete", "accesspolicy", policy}), Succeeds());
  REQUIRE_THAT(scene.admin.apply("apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " +
                                 policy + "}\nspec: " + automatic()),
               Succeeds());
  request.await("Active", seconds(5));
  const std::string second = scene.admin.get({"accesspolicy", policy})["metadata"]["uid"];
  REQUIRE(first != second);
  CHECK(request.await_record("Requested")["policy"]["uid"] == first);
  CHECK(request.await_record("Granted")["policy"]["uid"] == second);
}

TEST_CASE(
    "a ServiceAccount's username in a form that no ServiceAccount has is asked for, granted and recorded as a User's",
    "[lifecycle]") {
  const Scene scene;
  const std::string username = "system:serviceaccount:" + std::string(100, 'a') + ":x";
  const std::string policy = scene.space.policy(
      "{requesters: [{kind: User, name: \"" + username +
      "\"}], roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}, duration: {max: 1h}, approval: {required: 0}}");
  const ProcessResult made =
      scene.admin.kubectl({"create", "--as", username, "--as-group", "system:authenticated", "--as-group",
                           "system:masters", "-o", "json", "-f", "-"},
                          scene.space.request("odd", "{policy: " + policy + ", duration: 10m}"));
  REQUIRE_THAT(made, Succeeds());
  const auto phase = [&] {
    return scene.admin.get(scene.space.target("odd")).value("status", Json::object()).value("phase", "");
  };
  CHECK(eventually(seconds(3), [&] { return phase() == "Active"; }));
  const Json subject = scene.admin.get(scene.space.target("odd"))["status"]["subject"];
  CHECK(subject["kind"] == "User");
  CHECK(subject["name"] == username);
}

TEST_CASE(
    "what was revoked, denied or deleted does not come back because it is applied again for the same time",
    "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const auto start = std::chrono::floor<seconds>(now());
  const std::string span = "duration: 30m, startTime: \"" + curfew::format_rfc3339(start) + "\"";
  std::string how;
  SECTION("revoked") {
    how = "revoke";
  }
  SECTION("denied") {
    how = "deny";
  }
  SECTION("deleted") {
    how = "delete";
  }
  std::string before;
  {
    const Request request(scene, policy, span);
    request.await("Pending");
    before = request.uid();
    if (how != "deny") {
      request.approve(scene.bob);
      request.await("Active");
    }
    if (how != "delete") {
      REQUIRE_THAT(request.say(scene.carol, how, "stop"), Succeeds());
      request.await(how == "deny" ? "Denied" : "Revoked");
    }
    request.remove(scene.alice);
    eventually(seconds(2),
               [&] { return std::ranges::any_of(recorded_of_name(scene, "ask")[before], is_end); });
  }
  const Request again(scene, policy, span);
  again.await("Rejected", seconds(3));
  CHECK(again.condition("Granted")["reason"] == "EndedBefore");
  CHECK_THAT(again.text("message"), ContainsSubstring("an earlier request " + scene.space.key("ask") +
                                                      " for the same time is over"));
  CHECK(again.recorded() == Texts{"Requested", "Rejected"});
  const Request other(scene, policy, span, std::nullopt, "other");
  other.await("Pending");
}

TEST_CASE("under limits.onceByName a name is used once", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic("duration: {max: 1h}, limits: {onceByName: true}"));
  const Request request(scene, policy, "duration: 10m");
  request.await("Active");
  request.remove(scene.alice);
  request.await_record("Revoked");
  const Request again(scene, policy, "duration: 20m");
  again.await("Rejected", seconds(3));
  CHECK_THAT(again.text("message"), ContainsSubstring("every request needs a name of its own"));
}

TEST_CASE("access that outlives its policy is ended by who approved it, and by no stranger", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre("duration: {max: 1h}, onChange: Keep"));
  const Request request(scene, policy, "duration: 30m");
  request.approve(scene.bob);
  request.await("Active");
  REQUIRE_THAT(scene.admin.kubectl({"delete", "accesspolicy", policy}), Succeeds());
  request.await_reason("PolicyMissing", "PolicyNotFound");
  CHECK(request.text("phase") == "Active");
  CHECK_THAT(request.say(scene.dave, "revoke", "mine"), !Succeeds());
  CHECK_THAT(request.say(scene.carol, "revoke", "mine"), !Succeeds());
  REQUIRE_THAT(request.say(scene.bob, "revoke", "I gave it, I take it"), Succeeds());
  request.await("Revoked");
  CHECK(request.await_record("Revoked")["actor"]["username"] == "bob");
}

TEST_CASE("an approval from a time when nobody ran, after the time-out, does not count", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(
      developers_may_view("{required: 1, timeout: 3s, approvers: [{kind: Group, name: sre}]}"));
  const Request request(scene, policy, "duration: 10m");
  request.await("Pending");
  controller.stop();
  sleep_until(time_of(request.stored()["metadata"]["creationTimestamp"]) + seconds(4));
  request.approve(scene.bob);
  controller.start_leading();
  request.await("TimedOut", seconds(20));
  CHECK_THAT(request.await_record("PolicyViolation")["message"].get<std::string>(),
             ContainsSubstring("bob approved too late"));
  CHECK_FALSE(request.binding().has_value());
  controller.stop();
}

TEST_CASE("an approval from before Curfew has looked does not count for what the policy says later",
          "[replica]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre("duration: {default: 5m, max: 4h}"));
  const Request request(scene, policy, "");
  const ProcessResult early =
      scene.bob.kubectl(scene.space.on("annotate", "ask", {"curfew.dev/approve=view for five minutes"}));
  CHECK_THAT(early, Refused("approve it in a moment"));
  scene.change(policy, {{"duration", {{"default", "4h"}, {"max", "4h"}}}});
  Controller controller(scene.cluster);
  controller.start_leading();
  request.await("Pending", seconds(20));
  CHECK_FALSE(request.binding().has_value());
  request.approve(scene.bob);  // bob sees "4h" now
  request.await("Active");
  controller.stop();
}
