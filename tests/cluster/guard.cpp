#include "guard.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/yaml.hpp"

namespace curfew::test {

Asked::Asked(const std::string& policy_spec, const std::string& more) : policy(space.policy(policy_spec)) {
  REQUIRE_THAT(alice.apply(space.request("ask", "{policy: " + policy + ", " + more + "}")), Succeeds());
}

ProcessResult Asked::annotate(const Person& who, const std::vector<std::string>& annotations) const {
  return who.kubectl(space.on("annotate", "ask", annotations));
}

ProcessResult Asked::json_patch(const Person& who, const Json& patch) const {
  return who.kubectl(space.on("patch", "ask", {"--type", "json", "--patch", patch.dump()}));
}

ProcessResult Asked::merge_patch(const Person& who, const Json& patch) const {
  return who.kubectl(space.on("patch", "ask", {"--type", "merge", "--patch", patch.dump()}));
}

ProcessResult Asked::replace(const Person& who, const Json& patch) const {
  Json object = stored();
  object.merge_patch(patch);
  return who.kubectl({"replace", "-f", "-"}, object.dump());
}

ProcessResult Asked::put(const Person& who, const Json& patch) const {
  Json object = stored();
  object.merge_patch(patch);
  return who.kubectl({"replace", "--raw", space.url("ask"), "-f", "-"}, object.dump());
}

ProcessResult Asked::server_side_apply(const Person& who, const Json& object) const {
  Json whole = to_json(YAML::Load(space.request("ask", "{}")));
  whole.erase("spec");
  whole.merge_patch(object);
  return who.kubectl(
      {"apply", "--server-side", "--force-conflicts", "--field-manager", who.name(), "-f", "-"},
      whole.dump());
}

void Asked::set_status(const Json& status) const {
  const Json patch{{"status", status}};
  REQUIRE_THAT(curfew.kubectl(space.on(
                   "patch", "ask", {"--subresource", "status", "--type", "merge", "--patch", patch.dump()})),
               Succeeds());
}

void settle(const Cluster& cluster, const std::string& ns, const std::string& name) {
  const Json status{{"phase", "Pending"},
                    {"complete", false},
                    {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
                    {"duration", "10m"}};
  REQUIRE_THAT(cluster.curfew().kubectl({"patch", "accessrequest", name, "-n", ns, "--subresource", "status",
                                         "--type", "merge", "--patch", Json{{"status", status}}.dump()}),
               Succeeds());
}

void exempt_labelled_namespaces(const Cluster& cluster) {
  const auto exempt = [&](const std::string& binding, const Json& values) {
    const Json selector{{"matchExpressions",
                         Json::array({{{"key", "curfew-test"}, {"operator", "NotIn"}, {"values", values}}})}};
    const Json patch{{"spec", {{"matchResources", {{"namespaceSelector", selector}}}}}};
    REQUIRE_THAT(cluster.admin().kubectl({"patch", binding, "--type", "merge", "--patch", patch.dump()}),
                 Succeeds());
  };
  for (const char* name : {"curfew-requester", "curfew-decision"})
    exempt(std::string("mutatingadmissionpolicybinding/") + name, {"unmutated", "unguarded"});
  for (const char* name : {"curfew-identity", "curfew-metadata", "curfew-bindings"})
    exempt(std::string("validatingadmissionpolicybinding/") + name, {"unguarded"});
}

std::vector<std::string> impersonating(const std::string& user, const std::vector<std::string>& groups,
                                       std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--as", user});
  for (const std::string& group : groups) arguments.insert(arguments.end(), {"--as-group", group});
  return arguments;
}

}  // namespace curfew::test
