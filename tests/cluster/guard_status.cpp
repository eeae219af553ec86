#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Only Curfew writes the status of a request; no other user can, whatever their privileges.
using namespace curfew::test;

namespace {

// Of the kind of the tests' requests.
std::string plural() {
  return is_cluster_wide() ? "clusteraccessrequests" : "accessrequests";
}

std::vector<std::string> on_status(const std::string& kind, const std::string& name, const std::string& type,
                                   const Json& patch) {
  return {"patch", kind, name, "--subresource", "status", "--type", type, "--patch", patch.dump()};
}

}  // namespace

TEST_CASE("nobody but Curfew writes the status of a request", "[guard]") {
  Asked asked;
  const bool mighty = GENERATE(true, false);
  const Person who = mighty ? asked.admin : asked.cluster.somebody("eve", {"curfew-test-intruders"});
  const Json active{{"status", {{"phase", "Active"}}}};
  const std::string sentence = "the status of " + plural() + " is written by Curfew only";
  const Json added = Json::array({{{"op", "add"}, {"path", "/status"}, {"value", active["status"]}}});
  for (const auto& [type, patch] : {std::pair{"merge", active}, {"json", added}})
    CHECK_THAT(who.kubectl(asked.space.on(
                   "patch", "ask", {"--subresource", "status", "--type", type, "--patch", patch.dump()})),
               Refused(sentence));
  Json object = asked.stored();
  object.merge_patch(active);
  CHECK_THAT(who.kubectl({"replace", "--subresource", "status", "-f", "-"}, object.dump()),
             Refused(sentence));
  Json applied{{"apiVersion", object["apiVersion"]}, {"kind", object["kind"]}, {"status", active["status"]}};
  for (const char* field : {"name", "namespace"})
    if (object["metadata"].contains(field)) applied["metadata"][field] = object["metadata"][field];
  CHECK_THAT(who.kubectl({"apply", "--server-side", "--subresource", "status", "-f", "-"}, applied.dump()),
             Refused(sentence));
  // A write to the main resource drops the status.
  CHECK_THAT(asked.merge_patch(who, active), Succeeds());
  CHECK_FALSE(asked.stored().contains("status"));
}

TEST_CASE("people without a right to it do not even reach the status", "[guard]") {
  Asked asked;
  const auto name = GENERATE("alice", "bob", "dave");
  CHECK_THAT(
      asked.cluster.as(name).kubectl(asked.space.on(
          "patch", "ask",
          {"--subresource", "status", "--type", "merge", "--patch", R"({"status": {"phase": "Active"}})"})),
      Refused("cannot get resource \"" + plural() + "/status\""));
}

TEST_CASE("Curfew writes the status of a request, and by that nothing else of it", "[guard]") {
  Asked asked;
  asked.set_status({{"phase", "Pending"}, {"complete", false}});
  CHECK(asked.stored()["status"]["phase"] == "Pending");

  const Json more{{"status", {{"phase", "Active"}}},
                  {"spec", {{"duration", "1h"}}},
                  {"decisions", Json::array({{{"verdict", "Approve"}, {"username", "bob"}}})}};
  REQUIRE_THAT(asked.curfew.kubectl(asked.space.on(
                   "patch", "ask", {"--subresource", "status", "--type", "merge", "--patch", more.dump()})),
               Succeeds());
  CHECK(asked.stored()["status"]["phase"] == "Active");
  CHECK_FALSE(asked.stored().contains("decisions"));
  CHECK(asked.stored()["spec"]["duration"] == "10m");
}

TEST_CASE("nobody but Curfew writes the status of a policy", "[guard]") {
  Asked asked;
  const Person eve = asked.cluster.somebody("eve", {"curfew-test-intruders"});
  const Json ready{{"status", {{"activeGrants", 7}}}};
  for (const Person& who : {asked.admin, eve}) {
    CHECK_THAT(who.kubectl(on_status("accesspolicy", asked.policy, "merge", ready)),
               Refused("the status of accesspolicies is written by Curfew only"));
    CHECK_THAT(who.kubectl(on_status(
                   "accesspolicy", asked.policy, "json",
                   Json::array({{{"op", "add"}, {"path", "/status"}, {"value", ready["status"]}}}))),
               Refused("the status of accesspolicies is written by Curfew only"));
  }
  CHECK_THAT(asked.curfew.kubectl(on_status("accesspolicy", asked.policy, "merge", ready)), Succeeds());
}
