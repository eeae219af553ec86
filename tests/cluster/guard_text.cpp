#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"
#include "support/text.hpp"

// Any text that users write is stored unchanged.
using namespace curfew::test;

namespace {

const std::vector<std::string> kTexts{
    R"(it's "quoted" and \escaped\ and {{templated}})",
    "two\nlines\r\nand a\ttab",
    "\u202Eright to left\u202C and \u2066isolated\u2069",
    "\U0001F525 on fire \U0001F469\u200D\U0001F692",
    "e\u0301 is not \u00E9",
    "  spaces around  ",
    "null",
    "{\"json\": true}",
    repeated("x", 1024),
    repeated("\U0001F525", 1024),
};

}  // namespace

TEST_CASE("a reason is kept as it was written", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  int count = 0;
  for (const std::string& text : kTexts) {
    const std::string name = "ask-" + std::to_string(++count);
    INFO(text);
    REQUIRE_THAT(
        cluster.as("alice").apply(space.request(name, Json{{"policy", policy}, {"reason", text}}.dump())),
        Succeeds());
    CHECK(cluster.admin().get(space.target(name))["spec"]["reason"] == text);
  }
}

TEST_CASE("a comment is kept as it was written", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  int count = 0;
  for (const std::string& text : kTexts) {
    const std::string name = "ask-" + std::to_string(++count);
    INFO(text);
    REQUIRE_THAT(cluster.as("alice").apply(space.request(name, "{policy: " + policy + ", " + kSettled + "}")),
                 Succeeds());
    REQUIRE_THAT(cluster.as("bob").kubectl(space.on("annotate", name, {"curfew.dev/approve=" + text})),
                 Succeeds());
    CHECK(cluster.admin().get(space.target(name))["decisions"][0]["comment"] == text);
  }
}

TEST_CASE("a comment may be empty", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve="}), Succeeds());
  CHECK(asked.decisions()[0]["comment"] == "");
}

TEST_CASE("a reason of more than 1024 characters is refused, in a sentence", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string letter = GENERATE("x", "\U0001F525");
  CHECK_THAT(cluster.as("alice").apply(
                 space.request("ask", "{policy: any, reason: \"" + repeated(letter, 1025) + "\"}")),
             Refused("this reason is longer than the 1024 characters that it may have"));
}

TEST_CASE("a person is known by any name that a certificate can hold and a policy can list", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const auto name = GENERATE("o'brien", "say \"hi\"", "\U0001F525", "a:b/c@d.e", "two words");
  const std::string group = std::string("group of ") + name;
  const std::string policy = space.policy(Json{
      {"requesters", Json::array({{{"kind", "Group"}, {"name", group}}})},
      {"roles", Json::array({{{"kind", "ClusterRole"}, {"name", "view"}}})},
      {"namespaces", {{"selector", Json::object()}}},
      {"duration", {{"max", "1h"}}},
      {"approval",
       {{"required", 1},
        {"approvers", Json::array({{{"kind", "User"}, {"name", name}}})},
        {"allowSelfApproval", true}}}}.dump());
  const Person person = cluster.somebody(name, {group, "curfew-test-people"});
  REQUIRE_THAT(person.apply(space.request("ask", "{policy: " + policy + ", " + kSettled + "}")), Succeeds());
  REQUIRE_THAT(person.kubectl(space.on("annotate", "ask", {"curfew.dev/approve=ok"})), Succeeds());
  const Json stored = cluster.admin().get(space.target("ask"));
  CHECK(stored["spec"]["requester"]["username"] == name);
  CHECK(stored["decisions"][0]["username"] == name);
  CHECK(stored["decisions"][0]["groups"][0] == group);
}

TEST_CASE("who asks is recorded by their username, whatever is in it", "[guard]") {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space(cluster);
  const std::string policy = space.policy(kDevelopersAskSreApprove);
  const auto name = GENERATE("\u202Ebob", "bell \a");
  REQUIRE_THAT(cluster.somebody(name, {"developers", "curfew-test-people"})
                   .apply(space.request("ask", "{policy: " + policy + "}")),
               Succeeds());
  CHECK(cluster.admin().get(space.target("ask"))["spec"]["requester"]["username"] == name);
}

TEST_CASE("a refusal of somebody with a line break in their name is a sentence too", "[guard]") {
  Asked asked;
  CHECK_THAT(
      asked.annotate(asked.cluster.somebody("two\nlines", {"curfew-test-people"}), {"curfew.dev/approve=ok"}),
      Refused("you are not among the people whom the AccessPolicy lists for this"));
}
