#pragma once

#include <optional>
#include <string>

#include "core/check/check.hpp"

// The check functions for the chains in checks.cpp and for the check at first sight, before any chain. Each
// may rely on what its Check::needs names.
namespace curfew::core::checks {

inline Denial denial(std::string_view why, std::string message) {
  return {.reason = std::string(why), .message = std::move(message)};
}
// A denial that may pass: the missing object may still arrive.
inline Denial not_yet(std::string_view why, std::string message) {
  return {.reason = std::string(why), .message = std::move(message), .may_pass = true};
}

// people.cpp: requester and subject
std::optional<Denial> requester_is_known(const Input& in);
std::optional<Denial> requester_is_allowed(const Input& in);
std::optional<Denial> subject_is_allowed(const Input& in);

// role.cpp: the requested role
std::optional<Denial> role_is_unambiguous(const Input& in);
std::optional<Denial> role_is_allowed(const Input& in);
std::optional<Denial> role_exists(const Input& in);
std::optional<Denial> role_is_unchanged(const Input& in);

// time.cpp: when, how long, how often
std::optional<Denial> is_not_ended_before(const Input& in);
std::optional<Denial> start_time_is_valid(const Input& in);
std::optional<Denial> duration_is_valid(const Input& in);
std::optional<Denial> duration_is_within_limit(const Input& in);
std::optional<Denial> start_is_near(const Input& in);
std::optional<Denial> window_has_not_closed(const Input& in);
std::optional<Denial> start_has_come(const Input& in);
std::optional<Denial> schedule_is_open(const Input& in);
std::optional<Denial> active_is_within_limit(const Input& in);
std::optional<Denial> cooldown_is_over(const Input& in);

// review.cpp: earlier access that was not reviewed
std::optional<Denial> reviews_are_not_overdue(const Input& in);

// extension.cpp: what the request extends
std::optional<Denial> extensions_are_allowed(const Input& in);
// Ended by anything but its time. Regardless of AccessPolicy.spec.onChange, such an end ends the extension.
std::optional<Denial> extended_has_not_ended_early(const Input& in);
std::optional<Denial> extended_is_active(const Input& in);
std::optional<Denial> extended_is_the_same(const Input& in);
std::optional<Denial> total_is_within_limit(const Input& in);
std::optional<Denial> extended_has_no_other(const Input& in);

}  // namespace curfew::core::checks
