#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Every refusal of a request is a sentence that names the field, the value and what would be accepted.
using namespace curfew::test;

namespace {

ProcessResult ask(const Json& spec) {
  const Cluster& cluster = Cluster::shared();
  static const std::string name = unique("ask");
  return cluster.as("alice").kubectl({"create", "--dry-run=server", "-f", "-"},
                                     Json{{"apiVersion", "curfew.dev/v1alpha1"},
                                          {"kind", "AccessRequest"},
                                          {"metadata", {{"name", name}, {"namespace", "default"}}},
                                          {"spec", spec}}
                                         .dump());
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

}  // namespace

TEST_CASE("a duration that is none is refused by one sentence", "[guard]") {
  const std::string duration =
      GENERATE("banana", "", "-5m", "0s", "0h0m0s", "1d", "1h30", "1.5h", "1H", " 1h", "1h ", "30m1h", "1h1h",
               "8761h", "8760h1s", "99999999h", "9223372036854775807s", "99999999999999999999999999999999h",
               "1h\n", "\u0661h", "1ms", "1us", "P1D", "infinity");
  const ProcessResult said = ask({{"policy", "any"}, {"duration", duration}});
  CHECK_THAT(
      said,
      Refused(
          "is not a duration that Curfew accepts: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h"));
  CHECK_THAT(said, Refused("spec.duration: Invalid value: "));
  CHECK(count(said.err, "write hours, minutes and seconds") == 1);
  CHECK(count(said.err, "\n") == 1);
}

TEST_CASE("a duration of hours, minutes and seconds is accepted", "[guard]") {
  const auto duration = GENERATE("1s", "90s", "45m", "1h", "1h30m", "1h30m15s", "1h15s", "8760h", "525600m",
                                 "31536000s", "0h5m", "007s");
  CHECK_THAT(ask({{"policy", "any"}, {"duration", duration}}), Succeeds());
}

TEST_CASE("a refusal names the field, the value and what would be accepted", "[guard]") {
  struct Case {
    Json spec;
    const char* sentence;
  };
  const Case one = GENERATE(values<Case>({
      {Json::object(), "spec.policy: Required value"},
      {{{"policy", ""}},
       "spec.policy: Invalid value: \"\": spec.policy in body should be at least 1 chars long"},
      {{{"policy", 5}}, "spec.policy in body must be of type string"},
      {{{"policy", "../../../../api/v1/secrets?x="}},
       "\"../../../../api/v1/secrets?x=\" is not the name of an AccessPolicy: lower-case letters, digits, \"-\" and \".\""},
      {{{"policy", "any"}, {"role", {{"kind", "Role"}, {"name", "../view"}}}},
       "not the name of a role: not '.' or '..', no '/' and '%'"},
      {{{"policy", "any"}, {"role", {{"kind", "Role"}, {"name", ".."}}}}, "not the name of a role"},
      {{{"policy", "any"}, {"role", {{"kind", "Banana"}, {"name", "view"}}}},
       "spec.role.kind: Unsupported value: \"Banana\": supported values: \"ClusterRole\", \"Role\""},
      {{{"policy", "any"}, {"role", {{"kind", "Role"}}}}, "spec.role.name: Required value"},
      {{{"policy", "any"}, {"subject", {{"kind", "Group"}, {"name", "x"}}}},
       "spec.subject.kind: Unsupported value: \"Group\": supported values: \"User\", \"ServiceAccount\""},
      {{{"policy", "any"}, {"subject", {{"kind", "ServiceAccount"}, {"name", "robot"}}}},
       "ServiceAccount \"robot\" needs its namespace"},
      {{{"policy", "any"}, {"subject", {{"kind", "User"}, {"name", "bob"}, {"namespace", "x"}}}},
       "User \"bob\" has no namespace: only a ServiceAccount has one"},
      {{{"policy", "any"}, {"startTime", "tomorrow"}},
       "\"tomorrow\" is not a time: write it like 2026-11-24T20:00:00Z or 2026-11-24T21:00:00+01:00"},
      {{{"policy", "any"}, {"extends", "../x"}},
       "\"../x\" is not the name of an AccessRequest: lower-case letters, digits, \"-\" and \".\", at most 253"},
      {{{"policy", "any"}, {"extends", ""}}, "is not the name of an AccessRequest"},
      {{{"policy", "any"}, {"extends", "a"}, {"startTime", "2026-11-24T20:00:00Z"}},
       "extends and startTime exclude each other: an extension begins when it is decided"},
      {{{"policy", "any"}, {"duration", 60}}, "spec.duration in body must be of type string"},
      {"banana", "spec in body must be of type object"},
      {Json::array(), "spec in body must be of type object"},
  }));
  INFO(one.spec.dump());
  CHECK_THAT(ask(one.spec), Refused(one.sentence));
}

TEST_CASE("what could move a cursor or turn the text around is in no name, nor in the refusal of it",
          "[guard]") {
  const std::string text =
      GENERATE(as<std::string>(), "nosuch\x1b]0;owned\a", "a\rb", "\u202Egnp", "\u2066x", "\u2028");
  struct Case {
    Json spec;
    const char* sentence;
  };
  for (const auto& [spec, sentence] : std::vector<Case>{
           {{{"policy", text}}, "not the name of an AccessPolicy"},
           {{{"policy", "any"}, {"role", {{"kind", "Role"}, {"name", text}}}}, "not the name of a role"},
           {{{"policy", "any"}, {"subject", {{"kind", "User"}, {"name", text}}}},
            "marks that turn the direction of text"},
           {{{"policy", "any"}, {"subject", {{"kind", "ServiceAccount"}, {"name", text}}}},
            "marks that turn the direction of text"},
           {{{"policy", "any"},
             {"subject", {{"kind", "ServiceAccount"}, {"name", "a"}, {"namespace", text}}}},
            "not the name of a namespace"},
           {{{"policy", "any"}, {"duration", text}}, "this is not a duration"},
           {{{"policy", "any"}, {"startTime", text}}, "this is not a time"},
           {{{"policy", "any"}, {"extends", text}}, "not the name of an AccessRequest"},
       }) {
    INFO(spec.dump());
    const ProcessResult said = ask(spec);
    CHECK_THAT(said, Refused(sentence));
    CHECK(said.err.find(text) == std::string::npos);
  }
}

TEST_CASE("a request is as short as the name of a policy, and may say everything", "[guard]") {
  CHECK_THAT(ask({{"policy", "any"}}), Succeeds());
  CHECK_THAT(ask({{"policy", "any"},
                  {"role", {{"kind", "Role"}, {"name", "debugger"}}},
                  {"subject", {{"kind", "ServiceAccount"}, {"namespace", "ci"}, {"name", "robot"}}},
                  {"duration", "1h30m"},
                  {"startTime", "2026-11-24T20:00:00+01:00"},
                  {"reason", "INC-1"}}),
             Succeeds());
}

TEST_CASE("what a newer schema would know is not stored, and kubectl says so", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  const std::string request =
      space.request("ask", "{policy: " + policy + ", priority: high, requester: {username: x, uid: y}}") +
      "unheard: {of: true}\n";

  CHECK_THAT(cluster.as("alice").apply(request), Refused("unknown field \"spec.priority\""));
  REQUIRE_THAT(cluster.as("alice").kubectl({"apply", "--validate=ignore", "-f", "-"}, request), Succeeds());

  const Json stored = cluster.admin().get(space.target("ask"));
  CHECK_FALSE(stored.contains("unheard"));
  CHECK_FALSE(stored["spec"].contains("priority"));
  CHECK_FALSE(stored["spec"]["requester"].contains("uid"));
}
