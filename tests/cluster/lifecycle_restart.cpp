#include <algorithm>
#include <set>

#include "controller.hpp"
#include "lifecycle.hpp"

// A controller is killed at any moment: the next one continues from what is in the cluster.
using namespace curfew::test;

namespace {

// A scene with a controller that is killed and started again.
struct Killed {
  Scene scene;
  Controller controller{scene.cluster};
  std::string policy = scene.space.policy(one_of_sre());

  Killed() { controller.start_leading(); }
  ~Killed() { controller.stop(); }  // releases the lease for the next test

  Request active(const std::string& name, const std::string& duration) const {
    Request request(scene, policy, "duration: " + duration, std::nullopt, name);
    request.approve(scene.bob);
    request.await("Active");
    return request;
  }
};

// Checks that nothing was done twice for a request.
void check_done_once(const Request& request, const Texts& expected) {
  CHECK(request.recorded() == expected);
  std::set<std::string> names;
  for (const Json& record : request.records()) names.insert(record["metadata"]["name"].get<std::string>());
  CHECK(names.size() == expected.size());
}

}  // namespace

TEST_CASE("a killed controller goes on where it was", "[replica]") {
  Killed killed;
  const Scene& scene = killed.scene;
  const Request running = killed.active("running", "30m");
  const Request deleted = killed.active("deleted", "30m");
  const Request unbound = killed.active("unbound", "30m");
  const Request revoked = killed.active("revoked", "30m");
  const Request approved(scene, killed.policy, "duration: 30m", std::nullopt, "approved");
  const Request withdrawn(scene, killed.policy, "duration: 30m", std::nullopt, "withdrawn");
  withdrawn.await("Pending");
  approved.await("Pending");
  const auto expires_at = running.time("expiresAt");
  const Request expiring = killed.active("expiring", "8s");

  killed.controller.kill();
  REQUIRE(now() < expiring.time("expiresAt") - seconds(1));
  approved.approve(scene.bob, "while it was down");
  deleted.remove(scene.alice);
  withdrawn.remove(scene.alice);
  REQUIRE_THAT(revoked.say(scene.alice, "revoke", "done"), Succeeds());
  REQUIRE_THAT(scene.admin.kubectl(scene.space.on_binding("delete", unbound.binding_name())), Succeeds());
  const Request asked(scene, killed.policy, "duration: 30m", std::nullopt, "asked");
  sleep_until(expiring.time("expiresAt") + seconds(1));
  CHECK(expiring.binding().has_value());  // no replica is there to end it

  // Any replica ends it, leader or not: the lease of the killed one has not expired yet.
  const auto restarted = now();
  killed.controller.start();
  expiring.await_no_binding(seconds(5));
  CHECK(now() - restarted < seconds(5));

  expiring.await("Expired", seconds(25));
  approved.await("Active");
  revoked.await("Revoked");
  unbound.await("Revoked");
  asked.await("Pending");
  deleted.await_record("Revoked", seconds(5));
  withdrawn.await_record("Withdrawn", seconds(5));

  CHECK(unbound.condition("Granted")["reason"] == "BindingRemoved");
  CHECK(running.text("phase") == "Active");
  CHECK(running.time("expiresAt") == expires_at);
  CHECK(scene.can_list_pods(scene.alice));
  check_done_once(running, {"Requested", "Approved", "Granted"});
  check_done_once(expiring, {"Requested", "Approved", "Granted", "Expired"});
  check_done_once(approved, {"Requested", "Approved", "Granted"});
  check_done_once(revoked, {"Requested", "Approved", "Granted", "Revoked"});
  check_done_once(unbound, {"Requested", "Approved", "Granted", "Revoked"});
  check_done_once(deleted, {"Requested", "Approved", "Granted", "Revoked"});
  check_done_once(withdrawn, {"Requested", "Withdrawn"});
  check_done_once(asked, {"Requested"});
  CHECK(scene.managed_bindings() == 2);  // running and approved
}

TEST_CASE("a controller killed in the middle of granting grants once", "[replica]") {
  Killed killed;
  const Scene& scene = killed.scene;
  const std::string at_once = scene.space.policy(automatic());
  // Created in quick succession and killed at once: some have a record and no binding, some a binding and no
  // status.
  std::string batch;
  constexpr int kMany = 12;
  for (int i = 0; i < kMany; ++i)
    batch += scene.space.request("burst-" + std::to_string(i), "{policy: " + at_once + ", duration: 30m}") +
             "---\n";
  REQUIRE_THAT(scene.alice.kubectl({"create", "-f", "-"}, batch), Succeeds());
  killed.controller.kill();
  killed.controller.start_leading();

  const auto settled = [&] {
    const Json all = scene.admin.get({"accessrequests", "-n", scene.space.name()})["items"];
    return std::ranges::all_of(all, [](const Json& request) {
      return request.value("status", Json::object()).value("phase", "") == "Active";
    });
  };
  CHECK(eventually(seconds(10), settled));
  CHECK(scene.managed_bindings() == kMany);
  std::map<std::string, Texts> actions;
  const Json records =
      scene.admin.get({"auditrecords", "--field-selector", "request.namespace=" + scene.space.name()});
  for (const Json& record : records["items"]) {
    actions[record["request"]["name"].get<std::string>()].push_back(record["action"].get<std::string>());
  }
  CHECK(actions.size() == kMany);
  for (auto& [name, of_one] : actions) {
    INFO(name);
    std::ranges::sort(of_one);
    CHECK(of_one == Texts{"Granted", "Requested"});
  }
}

TEST_CASE("a request whose time passed while nobody ran is never given access afterwards", "[replica]") {
  Killed killed;
  const Scene& scene = killed.scene;
  const Request request = killed.active("ask", "5s");
  const auto expires_at = request.time("expiresAt");
  killed.controller.kill();
  REQUIRE(now() < expires_at - seconds(1));
  REQUIRE_THAT(scene.admin.kubectl(scene.space.on_binding("delete", request.binding_name())), Succeeds());
  sleep_until(expires_at + milliseconds(500));
  killed.controller.start_leading();
  eventually(seconds(5), [&] { return request.status().value("complete", false); });
  CHECK(request.status()["complete"] == true);
  CHECK_FALSE(request.binding().has_value());
  CHECK(request.recorded().size() == 4);
}

TEST_CASE("completed requests are deleted after their time, and their records stay", "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster, {"--completed-request-ttl", "3s"});
  controller.start_leading();
  const Request request(scene, scene.space.policy(one_of_sre()), "duration: 30m");
  const Request live(scene, scene.space.policy(one_of_sre()), "duration: 30m", std::nullopt, "live");
  request.approve(scene.bob);
  request.await("Active");
  REQUIRE_THAT(request.say(scene.alice, "revoke", "done"), Succeeds());
  request.await("Revoked");
  const auto ended_at = request.time("endedAt");
  const auto is_gone = [&] {
    return scene.admin.kubectl(scene.space.on("get", "ask", {"--ignore-not-found"})).out.empty();
  };
  CHECK(eventually(seconds(10), is_gone));
  CHECK(now() - ended_at >= seconds(3));
  CHECK(now() - ended_at < seconds(8));
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted", "Revoked"});
  live.await("Pending");

  SECTION("also those that were completed before a restart") {
    REQUIRE_THAT(live.say(scene.alice, "revoke", "done"), Succeeds());
    live.await("Withdrawn");
    controller.kill();
    controller.start_leading();
    CHECK(eventually(seconds(15), [&] {
      return scene.admin.kubectl(scene.space.on("get", "live", {"--ignore-not-found"})).out.empty();
    }));
    CHECK(live.recorded() == Texts{"Requested", "Withdrawn"});
  }
  controller.stop();
}
