#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Where the API server fills in nothing (before Kubernetes 1.36), users state their own identity, and the
// guard enforces the same rules.
using namespace curfew::test;

namespace {

struct Unmutated {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space{cluster};
  std::string policy = space.policy(kDevelopersAskSreApprove);
  Person alice = cluster.as("alice");
  Person bob = cluster.as("bob");

  Unmutated() {
    REQUIRE_THAT(cluster.admin().kubectl({"label", "namespace", space.name(), "curfew-test=unmutated"}),
                 Succeeds());
    exempt_labelled_namespaces(cluster);
    REQUIRE(eventually(std::chrono::seconds(10), [this] {
      return !alice
                  .kubectl({"create", "--dry-run=server", "-f", "-"},
                           space.request("probe", "{policy: " + policy + "}"))
                  .ok();
    }));
  }

  ProcessResult ask(const std::string& requester) const {
    return alice.kubectl({"create", "-f", "-"},
                         space.request("ask", "{policy: " + policy + ", " + kSettled + requester + "}"));
  }
};

constexpr const char* kAlice = ", requester: {username: alice, groups: [developers, 'system:authenticated']}";

}  // namespace

TEST_CASE("where nothing fills in the requester, nobody but oneself can be named", "[guard][namespaced]") {
  const Unmutated here;
  const std::string requester =
      GENERATE("", ", requester: {username: bob, groups: [sre, 'system:authenticated']}",
               ", requester: {username: bob, groups: [developers, 'system:authenticated']}",
               ", requester: {username: alice}", ", requester: {username: alice, groups: [developers]}",
               ", requester: {username: alice, groups: [developers, sre, 'system:authenticated']}");
  CHECK_THAT(here.ask(requester),
             Refused("spec.requester must be yourself, alice, with your own groups: leave it out"));
}

TEST_CASE("where nothing turns annotations into decisions, an annotation is refused and says what to do",
          "[guard][namespaced]") {
  const Unmutated here;
  REQUIRE_THAT(here.ask(kAlice), Succeeds());
  const std::string command = GENERATE("approve", "deny", "revoke");
  CHECK_THAT(here.bob.kubectl(here.space.on("annotate", "ask", {"curfew.dev/" + command + "=ok"})),
             Refused("curfew.dev/" + command +
                     " works by a MutatingAdmissionPolicy, which is not in force here: use kubectl curfew " +
                     command));
}

TEST_CASE("where nothing turns annotations into decisions, people write their own", "[guard][namespaced]") {
  const Unmutated here;
  REQUIRE_THAT(here.ask(kAlice), Succeeds());
  const auto decide = [&](const Person& who, const std::string& name, const Json& groups) {
    return who.kubectl(here.space.on(
        "patch", "ask",
        {"--type", "merge", "--patch",
         Json{{"decisions", Json::array({{{"verdict", "Approve"}, {"username", name}, {"groups", groups}}})}}
             .dump()}));
  };
  CHECK_THAT(decide(here.bob, "carol", {"sre", "system:authenticated"}),
             Refused("you may decide as yourself only, bob, with your own groups"));
  CHECK_THAT(decide(here.bob, "bob", {"sre"}),
             Refused("you may decide as yourself only, bob, with your own groups"));
  CHECK_THAT(decide(here.alice, "alice", {"developers", "system:authenticated"}),
             Refused("alice is not an approver of AccessPolicy " + here.policy));
  CHECK_THAT(decide(here.bob, "bob", {"sre", "system:authenticated"}), Succeeds());
}
