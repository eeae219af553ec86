#include "core/decide/grant_failure.hpp"

#include <chrono>

#include "api/names.hpp"

namespace curfew::core {
namespace {

// Only an admin can change what was refused.
constexpr std::chrono::seconds kRetry{60};

}  // namespace

std::optional<GrantFailure> grant_failure(const Error& error, TimePoint now) {
  GrantFailure failure{
      .reason = {}, .message = error.message, .first_at = now, .tried_at = now, .retry_at = now + kRetry};
  switch (error.kind) {
    case ErrorKind::Forbidden:
      failure.reason = api::reason::kBindingForbidden;
      failure.message +=
          "; make the role grantable: a ClusterRole labelled curfew.dev/grantable=true that allows bind on it";
      return failure;
    case ErrorKind::Invalid: failure.reason = api::reason::kBindingInvalid; return failure;
    case ErrorKind::AlreadyExists: failure.reason = api::reason::kBindingNameTaken; return failure;
    default: return std::nullopt;
  }
}

}  // namespace curfew::core
