#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "lifecycle.hpp"
#include "lifted_guard.hpp"

// An upgrade writes each object of the guard once: what people do meanwhile waits, and is believed.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// The guard as a former version shipped it: the wording of one message differs.
void install_former(const Scene& scene, const std::string& wording) {
  const Json patch =
      Json::array({{{"op", "add"}, {"path", "/spec/validations/0/message"}, {"value", wording}}});
  REQUIRE_THAT(scene.admin.kubectl({"patch", "validatingadmissionpolicy", "curfew-writes", "--type", "json",
                                    "--patch", patch.dump()}),
               Succeeds());
}

// What the former version, under which the guard was in force, wrote for the next leader.
void save_ledger_of_former(const Scene& scene) {
  Json objects = Json::object();
  for (const char* kind :
       {"validatingadmissionpolicies", "validatingadmissionpolicybindings", "customresourcedefinitions"}) {
    const Json listed = scene.admin.get({kind, "-l", "app.kubernetes.io/name=curfew"});
    for (const Json& object : listed["items"]) {
      const Json& metadata = object["metadata"];
      objects[object["kind"].get<std::string>() + "/" + metadata["name"].get<std::string>()] = {
          {"uid", metadata["uid"]}, {"generation", metadata["generation"]}};
    }
  }
  const Json ledger{{"objects", objects},
                    {"since", "2026-01-01T00:00:00Z"},
                    {"digest", "former"},
                    {"policies", Json::object()},
                    {"unbelievedPolicies", Json::object()}};
  const Json stored{{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"metadata", {{"name", "curfew-guard"}, {"namespace", "curfew-system"}}},
                    {"data", {{"ledger", ledger.dump()}}}};
  const Person curfew = scene.cluster.curfew();  // may not patch it
  if (!curfew.kubectl({"create", "-f", "-"}, stored.dump()).ok())
    REQUIRE_THAT(curfew.kubectl({"replace", "-f", "-"}, stored.dump()), Succeeds());
}

}  // namespace

TEST_CASE(
    "what people do during an upgrade of the guard waits and is believed, and is Rejected if the guard was anything else in between",
    "[replica][disruptive]") {
  const Scene scene;
  const Guard guard(scene);
  install_former(scene, "as it was said before");
  save_ledger_of_former(scene);
  const std::string policy = scene.space.policy(one_of_sre());
  const Request before(scene, policy, "duration: 10m", std::nullopt, "before");
  Controller controller(scene.cluster);
  controller.start_leading();
  const Request during(scene, policy, "duration: 10m", std::nullopt, "during");
  for (const Request* request : {&before, &during}) {
    request->await_reason("Granted", "GuardNotInForce");
    CHECK(request->text("phase") == "Pending");
    CHECK_THAT(request->text("message"),
               ContainsSubstring("ValidatingAdmissionPolicy/curfew-writes is not what"));
    CHECK(request->recorded().empty());
  }
  before.approve(scene.bob);

  const bool is_upgrade = GENERATE(true, false);
  DYNAMIC_SECTION((is_upgrade ? "an upgrade" : "something else")) {
    if (!is_upgrade) install_former(scene, "and said otherwise");
    guard.install();
    if (is_upgrade) {
      before.await("Active", seconds(5));
      during.await_reason("Approved", "WaitingForApproval");
      during.approve(scene.bob);
      during.await("Active");
      CHECK(during.recorded() == std::vector<std::string>{"Requested", "Approved", "Granted"});
      scene.await_policy(policy, "Ready", "Ready");
    } else {
      for (const Request* request : {&before, &during}) {
        request->await("Rejected", seconds(10));
        CHECK_THAT(request->text("message"), ContainsSubstring("ask again"));
        CHECK_FALSE(request->binding().has_value());
      }
    }
  }
  controller.stop();
  guard.settle();
}
