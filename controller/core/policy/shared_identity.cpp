#include "core/policy/shared_identity.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "core/describe.hpp"

namespace curfew::core {
namespace {

// Of kubeadm, k3s, OpenShift, GKE, AKS and by custom.
constexpr std::array<std::string_view, 9> kShared{
    "admin",      "administrator",    "root",         "cluster-admin", "kube-admin",
    "kube:admin", "kubernetes-admin", "masterclient", "clusterAdmin"};

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_hexadecimal(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

// "botocore-session-1764064200", "i-0123456789abcdef0", "1764064200123": made anew for each session.
bool is_made_anew(std::string_view session) {
  constexpr std::size_t kLongNumber = 9;
  constexpr std::size_t kShortestInstance = 8;
  const auto last = std::ranges::find_if_not(session.rbegin(), session.rend(), is_digit);
  if (static_cast<std::size_t>(last - session.rbegin()) >= kLongNumber) return true;
  if (!session.starts_with("i-")) return false;
  const std::string_view id = session.substr(2);
  return id.size() >= kShortestInstance && std::ranges::all_of(id, is_hexadecimal);
}

}  // namespace

std::optional<std::string> why_not_a_person(std::string_view username) {
  if (std::ranges::find(kShared, username) != kShared.end()) return "which several people may use";
  if (username == "system:anonymous") return "who is anybody";
  if (username.starts_with("system:node:")) return "which is a node";
  if (!username.starts_with("arn:aws")) return std::nullopt;
  if (username.find(":iam::") != std::string_view::npos && username.find(":role/") != std::string_view::npos)
    return "who is everybody that assumes this IAM role";
  if (username.find(":assumed-role/") == std::string_view::npos) return std::nullopt;
  const std::string_view session = username.substr(username.rfind('/') + 1);
  if (is_made_anew(session)) return "who is one session, with another name at the next login";
  return std::nullopt;
}

std::string describe_shared_identities(const api::AccessPolicySpec& spec) {
  std::string found;
  const auto look = [&](std::string_view field, std::span<const api::Subject> people) {
    for (const api::Subject& one : people) {
      const auto why = one.kind == "User" ? why_not_a_person(one.name.str()) : std::nullopt;
      if (why)
        found += (found.empty() ? "" : "; ") + std::string(field) + " has " + describe(one) + ", " + *why;
    }
  };
  look("spec.requesters", spec.requesters);
  look("spec.subjects", spec.subjects);
  look("spec.approval.approvers", spec.approval.approvers);
  return found.empty() ? found : found + ": one username has to be one person";
}

}  // namespace curfew::core
