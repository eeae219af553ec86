#include <algorithm>

#include "controller.hpp"
#include "fleet.hpp"
#include "lifecycle.hpp"
#include "lifted_guard.hpp"
#include "many.hpp"

// Objects as large as the API server accepts, and more of them than one answer should hold: they cost Curfew
// time, and nothing else.
using namespace curfew::test;

namespace {

// 36 MB, in a dozen pages: much more than memory may grow.
constexpr int kObjects = 24;
constexpr long kMaxGrowthKib = 20 * 1024;

// 1.5 MB of labels.
Json fat_metadata(const std::string& prefix) {
  Json labels = Json::object();
  const std::string domain = std::string(63, 'a') + "." + std::string(63, 'a') + "." + std::string(63, 'a');
  for (int i = 0; i < 4700; ++i)
    labels[domain + ".x" + std::to_string(i) + "/" + std::string(45, 'b')] = std::string(63, 'v');
  return {{"generateName", prefix}, {"labels", labels}};
}

// Creates kObjects of them, and returns how long a grant must last to be active still after a new start,
// which reads them all: by how long this machine took to write them.
seconds make_fat(const Scene& scene, const std::string& path, const Json& object) {
  const auto began = now();
  REQUIRE_THAT(create_many(scene, path, object, kObjects), Succeeds());
  const auto took = std::chrono::ceil<seconds>(now() - began);
  WARN("made " << kObjects << " objects in " << took.count() << " s");
  return std::clamp(2 * took, seconds(20), seconds(60));
}

seconds make_fat_roles(const Scene& scene) {
  const Json role{{"apiVersion", "rbac.authorization.k8s.io/v1"},
                  {"kind", "Role"},
                  {"metadata", fat_metadata("fat-")},
                  {"rules", Json::array()}};
  return make_fat(scene, "/apis/rbac.authorization.k8s.io/v1/namespaces/" + scene.space.name() + "/roles",
                  role);
}

// Made by admin, although no policy allows admin to request: the guard is lifted.
seconds make_fat_requests(const Scene& scene) {
  const Json request{{"apiVersion", "curfew.dev/v1alpha1"},
                     {"kind", "AccessRequest"},
                     {"metadata", fat_metadata("fat-")},
                     {"spec", {{"policy", "nosuch"}}}};
  once_unguarded(scene.admin, {"create", "--dry-run=server", "-n", scene.space.name(), "-f", "-"},
                 request.dump());
  return make_fat(scene, "/apis/curfew.dev/v1alpha1/namespaces/" + scene.space.name() + "/accessrequests",
                  request);
}

// What is freed returns to the operating system a little later, which shows nowhere else.
long settled_rss(const Controller& controller) {
  sleep_until(now() + seconds(3));
  return holdings_of(controller.pid()).rss_kib;
}

struct Run {
  Scene scene;
  std::string policy;
  Controller controller{scene.cluster, {"--pending-per-requester", "0", "--requester-qps", "0"}};
  long rss = 0;  // before any large object existed

  Run() {
    controller.start_leading();
    policy = scene.space.policy(automatic());  // under a guard that is watched
    rss = settled_rss(controller);
  }
  ~Run() { controller.stop(); }

  Request active(seconds duration, const std::string& name) const {
    Request request(scene, policy, "duration: " + std::to_string(duration.count()) + "s", std::nullopt, name);
    request.await("Active", seconds(30));
    return request;
  }
  void check_memory(const std::string& when) const {
    const long grown = settled_rss(controller) - rss;
    WARN(when << ": " << grown << " KiB more than the " << rss << " KiB before");
    CHECK(grown < kMaxGrowthKib);
  }
  void check_ends_on_time(const Request& request, curfew::TimePoint expires_at) const {
    sleep_until(expires_at + milliseconds(200));
    CHECK_FALSE(request.binding().has_value());
    CHECK_FALSE(scene.can_list_pods(scene.alice));
  }
  // Large objects are not faults: neither lost contact nor a failed list may be logged.
  void check_calm() const {
    CHECK(controller.times_said("API server unreachable, retrying") == 0);
    CHECK(controller.times_said("cannot list, retrying") == 0);
  }
};

}  // namespace

TEST_CASE(
    "Roles that fill many pages, made by the admin of a namespace, cost neither memory nor anybody's access",
    "[replica][disruptive]") {
  Run run;
  const seconds duration = make_fat_roles(run.scene);
  run.check_memory("Roles that came by watch");
  run.check_calm();
  const Request ending = run.active(duration, "ending");
  const auto expires_at = ending.time("expiresAt");

  CHECK(run.controller.stop() == 0);
  const auto began = now();
  run.controller.start_leading();
  WARN("leads " << std::chrono::floor<milliseconds>(now() - began).count() << " ms after its start");
  REQUIRE(now() < expires_at);
  run.check_memory("a new start");
  run.check_ends_on_time(ending, expires_at);
  run.check_calm();
  const Request next = run.active(std::chrono::minutes(10), "next");
  CHECK(run.scene.can_list_pods(run.scene.alice));
}

TEST_CASE(
    "requests that fill many pages, made while the guard is away, cost neither memory nor anybody's access",
    "[replica][disruptive]") {
  Run run;
  const Guard guard(run.scene);
  guard.lift();
  guard.remove("curfew-metadata");
  const seconds duration = make_fat_requests(run.scene);
  guard.settle();
  run.check_memory("requests that came by watch");
  const Request ending = run.active(duration, "ending");
  const auto expires_at = ending.time("expiresAt");

  CHECK(run.controller.stop() == 0);
  const auto began = now();
  run.controller.start_leading();
  WARN("leads " << std::chrono::floor<milliseconds>(now() - began).count() << " ms after its start");
  run.check_memory("a new start");
  run.check_ends_on_time(ending, expires_at);
  run.check_calm();
  // The large requests are rejected by now, and kept for an hour: retention finds them at each start.
  const Request next = run.active(std::chrono::minutes(10), "next");
  CHECK(run.scene.can_list_pods(run.scene.alice));
}
