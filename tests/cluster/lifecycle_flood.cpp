#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "many.hpp"

// One person sends requests as fast as the API server accepts them.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int kRequests = 2000;
constexpr int kPending = 20;  // the default of --pending-per-requester

std::vector<Json> requests_in(const Scene& scene) {
  return scene.admin.get({"accessrequests", "-n", scene.space.name()})["items"].get<std::vector<Json>>();
}

std::vector<Json> records_in(const Scene& scene) {
  return scene.admin
      .get({"auditrecords", "--field-selector", "request.namespace=" + scene.space.name()})["items"]
      .get<std::vector<Json>>();
}

bool is_of(const Json& request, const std::string& who) {
  return request["spec"]["requester"]["username"] == who;
}
bool is_in(const Json& request, const std::string& phase) {
  return request.value("status", Json::object()).value("phase", "") == phase;
}

}  // namespace

TEST_CASE(
    "a flood of requests by one person leaves other people's requests and the audit trail in good order",
    "[replica]") {
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
  WARN(flooded.out << others << " requests of somebody else were granted meanwhile, the slowest in "
                   << longest.count() << " ms, kubectl included");

  const auto all_looked_at = [&] {
    return std::ranges::all_of(requests_in(scene), [](const Json& each) {
      return !each.value("status", Json::object()).value("phase", "").empty();
    });
  };
  REQUIRE(eventually(seconds(20), all_looked_at));
  const auto requests = requests_in(scene);
  const auto waiting = std::ranges::count_if(
      requests, [&](const Json& each) { return is_of(each, mallory.name()) && is_in(each, "Pending"); });
  CHECK(waiting == kPending);
  const auto refused = std::ranges::find_if(
      requests, [&](const Json& each) { return is_of(each, mallory.name()) && is_in(each, "Rejected"); });
  REQUIRE(refused != requests.end());
  CHECK_THAT(
      (*refused)["status"]["message"].get<std::string>(),
      ContainsSubstring("--pending-per-requester allows 20") || ContainsSubstring("--requester-qps 0.02"));

  // The flood leaves a record for each admitted request, and one or two for all others, because the ten
  // minutes may have ended meanwhile.
  const auto records = records_in(scene);
  const auto of = [&](const char* action) {
    return std::ranges::count_if(records, [&](const Json& each) {
      return each["action"] == action && each["actor"]["username"] == mallory.name();
    });
  };
  CHECK(of("Requested") == kPending);
  CHECK(of("Rejected") >= 1);
  CHECK(of("Rejected") <= 2);
  CHECK(std::ranges::count_if(records, [](const Json& each) { return each["action"] == "Granted"; }) ==
        others);

  // After a flood, the requester is admitted again when there is room.
  const std::string first = std::ranges::find_if(requests, [&](const Json& each) {
                              return is_of(each, mallory.name()) && is_in(each, "Pending");
                            })->at("metadata")["name"];
  REQUIRE_THAT(mallory.kubectl(scene.space.on("annotate", first, {"curfew.dev/revoke=too many"})),
               Succeeds());
  REQUIRE(eventually(seconds(10),
                     [&] { return is_in(scene.admin.get(scene.space.target(first)), "Withdrawn"); }));
  const Request again(scene, policy, "duration: 10m", mallory, "again");
  again.await("Pending", seconds(5));
  CHECK(controller.stop() == 0);
}

TEST_CASE(
    "a flood by many usernames, of requests that name no policy and are gone at once, leaves a few audit records",
    "[replica]") {
  const Scene scene;
  const Scene elsewhere;
  const std::string space = scene.space.name();
  REQUIRE_THAT(scene.admin.kubectl({"create", "role", "robots", "-n", space, "--verb=create,delete",
                                    "--resource=accessrequests.curfew.dev"}),
               Succeeds());
  REQUIRE_THAT(scene.admin.kubectl({"create", "rolebinding", "robots", "-n", space, "--role=robots",
                                    "--group=system:serviceaccounts:" + space}),
               Succeeds());
  std::vector<Person> robots;
  for (const char* name : {"one", "two", "three"}) {
    REQUIRE_THAT(scene.admin.kubectl({"create", "serviceaccount", name, "-n", space}), Succeeds());
    robots.push_back(scene.cluster.service_account(space, name));
  }
  REQUIRE(eventually(
      seconds(10), [&] { return robots.back().can({"delete", "accessrequests.curfew.dev", "-n", space}); }));
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string at_once = elsewhere.space.policy(automatic());

  std::string loud;
  for (int i = 0; i < 1024; ++i) loud += "\U0001F4A5";
  std::vector<std::future<ProcessResult>> floods;
  for (const Person& robot : robots)
    floods.push_back(send_many(scene, robot, {{"policy", "nosuch"}, {"reason", loud}}, 60, true));
  for (auto& flood : floods) REQUIRE_THAT(flood.get(), Succeeds());
  auto staying = send_many(scene, robots.front(), {{"policy", "nosuch"}, {"reason", loud}}, 30);
  REQUIRE_THAT(staying.get(), Succeeds());
  const auto all_rejected = [&] {
    return std::ranges::all_of(requests_in(scene), [](const Json& each) { return is_in(each, "Rejected"); });
  };
  REQUIRE(eventually(seconds(20), all_rejected));

  const auto records = records_in(scene);
  CHECK(records.size() < 25);
  CHECK(requests_in(scene).size() == 30);
  const auto stands_for_many = [](const Json& each) {
    return each["metadata"]["name"].get<std::string>().starts_with("flood-without-policy-");
  };
  REQUIRE(std::ranges::count_if(records, stands_for_many) >= 1);
  const Json summary = *std::ranges::find_if(records, stands_for_many);
  CHECK_THAT(summary["message"].get<std::string>(),
             ContainsSubstring("other requests in namespace " + space +
                               " that name no AccessPolicy that exists have no record of their own until "));
  CHECK_FALSE(summary.contains("reason"));
  const std::size_t largest =
      std::ranges::max(records, {}, [](const Json& each) { return each.dump().size(); }).dump().size();
  WARN(records.size() << " records of 210 requests, the largest of " << largest << " bytes");
  CHECK(largest < 8000);

  for (int i = 0; i < 3; ++i)
    Request(elsewhere, at_once, "duration: 10m", elsewhere.alice, "other-" + std::to_string(i))
        .await("Active", seconds(5));
  CHECK(controller.stop() == 0);
}

TEST_CASE(
    "each of one person's requests that are gone before they are decided is recorded, in ordinary numbers",
    "[replica]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(one_of_sre());
  REQUIRE_THAT(send_many(scene, scene.cluster.somebody(unique("trudy"), {"developers"}), {{"policy", policy}},
                         48, true)
                   .get(),
               Succeeds());
  const auto ends = [&] {
    const auto records = records_in(scene);
    return std::ranges::count_if(records, [](const Json& each) { return each["action"] == "Withdrawn"; });
  };
  CHECK(eventually(seconds(10), [&] { return ends() == 48; }));
  CHECK(ends() == 48);
  CHECK(controller.stop() == 0);
}

TEST_CASE("a namespace that sends too many requests is told so, and the others are served", "[replica]") {
  const Scene scene;
  const Scene elsewhere;
  Controller controller(scene.cluster, {"--namespace-qps", "0.01", "--namespace-burst", "10"});
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic());
  for (int i = 0; i < 3; ++i)
    REQUIRE_THAT(
        send_many(scene, scene.cluster.somebody(unique("mallory"), {"developers"}), {{"policy", policy}}, 10)
            .get(),
        Succeeds());
  const auto in_phase = [&](const std::string& phase) {
    const auto requests = requests_in(scene);
    return std::ranges::count_if(requests, [&](const Json& each) { return is_in(each, phase); });
  };
  REQUIRE(eventually(seconds(10), [&] { return in_phase("Active") + in_phase("Rejected") == 30; }));
  CHECK(in_phase("Active") == 10);
  const auto requests = requests_in(scene);
  const auto refused =
      std::ranges::find_if(requests, [&](const Json& each) { return is_in(each, "Rejected"); });
  CHECK(
      (*refused)["status"]["message"] ==
      "in namespace " + scene.space.name() +
          " all people together send requests faster than --namespace-qps 0.01 and --namespace-burst 10 allow (half of it is kept for those who send few): ask again later");
  const auto records = records_in(scene);
  CHECK(std::ranges::count_if(records, [](const Json& each) { return each["action"] == "Rejected"; }) <= 2);
  Request(elsewhere, elsewhere.space.policy(automatic()), "duration: 10m", elsewhere.alice)
      .await("Active", seconds(5));
  CHECK(controller.stop() == 0);
}
