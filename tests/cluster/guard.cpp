#include "guard.hpp"

#include <catch2/catch_test_macros.hpp>

namespace curfew::test {

Asked::Asked(const std::string& policy_spec, const std::string& more) : policy(space.policy(policy_spec)) {
  REQUIRE_THAT(alice.apply(space.request("ask", "{policy: " + policy + ", " + more + "}")), Succeeds());
}

ProcessResult Asked::annotate(const Person& who, const std::vector<std::string>& annotations) const {
  std::vector<std::string> arguments{"annotate", "accessrequest", "ask", "-n", space.name()};
  arguments.insert(arguments.end(), annotations.begin(), annotations.end());
  return who.kubectl(arguments);
}

ProcessResult Asked::json_patch(const Person& who, const Json& patch) const {
  return who.kubectl({"patch", "accessrequest", "ask", "-n", space.name(), "--type", "json", "--patch", patch.dump()});
}

ProcessResult Asked::merge_patch(const Person& who, const Json& patch) const {
  return who.kubectl({"patch", "accessrequest", "ask", "-n", space.name(), "--type", "merge", "--patch", patch.dump()});
}

ProcessResult Asked::replace(const Person& who, const Json& patch) const {
  Json object = stored();
  object.merge_patch(patch);
  return who.kubectl({"replace", "-f", "-"}, object.dump());
}

ProcessResult Asked::server_side_apply(const Person& who, const Json& object) const {
  Json whole{{"apiVersion", "curfew.dev/v1alpha1"}, {"kind", "AccessRequest"}, {"metadata", {{"name", "ask"}, {"namespace", space.name()}}}};
  whole.merge_patch(object);
  return who.kubectl({"apply", "--server-side", "--force-conflicts", "--field-manager", who.name(), "-f", "-"}, whole.dump());
}

void Asked::set_status(const Json& status) const {
  const Json patch{{"status", status}};
  REQUIRE_THAT(curfew.kubectl({"patch", "accessrequest", "ask", "-n", space.name(), "--subresource", "status", "--type", "merge", "--patch", patch.dump()}),
               Succeeds());
}

void exempt_unmutated_namespaces(const Cluster& cluster) {
  const Json patch{
      {"spec",
       {{"matchResources",
         {{"namespaceSelector", {{"matchExpressions", Json::array({{{"key", "curfew-test"}, {"operator", "NotIn"}, {"values", {"unmutated"}}}})}}}}}}}};
  for (const char* binding : {"curfew-requester", "curfew-decision"}) {
    REQUIRE_THAT(cluster.admin().kubectl({"patch", "mutatingadmissionpolicybinding", binding, "--type", "merge", "--patch", patch.dump()}), Succeeds());
  }
}

}  // namespace curfew::test
