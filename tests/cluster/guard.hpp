#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/cluster.hpp"
#include "support/matchers.hpp"

namespace curfew::test {

// Group developers may request; one approval by group sre is enough.
inline constexpr const char* kDevelopersAskSreApprove =
    "{requesters: [{kind: Group, name: developers}], roles: [{kind: ClusterRole, name: view}], namespaces: {selector: {}}, "
    "duration: {default: 10m, max: 1h}, approval: {required: 1, approvers: [{kind: Group, name: sre}]}}";

// The role and duration of a request under the policy above.
inline constexpr const char* kSettled = "role: {kind: ClusterRole, name: view}, duration: 10m";

// A request named "ask" by alice, in its own namespace, under its own policy.
struct Asked {
  const Cluster& cluster = Cluster::shared();
  TestNamespace space{cluster};
  std::string policy;
  Person alice = cluster.as("alice");
  Person bob = cluster.as("bob");
  Person carol = cluster.as("carol");
  Person dave = cluster.as("dave");
  Person admin = cluster.admin();
  Person curfew = cluster.curfew();

  // With role and duration in the request, so that it can be approved before Curfew has reconciled it.
  explicit Asked(const std::string& policy_spec = kDevelopersAskSreApprove,
                 const std::string& more = std::string(kSettled) + ", reason: INC-1");

  Json stored() const { return admin.get(space.target("ask")); }
  Json decisions() const { return stored().value("decisions", Json::array()); }
  ProcessResult annotate(const Person& who, const std::vector<std::string>& annotations) const;
  ProcessResult json_patch(const Person& who, const Json& patch) const;
  ProcessResult merge_patch(const Person& who, const Json& patch) const;
  // Replaces the stored object by itself with `patch` (a merge patch) applied.
  ProcessResult replace(const Person& who, const Json& patch) const;
  // The same as it is: kubectl changes an annotation of its own as well, which is another reason to refuse
  // it.
  ProcessResult put(const Person& who, const Json& patch) const;
  // Server-side apply of an object that holds only these fields.
  ProcessResult server_side_apply(const Person& who, const Json& object) const;
  // Writes what the controller would write.
  void set_status(const Json& status) const;
};

// Writes the status that Curfew settles when it first reconciles a request; before that, the request cannot
// be approved.
void settle(const Cluster& cluster, const std::string& ns, const std::string& name);

// From now on the mutating policies ignore namespaces labelled curfew-test=unmutated, as on an API server
// without these policies. In namespaces labelled curfew-test=unguarded, requests and RoleBindings may be
// written that the policies about decisions, metadata and bindings would refuse.
void exempt_labelled_namespaces(const Cluster& cluster);

// Impersonates a user by kubectl's flags. RBAC must allow that user to write.
std::vector<std::string> impersonating(const std::string& user, const std::vector<std::string>& groups,
                                       std::vector<std::string> arguments);

struct Means {
  const char* name;
  ProcessResult (Asked::*write)(const Person&, const Json&) const;
};

// Ways to make a change that a merge patch can express: a JSON merge patch, a replacement, and server-side
// apply.
inline constexpr Means kMeans[] = {{"merge patch", &Asked::merge_patch},
                                   {"put", &Asked::put},
                                   {"server-side apply", &Asked::server_side_apply}};

// An approval by bob, as the guard completes it.
inline const Json kBobs{{"verdict", "Approve"},
                        {"username", "bob"},
                        {"groups", {"sre", "system:authenticated"}},
                        {"comment", "ok"}};

// Part of the API server's message, by the core's reason for the same refusal.
inline const std::map<std::string, std::string> kSentences{
    {"RequesterNotAllowed", "is not a requester of AccessPolicy"},
    {"ApproverNotAllowed", "is not an approver of AccessPolicy"},
    {"NothingToTakeBack",
     "has not approved this, so there is no approval to take back: annotate curfew.dev/deny"},
    {"SelfApproval", "would get this access and so cannot approve it"},
    {"DurationTooLong", "is longer than the"},
    {"RoleNotAllowed", "is not offered by AccessPolicy"},
    {"RoleAmbiguous", "spec.role is missing: AccessPolicy"},
    {"NamespaceNotAllowed", "does not cover namespace"},
    {"ReasonRequired", "spec.reason is missing: AccessPolicy"}};

// The annotation that makes a decision, by its verdict.
inline const std::map<std::string, std::string> kCommands{
    {"Approve", "curfew.dev/approve"}, {"Deny", "curfew.dev/deny"}, {"Revoke", "curfew.dev/revoke"}};

}  // namespace curfew::test
