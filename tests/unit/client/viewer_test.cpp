#include "client/viewer.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using client::Section;
using nlohmann::json;

namespace {

std::vector<std::string> names_of(const client::RequestList& list) {
  std::vector<std::string> names;
  for (const auto& read : list.requests.value()) names.push_back(read.object.metadata.name);
  return names;
}

const json kByBob = json::parse(R"({"spec": {"requester": {"username": "bob"}}})");
const json kActive = json::parse(R"({"status": {"phase": "Active"}})");
const json kOver = json::parse(R"({"status": {"phase": "Expired", "complete": true}})");

}  // namespace

TEST_CASE("requests are mine, mine to decide, or active, and the rest is not listed") {
  World world;
  world.cluster->add(a_policy());
  world.cluster->add(a_request("active", kActive));
  world.cluster->add(a_request("mine", kByBob));
  world.cluster->add(a_request("over", kOver));
  world.cluster->add(a_request("pending"));
  const auto session = world.session();
  const auto viewer = client::viewer_of(session);
  REQUIRE(viewer);
  const auto list = [&](const std::vector<Section>& sections) {
    return names_of(client::list_requests(session, *viewer, sections, true));
  };
  CHECK(list({Section::ToDecide}) == std::vector<std::string>{"pending"});
  CHECK(list({Section::Mine}) == std::vector<std::string>{"mine"});
  CHECK(list({Section::Active}) == std::vector<std::string>{"active"});
  CHECK(list({Section::ToDecide, Section::Mine, Section::Active}) ==
        std::vector<std::string>{"active", "mine", "pending"});
}

TEST_CASE("a request that the viewer has approved waits for others") {
  World world;
  world.cluster->add(a_policy());
  world.cluster->add(
      a_request("fix", json::parse(R"({"decisions": [{"verdict": "Approve", "username": "bob"}]})")));
  const auto viewer = client::viewer_of(world.session());
  REQUIRE(viewer);
  CHECK(names_of(client::list_requests(world.session(), *viewer, {Section::ToDecide}, true)).empty());
}

TEST_CASE("who may not list all namespaces sees their own, unless all were asked for") {
  World world;
  world.cluster->forbidden = {kRequests};
  world.cluster->add(a_request("mine", kByBob));
  const auto viewer = client::viewer_of(world.session());
  REQUIRE(viewer);
  const auto narrowed = client::list_requests(world.session(), *viewer, {Section::Mine}, true);
  CHECK(narrowed.is_narrowed);
  CHECK(narrowed.ns == "payments");
  CHECK(names_of(narrowed) == std::vector<std::string>{"mine"});
  const auto refused = client::list_requests(world.session(), *viewer, {Section::Mine}, false);
  CHECK_FALSE(refused.is_narrowed);
  CHECK(refused.requests.error().kind == ErrorKind::Forbidden);
}

TEST_CASE("without policies a viewer knows that what they could decide is unknown") {
  World world;
  world.cluster->forbidden = {kPolicies};
  const auto viewer = client::viewer_of(world.session());
  REQUIRE(viewer);
  REQUIRE(viewer->policies_error);
  CHECK(viewer->policies_error->kind == ErrorKind::Forbidden);
  CHECK(viewer->person.username == "bob");
}
