#include "client/cluster.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "client/policies.hpp"
#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;

namespace {

constexpr int kMany = 1200;

void add_many_requests(FakeCluster& cluster) {
  for (int i = 0; i < kMany; ++i) cluster.add(a_request("r" + std::to_string(10000 + i)));
}

}  // namespace

TEST_CASE("a list is read in pages, and no more than one page is held") {
  FakeCluster cluster;
  add_many_requests(cluster);
  std::vector<std::size_t> pages;
  const auto listed =
      cluster.list_pages<api::AccessRequest>({}, [&](const client::Page<api::AccessRequest>& page) {
        pages.push_back(page.items.size());
        CHECK(page.is_first == (pages.size() == 1));
      });
  CHECK(listed);
  CHECK(pages == std::vector<std::size_t>{500, 500, 200});
  CHECK(cluster.calls ==
        std::vector<std::string>{std::string("GET ") + kRequests + "?limit=500",
                                 std::string("GET ") + kRequests + "?limit=500&continue=500",
                                 std::string("GET ") + kRequests + "?limit=500&continue=1000"});
}

TEST_CASE("a list whose continue token has expired begins anew once, and has no object twice") {
  FakeCluster cluster;
  add_many_requests(cluster);
  cluster.expired_tokens = {"1000"};
  const auto listed = cluster.list<api::AccessRequest>({});
  REQUIRE(listed);
  CHECK(listed->size() == kMany);
  CHECK(cluster.count("GET") == 6);
  cluster.expired_tokens = {"500", "1000"};
  const auto failed = cluster.list<api::AccessRequest>({});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::Gone);
}

TEST_CASE("of a list only what is wanted is kept") {
  FakeCluster cluster;
  add_many_requests(cluster);
  cluster.expired_tokens = {"500"};
  const auto listed = cluster.list<api::AccessRequest>(
      {}, [](const api::AccessRequest& request) { return request.metadata.name.ends_with("99"); });
  REQUIRE(listed);
  CHECK(listed->size() == kMany / 100);
}

TEST_CASE("several objects are read in one call, each with its own result") {
  FakeCluster cluster;
  cluster.add(a_cluster_role("view"));
  cluster.forbidden = {std::string(kClusterRoles) + "/edit"};
  const auto role = [](const std::string& name) { return client::ref_of<api::ClusterRole>({"", name}); };
  const auto objects =
      cluster.get_all({role("view"), role("edit"), role("none"), role("view"), role("../x")});
  CHECK(cluster.calls == std::vector<std::string>{"GET of 3"});
  CHECK(objects.get<api::ClusterRole>({"", "view"}));
  CHECK(objects.get<api::ClusterRole>({"", "edit"}).error().kind == ErrorKind::Forbidden);
  CHECK(objects.get<api::ClusterRole>({"", "none"}).error().kind == ErrorKind::NotFound);
  CHECK(objects.get<api::ClusterRole>({"", "../x"}).error().message ==
        "there can be no ClusterRole ../x: that is no name");
  CHECK(objects.get<api::ClusterRole>({"", "other"}).error().kind == ErrorKind::NotFound);
}

TEST_CASE("nothing is asked for under a name that cannot exist") {
  FakeCluster cluster;
  const auto name = GENERATE(as<std::string>(), "..", "../x", "a/b", "X", "", "-x");
  CHECK(cluster.get<api::AccessRequest>({"payments", name}).error().kind == ErrorKind::NotFound);
  CHECK(cluster.list<api::AccessRequest>({.ns = "../x", .fields = "", .labels = ""}).error().kind ==
        ErrorKind::Invalid);
  CHECK(cluster.get_all({client::ref_of<api::AccessRequest>({"payments", name})})
            .get<api::AccessRequest>({"payments", name})
            .error()
            .kind == ErrorKind::NotFound);
  CHECK(cluster.calls.empty());
}

TEST_CASE("the policies are those under which a person may ask, or all") {
  World world;
  world.cluster->add(a_policy("mine"));
  world.cluster->add(a_policy(
      "others", nlohmann::json::parse(R"({"spec": {"requesters": [{"kind": "User", "name": "dave"}]}})")));
  const auto mine = client::list_policies(world.session(), false);
  REQUIRE(mine);
  REQUIRE(mine->policies.size() == 1);
  CHECK(mine->policies.front().object.metadata.name == "mine");
  CHECK(mine->policies.front().json.at("metadata").at("name") == "mine");
  CHECK(client::list_policies(world.session(), true)->policies.size() == 2);
}
