#include "core/decide/grant_failure.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include "api/names.hpp"

namespace curfew::core {
namespace {

// Only an admin can change what was refused.
constexpr std::chrono::seconds kRetry{60};

// RBAC's refusal to let Curfew bind a role, without the list of the role's rules that follows. nullopt for
// what else may forbid a binding: a quota, another admission policy, a webhook.
std::optional<std::string> escalation_refusal(const std::string& message) {
  constexpr std::string_view kRefused = " is attempting to grant RBAC permissions not currently held";
  if (message.find(" is forbidden: user \"") == std::string::npos) return std::nullopt;
  const auto found = message.find(kRefused);
  if (found == std::string::npos) return std::nullopt;
  return message.substr(0, found + kRefused.size());
}

}  // namespace

std::optional<GrantFailure> grant_failure(const Error& error, TimePoint now, bool is_cluster_wide) {
  GrantFailure failure{
      .reason = {}, .message = error.message, .first_at = now, .tried_at = now, .retry_at = now + kRetry};
  switch (error.kind) {
    case ErrorKind::Forbidden:
      failure.reason = api::reason::kBindingForbidden;
      if (const auto refusal = escalation_refusal(error.message)) {
        failure.message =
            *refusal +
            (is_cluster_wide
                 ? "; make the role grantable: a ClusterRole labelled curfew.dev/grantable-cluster-wide=true that allows bind and grant-cluster-wide on it"
                 : "; make the role grantable: a ClusterRole labelled curfew.dev/grantable=true that allows bind on it");
      }
      return failure;
    case ErrorKind::Invalid: failure.reason = api::reason::kBindingInvalid; return failure;
    case ErrorKind::AlreadyExists: failure.reason = api::reason::kBindingNameTaken; return failure;
    default: return std::nullopt;
  }
}

}  // namespace curfew::core
