#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// What the API server says at once of a request that extends another: policy curfew-extensions, and
// curfew-eligibility of the AccessPolicy.
using namespace curfew::test;
using std::chrono::seconds;

namespace {

std::string developers_ask(const std::string& duration) {
  return "{requesters: [{kind: Group, name: developers}], roles: [{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}], "
         "subjects: [{kind: User, name: dave}], namespaces: {selector: {}}, duration: " +
         duration + ", approval: {required: 0}}";
}

// alice's request `ask`, Active until an hour before it is as long as extensions may make it.
struct Extended : Asked {
  explicit Extended(const std::string& duration = "{max: 1h, maxTotal: 4h}")
      : Asked(developers_ask(duration), kSettled) {
    become({{"phase", "Active"}});
  }

  void become(const Json& status) const {
    Json whole{{"phase", "Active"},
               {"complete", false},
               {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
               {"subject", {{"kind", "User"}, {"name", "alice"}}},
               {"expiresAt", "2099-01-01T00:00:00Z"},
               {"extendableUntil", "2099-01-01T01:00:00Z"}};
    whole.merge_patch(status);
    set_status(whole);
  }

  // Asks for an extension, without making it.
  ProcessResult extend(const Json& more, const std::string& name = "more") const {
    return extend(alice, more, name);
  }
  ProcessResult extend(const Person& who, const Json& more, const std::string& name = "more") const {
    Json spec{{"policy", policy}, {"extends", "ask"}, {"role", {{"kind", "ClusterRole"}, {"name", "view"}}}};
    spec.merge_patch(more);
    return who.kubectl({"create", "--dry-run=server", "-f", "-"}, space.request(name, spec.dump()));
  }
  // The API server's copy of what an extension names follows a moment later.
  bool is_refused_soon(const Json& more, const std::string& sentence) const {
    return eventually(seconds(5), [&] {
      const ProcessResult said = extend(more);
      return said.exit_code != 0 && said.err.find(sentence) != std::string::npos;
    });
  }
  bool is_accepted_soon() const {
    return eventually(seconds(5), [&] { return extend(Json::object()).exit_code == 0; });
  }
};

}  // namespace

TEST_CASE("an extension of one's own active access is accepted", "[guard][namespaced]") {
  const Extended e;
  CHECK(e.is_accepted_soon());
  CHECK_THAT(e.extend({{"role", nullptr}, {"subject", {{"kind", "User"}, {"name", "alice"}}}}),
             Refused("spec.role is missing"));
  CHECK_THAT(e.extend({{"subject", {{"kind", "User"}, {"name", "alice"}}}}), Succeeds());
}

TEST_CASE("an extension is refused at once, by one sentence, where what it extends is not the same",
          "[guard][namespaced]") {
  const Extended e;
  REQUIRE(e.is_accepted_soon());
  struct Case {
    Json spec;
    const char* sentence;
  };
  const std::string other = const_cast<Extended&>(e).space.policy(developers_ask("{max: 1h, maxTotal: 4h}"));
  for (
      const auto& [spec, sentence] : std::vector<Case>{
          {{{"role", {{"kind", "ClusterRole"}, {"name", "edit"}}}},
           "AccessRequest ask is for ClusterRole view, not ClusterRole edit: an extension is for the same role"},
          {{{"subject", {{"kind", "User"}, {"name", "dave"}}}},
           "AccessRequest ask gives access to alice, not dave: an extension is for the same subject"},
          {{{"policy", other}}, ": an extension is under the same"},
          {{{"startTime", "2026-11-24T20:00:00Z"}},
           "extends and startTime exclude each other: an extension begins when it is decided"},
          {{{"extends", "Ask"}}, "\"Ask\" is not the name of an AccessRequest"},
          {{{"extends", "more"}}, "spec.extends names this request itself"}}) {
    INFO(spec.dump());
    const ProcessResult said = e.extend(spec);
    INFO(said.err);
    CHECK_THAT(said, Refused(sentence));
    CHECK(said.err.find('\n') == said.err.size() - 1);
  }
  const Person erin = e.cluster.somebody("erin", {"developers"});
  CHECK_THAT(e.extend(erin, Json::object()),
             Refused("AccessRequest ask was asked for by somebody else: only who asked for it extends it"));
}

TEST_CASE("an extension is refused at once where what it extends gives no access or lasts long enough",
          "[guard][namespaced]") {
  const Extended e;
  REQUIRE(e.is_accepted_soon());
  e.become({{"phase", "Pending"}});
  CHECK(e.is_refused_soon(
      Json::object(), "AccessRequest ask is Pending and gives no access yet: extend it once it is Active"));
  e.become({{"phase", "Scheduled"}});
  CHECK(e.is_refused_soon(Json::object(), "AccessRequest ask is Scheduled and gives no access yet"));
  e.become({{"expiresAt", "2099-01-01T01:00:00Z"}});
  CHECK(e.is_refused_soon(
      Json::object(),
      "AccessRequest ask lasts until 2099-01-01T01:00:00Z already: beyond maxTotal, which AccessPolicy " +
          e.policy + " allows until 2099-01-01T01:00:00Z"));
  e.become({{"phase", "Revoked"}, {"complete", true}});
  CHECK(e.is_refused_soon(Json::object(), "AccessRequest ask is over (Revoked): ask for access anew"));
}

TEST_CASE("a policy without maxTotal has no extensions", "[guard][namespaced]") {
  const Extended e("{max: 1h}");
  CHECK(e.is_refused_soon(Json::object(), "AccessPolicy " + e.policy +
                                              " allows no extensions: it has no spec.duration.maxTotal"));
}

TEST_CASE("a request that extends nothing is compared with none", "[guard][namespaced]") {
  const Extended e;
  e.become({{"phase", "Revoked"}, {"complete", true}});
  CHECK_THAT(e.extend({{"extends", nullptr}}), Succeeds());
}

// Comparing every request with all of its namespace would make each the slower the more there are.
TEST_CASE("the API server labels extensions, and compares no other request", "[guard][namespaced]") {
  const Extended e;
  const auto labels = [&](const Json& more, const std::string& metadata) {
    Json spec{{"policy", e.policy}, {"role", {{"kind", "ClusterRole"}, {"name", "view"}}}};
    spec.merge_patch(more);
    const ProcessResult made =
        e.alice.kubectl({"create", "--dry-run=server", "-o", "json", "-f", "-"},
                        "{apiVersion: curfew.dev/v1alpha1, kind: AccessRequest, "
                        "metadata: {name: more, namespace: " +
                            e.space.name() + metadata + "}, spec: " + spec.dump() + "}");
    REQUIRE_THAT(made, Succeeds());
    return Json::parse(made.out)["metadata"].value("labels", Json::object());
  };
  REQUIRE(e.is_accepted_soon());
  CHECK(labels({{"extends", "ask"}}, "") == Json{{"curfew.dev/extends", "true"}});
  CHECK(labels({{"extends", "ask"}}, ", labels: {team: a}") ==
        Json{{"curfew.dev/extends", "true"}, {"team", "a"}});
  CHECK(labels(Json::object(), "").empty());
}

TEST_CASE("a request of another namespace is not extended", "[guard][namespaced]") {
  const Extended e;
  const TestNamespace elsewhere(e.cluster);
  // There is none of that name there: Curfew rejects it.
  const Json spec{
      {"policy", e.policy}, {"extends", "ask"}, {"role", {{"kind", "ClusterRole"}, {"name", "edit"}}}};
  CHECK_THAT(
      e.alice.kubectl({"create", "--dry-run=server", "-f", "-"}, elsewhere.request("more", spec.dump())),
      Succeeds());
}
