#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"
#include "support/text.hpp"

// Every refusal of a policy is a sentence that names the field, the value and what would be accepted.
using namespace curfew::test;

namespace {

Json sound_spec() {
  return {
      {"requesters", Json::array({{{"kind", "Group"}, {"name", "developers"}}})},
      {"roles", Json::array({{{"kind", "ClusterRole"}, {"name", "view"}}})},
      {"namespaces", {{"names", {"payments"}}}},
      {"duration", {{"default", "30m"}, {"max", "1h"}}},
      {"approval", {{"required", 1}, {"approvers", Json::array({{{"kind", "Group"}, {"name", "sre"}}})}}}};
}

// The sound spec, changed by a merge patch, as the API server would store it.
ProcessResult declare(const Json& patch, const char* validation = "--validate=true") {
  Json spec = sound_spec();
  spec.merge_patch(patch);
  static const std::string name = unique("policy");
  return Cluster::shared().admin().kubectl(
      {"create", "--dry-run=server", validation, "-o", "json", "-f", "-"},
      Json{{"apiVersion", "curfew.dev/v1alpha1"},
           {"kind", "AccessPolicy"},
           {"metadata", {{"name", name}}},
           {"spec", spec}}
          .dump());
}

Json person(const std::string& kind, const std::string& name) {
  return {{"kind", kind}, {"name", name}};
}

Json window(const std::string& start, const std::string& end) {
  return {{"schedule",
           {{"timeZone", "UTC"},
            {"windows", Json::array({{{"days", {"Mon"}}, {"start", start}, {"end", end}}})}}}};
}

}  // namespace

TEST_CASE("each duration of a policy is refused by one sentence where it is none", "[guard]") {
  const auto value = GENERATE("banana", "", "-5m", "0s", "1d", "1h30", "99999999h");
  const auto field = GENERATE(
      values<std::pair<std::string, std::string>>({{"/duration/max", "spec.duration.max"},
                                                   {"/duration/default", "spec.duration.default"},
                                                   {"/duration/maxStartDelay", "spec.duration.maxStartDelay"},
                                                   {"/duration/maxTotal", "spec.duration.maxTotal"},
                                                   {"/approval/timeout", "spec.approval.timeout"},
                                                   {"/limits/cooldown", "spec.limits.cooldown"}}));
  Json patch = Json::object();
  patch[Json::json_pointer(field.first)] = value;
  const ProcessResult said = declare(patch);
  INFO(said.err);
  CHECK_THAT(said, Refused(field.second + ": Invalid value: "));
  CHECK_THAT(
      said,
      Refused(
          std::string("\"") + value +
          "\" is not a duration that Curfew accepts: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h"));
  CHECK(said.err.find('\n') == said.err.size() - 1);
}

TEST_CASE("a refusal of a policy names the field, the value and what would be accepted", "[guard]") {
  struct Case {
    Json patch;
    const char* sentence;
  };
  const Case one = GENERATE(values<Case>({
      {{{"requesters", Json::array()}}, "spec.requesters in body should have at least 1 items"},
      {{{"requesters", nullptr}}, "spec.requesters: Required value"},
      {{{"requesters", Json::array({person("Robot", "x")})}},
       "spec.requesters[0].kind: Unsupported value: \"Robot\": supported values: \"User\", \"Group\", \"ServiceAccount\""},
      {{{"requesters", Json::array({person("ServiceAccount", "flux")})}},
       "ServiceAccount \"flux\" needs its namespace"},
      {{{"subjects", Json::array({{{"kind", "Group"}, {"name", "sre"}, {"namespace", "x"}}})}},
       "Group \"sre\" has no namespace: only a ServiceAccount has one"},
      {{{"roles", Json::array()}}, "spec.roles in body should have at least 1 items"},
      {{{"roles", Json::array({person("ClusterRoles", "view")})}},
       "spec.roles[0].kind: Unsupported value: \"ClusterRoles\": supported values: \"ClusterRole\", \"Role\""},
      {{{"namespaces", nullptr}},
       "spec: Invalid value: a policy has namespaces, or scope: Cluster, and not both"},
      {{{"namespaces", {{"names", nullptr}}}},
       "give names, or a selector, or both; 'selector: {}' means every namespace"},
      {{{"namespaces", {{"names", Json::array()}}}},
       "give names, or a selector, or both; 'selector: {}' means every namespace"},
      {{{"namespaces", {{"names", {"Payments"}}}}},
       "\"Payments\" is not the name of a namespace: lower-case letters, digits and \"-\", at most 63"},
      {{{"namespaces",
         {{"selector", {{"matchExpressions", Json::array({{{"key", "team"}, {"operator", "In"}}})}}}}}},
       "operator In on key \"team\" needs values"},
      {{{"namespaces",
         {{"selector",
           {{"matchExpressions",
             Json::array({{{"key", "team"}, {"operator", "Exists"}, {"values", {"x"}}}})}}}}}},
       "operator Exists on key \"team\" takes no values"},
      {{{"duration", {{"max", nullptr}}}}, "spec.duration.max: Required value"},
      {{{"duration", {{"default", "2h"}}}}, "default 2h is longer than max 1h"},
      {{{"duration", {{"maxTotal", "59m"}}}}, "maxTotal 59m is shorter than max 1h"},
      {{{"approval", nullptr}}, "spec.approval: Required value"},
      {{{"approval", {{"approvers", nullptr}}}},
       "approvers is empty, so nobody could approve: name approvers, or set required to 0 to grant without approval"},
      {{{"approval", {{"required", nullptr}}}}, "spec.approval.required: Required value"},
      {{{"reason", Json::object()}}, "reason says nothing: write required or pattern, or leave it out"},
      {{{"limits", Json::object()}},
       "limits says nothing: write activePerRequester, cooldown or onceByName, or leave it out"},
      {{{"roles", Json::array({person("ClusterRole", "../view")})}},
       "not the name of a role: not '.' or '..', no '/' and '%'"},
      {{{"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", "ci"}, {"namespace", "CI"}}})}},
       "\"CI\" is not the name of a namespace: lower-case letters, digits and \"-\", at most 63"},
      {{{"approval", {{"required", 9}}}}, "spec.approval.required in body should be less than or equal to 8"},
      {{{"approval", {{"required", -1}}}},
       "spec.approval.required in body should be greater than or equal to 0"},
      {{{"onChange", "Ignore"}},
       "spec.onChange: Unsupported value: \"Ignore\": supported values: \"Enforce\", \"Keep\""},
      {{{"suspend", "yes"}}, "spec.suspend in body must be of type boolean"},
      {{{"schedule", {{"timeZone", "UTC"}, {"windows", Json::array()}}}},
       "spec.schedule.windows in body should have at least 1 items"},
      {window("25:00", "18:00"), "\"25:00\" is not a time of day from 00:00 to 23:59"},
      {window("8:00", "18:00"), "\"8:00\" is not a time of day from 00:00 to 23:59"},
      {window("08:00", "24:01"), "\"24:01\" is not a time of day from 00:00 to 24:00"},
      {window("08:00", "08:00"), "a window that starts and ends at the same time is empty"},
      {{{"limits", {{"activePerRequester", 0}}}},
       "spec.limits.activePerRequester in body should be greater than or equal to 1"},
  }));
  INFO(one.patch.dump());
  CHECK_THAT(declare(one.patch), Refused(one.sentence));
}

// These are found only by kubectl's strict validation, which GitOps tools and --validate=false do not
// request.
TEST_CASE("a misspelt field leaves no policy that asks for less", "[guard]") {
  const auto [patch, sentence] = GENERATE(values<std::pair<Json, const char*>>({
      {{{"approval", {{"required", nullptr}, {"requird", 2}}}}, "spec.approval.required: Required value"},
      {{{"reason", {{"requird", true}}}}, "reason says nothing"},
      {{{"reason", {{"patern", "^INC"}}}}, "reason says nothing"},
      {{{"limits", {{"activePerRequestor", 1}}}}, "limits says nothing"},
  }));
  INFO(patch.dump());
  CHECK_THAT(declare(patch, "--validate=false"), Refused(sentence));
}

TEST_CASE(
    "what could move a cursor or turn the text around is in no name and no description, nor in the refusal of it",
    "[guard]") {
  const std::string text = GENERATE(as<std::string>(), "\x1b]0;owned\a", "a\rb", "\xC2\x85", "\u202Egnp",
                                    "\u2066x", "\u200Fx", "\u2028", std::string("\0", 1));
  const Json someone = Json::array({person("User", text)});
  const char* const kNoMarks = "marks that turn the direction of text";
  struct Case {
    Json patch;
    const char* sentence;
  };
  for (const auto& [patch, sentence] : std::vector<Case>{
           {{{"description", text}}, kNoMarks},
           {{{"requesters", someone}}, kNoMarks},
           {{{"subjects", someone}}, kNoMarks},
           {{{"subjects", Json::array({person("ServiceAccount", text)})}}, kNoMarks},
           {{{"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", "a"}, {"namespace", text}}})}},
            "not the name of a namespace"},
           {{{"approval", {{"approvers", someone}}}}, kNoMarks},
           {{{"roles", Json::array({person("Role", text)})}}, kNoMarks},
           {{{"schedule",
              {{"timeZone", text},
               {"windows", Json::array({{{"days", {"Mon"}}, {"start", "08:00"}, {"end", "18:00"}}})}}}},
            kNoMarks},
           {{{"reason", {{"pattern", text}}}}, kNoMarks},
           {{{"duration", {{"max", text}}}}, "this is not a duration"},
           {{{"namespaces", {{"names", {text}}}}}, "not the name of a namespace"},
           {window(text, "18:00"), "not a time of day"},
           {{{"namespaces",
              {{"selector", {{"matchExpressions", Json::array({{{"key", text}, {"operator", "In"}}})}}}}}},
            "In and NotIn need values"},
       }) {
    INFO(patch.dump());
    const ProcessResult said = declare(patch);
    CHECK_THAT(said, Refused(sentence));
    CHECK(said.err.find(text) == std::string::npos);
  }
  CHECK_THAT(declare({{"description", "first line\n\tand a second"}}), Succeeds());
}

TEST_CASE("the largest policy can be written", "[guard]") {
  Json people = Json::array();
  for (int i = 0; i < 64; ++i)
    people.push_back(person("User", repeated("\U0001F525", 1022) + std::to_string(10 + i)));
  CHECK_THAT(declare({{"requesters", people},
                      {"subjects", people},
                      {"approval", {{"approvers", people}}},
                      {"description", repeated("\U0001F525", 4096)}}),
             Succeeds());
}

TEST_CASE("a policy may say everything", "[guard]") {
  CHECK_THAT(
      declare({{"description", "Debug payments in working hours"},
               {"subjects", Json::array({person("User", "bob")})},
               {"namespaces",
                {{"selector",
                  {{"matchLabels", {{"team", "payments"}}},
                   {"matchExpressions",
                    Json::array({{{"key", "tier"}, {"operator", "NotIn"}, {"values", {"x"}}}})}}}}},
               {"schedule",
                {{"timeZone", "Europe/Berlin"},
                 {"windows", Json::array({{{"days", {"Mon", "Fri"}}, {"start", "22:00"}, {"end", "06:00"}},
                                          {{"days", {"Sun"}}, {"start", "00:00"}, {"end", "24:00"}}})},
                 {"endAtWindowClose", true}}},
               {"reason", {{"required", true}, {"pattern", "^(INC|CHG)-[0-9]+"}}},
               {"approval", {{"required", 8}, {"allowSelfApproval", true}, {"timeout", "8h"}}},
               {"limits", {{"activePerRequester", 1}, {"cooldown", "15m"}, {"onceByName", true}}},
               {"onChange", "Keep"},
               {"suspend", false}}),
      Succeeds());
  CHECK_THAT(declare({{"approval", {{"required", 0}, {"approvers", nullptr}}}}), Succeeds());
}

TEST_CASE("a policy keeps quiet about what its author did", "[guard]") {
  const ProcessResult said = declare(Json::object());
  REQUIRE_THAT(said, Succeeds());
  const Json spec = Json::parse(said.out)["spec"];
  CHECK(spec["approval"]["allowSelfApproval"] == false);
  for (const char* silent : {"onChange", "suspend", "schedule", "reason", "limits", "subjects"})
    CHECK_FALSE(spec.contains(silent));
}
