#include "core/policy/role_rules.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "util/sha256.hpp"

namespace curfew::core {
namespace {

using Names = std::vector<std::string>;

Names sorted(Names names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool has(const Names& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& one) { return one == "*" || one == name; });
}

// "*" covers subresources too, and so does "*/SUBRESOURCE".
bool has_resource(const Names& names, std::string_view resource) {
  const std::size_t slash = resource.find('/');
  return has(names, resource) ||
         (slash != std::string_view::npos && has(names, "*" + std::string(resource.substr(slash))));
}

using Verbs = std::span<const std::string_view>;

constexpr std::array<std::string_view, 1> kCreate{"create"};
constexpr std::array<std::string_view, 2> kConnect{"create", "get"};
constexpr std::array<std::string_view, 2> kChange{"patch", "update"};
constexpr std::array<std::string_view, 3> kWrite{"create", "patch", "update"};
constexpr std::array<std::string_view, 5> kWriteRole{"bind", "create", "escalate", "patch", "update"};
constexpr std::array<std::string_view, 6> kAnySecret{"create", "get", "list", "patch", "update", "watch"};
constexpr std::array<std::string_view, 2> kSign{"approve", "sign"};
constexpr std::array<std::string_view, 1> kImpersonate{"impersonate"};
// Constrained impersonation, enabled by default since Kubernetes 1.36.
constexpr std::array<std::string_view, 2> kImpersonateUser{"impersonate", "impersonate:user-info"};
constexpr std::array<std::string_view, 1> kImpersonateServiceAccount{"impersonate:serviceaccount"};
constexpr std::array<std::string_view, 2> kImpersonateNode{"impersonate:arbitrary-node",
                                                           "impersonate:associated-node"};
constexpr std::string_view kImpersonateOn = "impersonate-on:";

struct Power {
  std::string_view group;
  std::string_view resource;
  Verbs verbs;
};

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAuthentication = "authentication.k8s.io";
constexpr std::string_view kCertificates = "certificates.k8s.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";

constexpr std::array kOutliving{
    // A credential: a token, a Secret that holds one, a certificate.
    Power{"", "serviceaccounts/token", kCreate},
    Power{"", "secrets", kAnySecret},
    Power{kCertificates, "certificatesigningrequests", kCreate},
    Power{kCertificates, "certificatesigningrequests/approval", kChange},
    Power{kCertificates, "certificatesigningrequests/status", kChange},
    Power{kCertificates, "signers", kSign},
    // Code that keeps running under a ServiceAccount, or that can read the token of one.
    Power{"", "pods", kWrite},
    Power{"", "pods/ephemeralcontainers", kChange},
    Power{"", "pods/exec", kConnect},
    Power{"", "pods/attach", kConnect},
    Power{"", "nodes/proxy", kConnect},
    Power{"", "replicationcontrollers", kWrite},
    Power{"apps", "deployments", kWrite},
    Power{"apps", "daemonsets", kWrite},
    Power{"apps", "statefulsets", kWrite},
    Power{"apps", "replicasets", kWrite},
    Power{"batch", "jobs", kWrite},
    Power{"batch", "cronjobs", kWrite},
    // A binding, a role that is bound already or is aggregated into one, a policy of Curfew.
    Power{kRbac, "rolebindings", kWrite},
    Power{kRbac, "clusterrolebindings", kWrite},
    Power{kRbac, "roles", kWriteRole},
    Power{kRbac, "clusterroles", kWriteRole},
    Power{"curfew.dev", "accesspolicies", kWrite},
    // Another's identity.
    Power{"", "users", kImpersonate},
    Power{"", "groups", kImpersonate},
    Power{"", "serviceaccounts", kImpersonate},
    Power{kAuthentication, "users", kImpersonateUser},
    Power{kAuthentication, "groups", kImpersonateUser},
    Power{kAuthentication, "uids", kImpersonateUser},
    Power{kAuthentication, "userextras", kImpersonateUser},
    Power{kAuthentication, "serviceaccounts", kImpersonateServiceAccount},
    Power{kAuthentication, "nodes", kImpersonateNode},
    // Objects that read or change the requests of others.
    Power{kAdmission, "mutatingwebhookconfigurations", kWrite},
    Power{kAdmission, "validatingwebhookconfigurations", kWrite},
    Power{kAdmission, "mutatingadmissionpolicies", kWrite},
    Power{kAdmission, "mutatingadmissionpolicybindings", kWrite},
    Power{kAdmission, "validatingadmissionpolicies", kWrite},
    Power{kAdmission, "validatingadmissionpolicybindings", kWrite},
    Power{"apiregistration.k8s.io", "apiservices", kWrite},
};

// Extra fields of an identity are subresources, as in "userextras/scopes": one is enough.
bool covers_resource(const Names& resources, std::string_view resource) {
  return has_resource(resources, resource) ||
         (resource == "userextras" && std::ranges::any_of(resources, [](const std::string& one) {
            return one.starts_with("userextras/");
          }));
}

// The verbs of the power that some rule allows, as in "create/patch pods"; empty if none.
std::string allowed(std::span<const api::PolicyRule> rules, const Power& power) {
  std::string verbs;
  for (const std::string_view verb : power.verbs) {
    const bool is_there = std::ranges::any_of(rules, [&](const api::PolicyRule& rule) {
      return has(rule.api_groups, power.group) && covers_resource(rule.resources, power.resource) &&
             has(rule.verbs, verb);
    });
    if (is_there) verbs += (verbs.empty() ? "" : "/") + std::string(verb);
  }
  return verbs.empty() ? verbs : verbs + " " + std::string(power.resource);
}

bool allows_everything(const api::PolicyRule& rule) {
  const auto any = [](const Names& names) { return std::ranges::find(names, "*") != names.end(); };
  return any(rule.api_groups) && any(rule.resources) && any(rule.verbs);
}

// A rule with "impersonate-on:MODE:VERB" names the resource of the impersonated request, which may be any.
bool impersonates_on(const api::PolicyRule& rule) {
  return std::ranges::any_of(rule.verbs,
                             [](const std::string& verb) { return verb.starts_with(kImpersonateOn); });
}

}  // namespace

std::string rules_hash(std::span<const api::PolicyRule> rules) {
  std::vector<std::string> lines;
  lines.reserve(rules.size());
  for (const api::PolicyRule& rule : rules) {
    const nlohmann::json line = {sorted(rule.api_groups), sorted(rule.resources), sorted(rule.verbs),
                                 sorted(rule.resource_names), sorted(rule.non_resource_urls)};
    lines.push_back(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  std::string text;
  for (const std::string& line : sorted(std::move(lines))) text += line + "\n";
  return "sha256:" + sha256_hex(text);
}

std::vector<std::string> outliving_powers(std::span<const api::PolicyRule> rules) {
  if (std::ranges::any_of(rules, allows_everything)) return {"everything"};
  std::vector<std::string> powers;
  for (const Power& power : kOutliving) {
    std::string text = allowed(rules, power);
    if (!text.empty() && std::ranges::find(powers, text) == powers.end()) powers.push_back(std::move(text));
  }
  if (std::ranges::any_of(rules, impersonates_on)) powers.push_back(std::string(kImpersonateOn) + "*");
  return powers;
}

}  // namespace curfew::core
