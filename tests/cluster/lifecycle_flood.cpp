#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "many.hpp"

// One person sends requests as fast as the API server takes them.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int kRequests = 2000;
constexpr int kPending = 20;        // the default of --pending-per-requester

std::vector<Json> requests_in(const Scene& scene) { return scene.admin.get({"accessrequests", "-n", scene.space.name()})["items"].get<std::vector<Json>>(); }

std::vector<Json> records_in(const Scene& scene) {
  return scene.admin.get({"auditrecords", "--field-selector", "request.namespace=" + scene.space.name()})["items"].get<std::vector<Json>>();
}

bool is_of(const Json& request, const std::string& who) { return request["spec"]["requester"]["username"] == who; }
bool is_in(const Json& request, const std::string& phase) { return request.value("status", Json::object()).value("phase", "") == phase; }

}  // namespace

TEST_CASE("a flood of requests by one person leaves other people's requests and the audit trail in good order", "[replica]") {
  const Scene scene;
  const Person mallory = scene.cluster.somebody(unique("mallory"), {"developers"});
  const Person erin = scene.cluster.somebody("erin", {"developers"});
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(one_of_sre());
  const std::string at_once = scene.space.policy(automatic());
  auto flooding = send_many(scene, mallory, {{"policy", policy}, {"duration", "10m"}}, kRequests);
  milliseconds longest{0};
  int others = 0;
  do {
    const auto asked_at = now();
    const Request other(scene, at_once, "duration: 10m", erin, "other-" + std::to_string(others++));
    other.await("Active", seconds(10));
    longest = std::max(longest, std::chrono::floor<milliseconds>(now() - asked_at));
    sleep_until(asked_at + seconds(1));
  } while (flooding.wait_for(seconds(0)) != std::future_status::ready);
  const ProcessResult flooded = flooding.get();
  REQUIRE_THAT(flooded, Succeeds());
  WARN(flooded.out << others << " requests of somebody else were granted meanwhile, the slowest in " << longest.count() << " ms, kubectl included");

  const auto all_looked_at = [&] {
    return std::ranges::all_of(requests_in(scene), [](const Json& each) { return !each.value("status", Json::object()).value("phase", "").empty(); });
  };
  REQUIRE(eventually(seconds(20), all_looked_at));
  const auto requests = requests_in(scene);
  const auto waiting = std::ranges::count_if(requests, [&](const Json& each) { return is_of(each, mallory.name()) && is_in(each, "Pending"); });
  CHECK(waiting == kPending);
  const auto refused = std::ranges::find_if(requests, [&](const Json& each) { return is_of(each, mallory.name()) && is_in(each, "Rejected"); });
  REQUIRE(refused != requests.end());
  CHECK_THAT((*refused)["status"]["message"].get<std::string>(), ContainsSubstring("--pending-per-requester allows 20") || ContainsSubstring("--requester-qps 1"));

  // Of the flood, a record for each that was let in, and one or two for all others: the ten minutes may have ended meanwhile.
  const auto records = records_in(scene);
  const auto of = [&](const char* action) {
    return std::ranges::count_if(records, [&](const Json& each) { return each["action"] == action && each["actor"]["username"] == mallory.name(); });
  };
  CHECK(of("Requested") == kPending);
  CHECK(of("Rejected") >= 1);
  CHECK(of("Rejected") <= 2);
  CHECK(std::ranges::count_if(records, [](const Json& each) { return each["action"] == "Granted"; }) == others);

  // Whoever floods is let in again when there is room.
  const std::string first = std::ranges::find_if(requests, [&](const Json& each) { return is_of(each, mallory.name()) && is_in(each, "Pending"); })->at("metadata")["name"];
  REQUIRE_THAT(mallory.kubectl({"annotate", "accessrequest", first, "-n", scene.space.name(), "curfew.dev/revoke=too many"}), Succeeds());
  REQUIRE(eventually(seconds(10), [&] { return is_in(scene.admin.get({"accessrequest", first, "-n", scene.space.name()}), "Withdrawn"); }));
  sleep_until(now() + seconds(2));  // for a token
  const Request again(scene, policy, "duration: 10m", mallory, "again");
  again.await("Pending", seconds(5));
  CHECK(controller.stop() == 0);
}
