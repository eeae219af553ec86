#include <algorithm>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>
#include <regex>

#include "lifecycle.hpp"

// The main story: request, approval, access, its end on time, and the records that remain.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::UnorderedEquals;

namespace {

// When the API server had answered Curfew's request to delete the binding.
std::optional<curfew::TimePoint> deletion_of(const Scene& scene, const std::string& binding,
                                             curfew::TimePoint since) {
  for (const Json& call : calls_of_curfew(scene.cluster, since)) {
    if (call["verb"] == "delete" && call["objectRef"].value("name", "") == binding)
      return time_of(call["stageTimestamp"]);
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("alice asks, bob approves, alice has access until its time is up and not longer",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const auto began = now();
  const std::string policy = scene.space.policy(one_of_sre());
  const Request request(scene, policy, "duration: 6s, reason: INC-1 consumer is stuck");

  request.await("Pending");
  request.await_message("waiting for 1 more approval");
  CHECK(request.text("approvals") == "0/1");
  CHECK_FALSE(scene.can_list_pods(scene.alice));

  request.approve(scene.bob, "looks right");
  request.await("Active");
  CHECK(scene.can_list_pods(scene.alice));
  CHECK_FALSE(scene.alice.can({"list", "pods", "-n", "default"}));
  CHECK_FALSE(scene.alice.can({"list", "pods", "-n", "kube-system"}));
  CHECK_FALSE(scene.alice.can({"delete", "pods", "-n", scene.space.name()}));
  CHECK_FALSE(scene.can_list_pods(scene.dave));

  const auto expires_at = request.time("expiresAt");
  CHECK(expires_at - request.time("grantedAt") == seconds(6));
  REQUIRE(now() < expires_at - milliseconds(1500));  // otherwise the machine is too slow for this test

  sleep_until(expires_at + milliseconds(50));
  for (int check = 1; check <= 5; ++check) {
    INFO("check " << check);
    CHECK_FALSE(scene.can_list_pods(scene.alice));
  }
  request.await("Expired");
  request.await_no_binding();
  const auto deleted_at = deletion_of(scene, request.binding_name(), began);
  REQUIRE(deleted_at.has_value());
  INFO("deleted " << (*deleted_at - expires_at).count() << " us after expiresAt");
  CHECK(*deleted_at <= expires_at);
  CHECK(*deleted_at >= expires_at - seconds(1));
  CHECK(request.status()["complete"] == true);
}

TEST_CASE("while access is given, the request says to whom, to what, until when and by whose word",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const Request request(scene, policy, "duration: 10m, reason: INC-1");
  request.approve(scene.bob, "looks right");
  request.await("Active");

  const Json status = request.status();
  CHECK(status["subject"] == Json{{"kind", "User"}, {"name", "alice"}});
  CHECK(status["roleRef"] == Json{{"kind", "ClusterRole"}, {"name", "view"}});
  CHECK(status["duration"] == "10m");
  CHECK(status["approvals"] == "1/1");
  CHECK(status["approvedBy"] == Json{"bob"});
  CHECK(status["policy"]["name"] == policy);
  CHECK(status["policy"]["uid"] == scene.admin.get({"accesspolicy", policy})["metadata"]["uid"]);
  CHECK(status["bindingName"] == request.binding_name());
  CHECK(request.time("requestedAt") <= request.time("approvedAt"));
  // One of them may be truncated to the second.
  CHECK(request.time("approvedAt") <= request.time("grantedAt") + seconds(1));
  CHECK(request.condition("Approved")["status"] == "True");
  CHECK(request.condition("Approved")["reason"] == "QuorumReached");
  CHECK(request.condition("Granted")["status"] == "True");
  CHECK(request.condition("Granted")["reason"] == "BindingCreated");

  const Json binding = request.binding().value();
  CHECK(binding["roleRef"] ==
        Json{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}});
  CHECK(binding["subjects"] ==
        Json::array({{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "alice"}}}));
  CHECK(binding["metadata"]["labels"]["curfew.dev/request-uid"] == request.uid());
  CHECK(time_of(binding["metadata"]["annotations"]["curfew.dev/expires-at"]) == request.time("expiresAt"));
  CHECK(binding["metadata"]["annotations"]["curfew.dev/request"] == scene.space.name() + "/ask");
  CHECK(binding["metadata"]["annotations"]["curfew.dev/policy"] == policy);
  CHECK(Json::parse(binding["metadata"]["annotations"]["curfew.dev/approved-by"].get<std::string>()) ==
        Json{"bob"});
  CHECK(binding["metadata"]["ownerReferences"][0]["uid"] == request.uid());
  CHECK_FALSE(binding["metadata"].contains("finalizers"));

  const ProcessResult table = scene.alice.kubectl({"get", "accessrequests", "-n", scene.space.name()});
  CHECK_THAT(table.out, ContainsSubstring("PHASE") && ContainsSubstring("Active") &&
                            ContainsSubstring(policy) && ContainsSubstring("view") &&
                            ContainsSubstring("alice") && ContainsSubstring("1/1"));
}

TEST_CASE("every step leaves one audit record that says who did what, when, under which policy",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const auto began = now();
  const std::string policy = scene.space.policy(one_of_sre());
  const Request request(scene, policy, "duration: 3s, reason: INC-1");
  request.approve(scene.bob, "looks right");
  request.await("Active");
  request.await("Expired", seconds(6));

  const std::vector<Json> records = request.records();
  REQUIRE(request.recorded() == Texts{"Requested", "Approved", "Granted", "Expired"});
  for (const Json& record : records) {
    INFO(record.dump(1));
    CHECK(record["request"] ==
          Json{{"namespace", scene.space.name()}, {"name", "ask"}, {"uid", request.uid()}});
    CHECK(record["policy"]["name"] == policy);
    CHECK_FALSE(record["policy"].value("uid", "").empty());
    CHECK(record["role"] == Json{{"kind", "ClusterRole"}, {"name", "view"}});
    CHECK(record["subject"]["name"] == "alice");
    CHECK(time_of(record["time"]) >= began - seconds(1));
    CHECK(time_of(record["time"]) <= now());
    CHECK(std::regex_match(record["time"].get<std::string>(), std::regex(R"(.*\.\d{6}Z)")));
  }
  CHECK(records[0]["actor"]["username"] == "alice");
  CHECK(records[0]["reason"] == "INC-1");
  CHECK(records[1]["actor"]["username"] == "bob");
  CHECK(std::ranges::count(records[1]["actor"]["groups"], Json("sre")) == 1);
  CHECK(records[1]["comment"] == "looks right");
  CHECK_FALSE(records[2].contains("actor"));
  CHECK(records[2]["binding"]["name"] == request.binding_name());
  CHECK(time_of(records[2]["expiresAt"]) == request.time("expiresAt"));
  CHECK(time_of(records[2]["grantedAt"]) == request.time("grantedAt"));
  CHECK(records[3]["binding"]["name"] == request.binding_name());
  CHECK(request.time("endedAt") <= request.time("expiresAt") + seconds(1));
  CHECK(request.time("endedAt") >= request.time("expiresAt") - seconds(1));
}

TEST_CASE("kubectl describe shows every step, and the Events tell when access began and ended",
          "[lifecycle][namespaced]") {
  const Scene scene;
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 3s");
  request.await("Pending");
  request.approve(scene.bob, "looks right");
  request.await("Active");
  request.await("Expired", seconds(6));

  CHECK(eventually(seconds(3), [&] { return request.events().size() >= 2; }));
  CHECK_THAT(request.events(), UnorderedEquals(Texts{"Granted", "Expired"}));
  const ProcessResult described = scene.admin.kubectl(scene.space.on("describe", "ask"));
  CHECK_THAT(described.out, ContainsSubstring("Approved") && ContainsSubstring("Granted") &&
                                ContainsSubstring("Expired") && ContainsSubstring("looks right"));
  const ProcessResult events =
      scene.admin.kubectl({"events", "--for", "accessrequest/ask", "-n", scene.space.name()});
  CHECK_THAT(events.out, ContainsSubstring("Granted") && ContainsSubstring("Expired"));
}
