#include <algorithm>
#include <array>

#include "api/names.hpp"
#include "core/check.hpp"
#include "core/identity.hpp"
#include "core/policy_status.hpp"
#include "core/selector.hpp"
#include "core/wanted.hpp"
#include "core/words.hpp"
#include "util/duration.hpp"

namespace curfew::core {
namespace {

namespace reason = api::reason;

Denial denial(std::string_view why, std::string message) { return {.reason = std::string(why), .message = std::move(message)}; }
Denial not_yet(std::string_view why, std::string message) { return {.reason = std::string(why), .message = std::move(message), .may_pass = true}; }

const api::AccessRequestSpec& spec_of(const Input& in) { return in.request->spec; }
const api::AccessPolicySpec& policy_spec_of(const Input& in) { return in.policy->spec; }

std::optional<Denial> policy_exists(const Input& in) {
  if (in.policy) return std::nullopt;
  return not_yet(reason::kPolicyNotFound, "spec.policy " + in_quotes(spec_of(in).policy) + ": there is no AccessPolicy of that name");
}

std::optional<Denial> requester_is_known(const Input& in) {
  if (spec_of(in).requester && !spec_of(in).requester->username.empty()) return std::nullopt;
  return denial(reason::kRequesterMissing, "spec.requester is missing, so nobody is known to have asked: make the request again");
}

std::optional<Denial> policy_is_implemented(const Input& in) {
  const auto features = unimplemented_features(*in.policy);
  if (features.empty()) return std::nullopt;
  return denial(reason::kNotImplemented, describe(*in.policy) + " grants nothing: " + features.front().message);
}

std::optional<Denial> request_is_implemented(const Input& in) {
  const auto& spec = spec_of(in);
  if (!spec.start_time.empty()) {
    return denial(reason::kNotImplemented, "spec.startTime " + in_quotes(spec.start_time) + " is not implemented yet: leave it out, and access starts when approved");
  }
  if (spec.subject && username_of(*spec.subject) != spec.requester->username) {
    return denial(reason::kNotImplemented, "spec.subject " + describe(*spec.subject) + " is somebody else than the requester " + spec.requester->username +
                                               ", which is not implemented yet: leave it out");
  }
  return std::nullopt;
}

std::optional<Denial> namespace_is_not_reserved(const Input& in) {
  const std::string& name = in.request->metadata.name_space;
  if (!is_reserved_namespace(name)) return std::nullopt;
  return denial(reason::kNamespaceReserved, "namespace " + name + " is reserved: Curfew grants nothing in kube-* and " + std::string(api::kControllerNamespace));
}

std::optional<Denial> policy_is_ready(const Input& in) {
  for (const Denial& problem : in.policy_problems) {
    if (problem.reason == reason::kNotImplemented) continue;
    return not_yet(reason::kPolicyNotReady, describe(*in.policy) + " is not ready: " + problem.message);
  }
  return std::nullopt;
}

std::optional<Denial> requester_is_allowed(const Input& in) {
  const auto& requesters = policy_spec_of(in).requesters;
  if (covers(requesters, *spec_of(in).requester)) return std::nullopt;
  return denial(reason::kRequesterNotAllowed,
                spec_of(in).requester->username + " is not a requester of " + describe(*in.policy) + ", which names " + describe(requesters));
}

std::optional<Denial> role_is_unambiguous(const Input& in) {
  if (wanted_role(*in.request, in.policy.get())) return std::nullopt;
  return denial(reason::kRoleAmbiguous, "spec.role is missing: " + describe(*in.policy) + " offers " + describe(policy_spec_of(in).roles));
}

std::optional<Denial> role_is_allowed(const Input& in) {
  const auto& offered = policy_spec_of(in).roles;
  const auto role = *wanted_role(*in.request, in.policy.get());
  if (std::find(offered.begin(), offered.end(), role) != offered.end()) return std::nullopt;
  return denial(reason::kRoleNotAllowed,
                "spec.role " + describe(role) + " is not offered by " + describe(*in.policy) + ", which offers " + describe(offered));
}

std::optional<Denial> role_exists(const Input& in) {
  if (in.role) return std::nullopt;
  const auto role = *wanted_role(*in.request, in.policy.get());
  return not_yet(reason::kRoleNotFound,
                 "spec.role " + describe(role) + " does not exist" + (role.kind == "Role" ? " in namespace " + in.request->metadata.name_space : ""));
}

std::optional<Denial> namespace_is_allowed(const Input& in) {
  const std::string& name = in.request->metadata.name_space;
  const auto& allowed = policy_spec_of(in).namespaces;
  if (std::find(allowed.names.begin(), allowed.names.end(), name) != allowed.names.end()) return std::nullopt;
  if (allowed.selector && in.name_space && matches(*allowed.selector, in.name_space->metadata.labels)) return std::nullopt;
  std::string covered = allowed.names.empty() ? "" : joined(allowed.names);
  if (allowed.selector) covered += std::string(covered.empty() ? "" : " and ") + "those that its selector matches";
  return denial(reason::kNamespaceNotAllowed,
                describe(*in.policy) + " does not cover namespace " + name + ", only " + (covered.empty() ? "none" : covered));
}

std::optional<Denial> duration_is_valid(const Input& in) {
  const std::string text = wanted_duration(*in.request, in.policy.get());
  if (parse_duration(text)) return std::nullopt;
  return denial(reason::kDurationInvalid,
                "spec.duration " + in_quotes(text) + " is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h");
}

std::optional<Denial> duration_is_within_limit(const Input& in) {
  const std::string text = wanted_duration(*in.request, in.policy.get());
  const auto longest = parse_duration(policy_spec_of(in).max_duration);
  if (longest && *parse_duration(text) <= *longest) return std::nullopt;
  const std::string asked = spec_of(in).duration.empty() ? "the default duration " + text : "spec.duration " + spec_of(in).duration;
  return denial(reason::kDurationTooLong, asked + " is longer than the " + policy_spec_of(in).max_duration + " that " + describe(*in.policy) + " allows");
}

std::optional<Denial> reason_is_given(const Input& in) {
  if (!policy_spec_of(in).reason.required || !is_blank(spec_of(in).reason)) return std::nullopt;
  return denial(reason::kReasonRequired, "spec.reason is missing: " + describe(*in.policy) + " requires one, in words");
}

// Each may rely on those before it: from the second on, there is a policy; from the third, a requester; from role_is_allowed, a role.
constexpr std::array kGrantChecks{
    Check{"policy_exists", policy_exists},
    Check{"requester_is_known", requester_is_known},
    Check{"policy_is_implemented", policy_is_implemented},
    Check{"request_is_implemented", request_is_implemented},
    Check{"namespace_is_not_reserved", namespace_is_not_reserved},
    Check{"policy_is_ready", policy_is_ready},
    Check{"requester_is_allowed", requester_is_allowed},
    Check{"role_is_unambiguous", role_is_unambiguous},
    Check{"role_is_allowed", role_is_allowed},
    Check{"role_exists", role_exists},
    Check{"namespace_is_allowed", namespace_is_allowed},
    Check{"duration_is_valid", duration_is_valid},
    Check{"duration_is_within_limit", duration_is_within_limit},
    Check{"reason_is_given", reason_is_given},
};

}  // namespace

std::span<const Check> grant_checks() { return kGrantChecks; }

std::optional<Denial> first_denial(std::span<const Check> checks, const Input& input) {
  for (const Check& check : checks) {
    if (auto found = check.run(input)) return found;
  }
  return std::nullopt;
}

bool is_reserved_namespace(std::string_view name) { return name.starts_with("kube-") || name == api::kControllerNamespace; }

}  // namespace curfew::core
