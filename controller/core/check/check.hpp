#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/denial.hpp"
#include "core/input.hpp"

namespace curfew::core {

// A named rule. `run` returns nullopt if the rule holds.
struct Check {
  // What must exist for the rule to be meaningful. An earlier check of the chain denies if it is missing.
  enum class Needs { Nothing, Policy, Requester, Role, Extended };
  enum class Of { AnyRequest, Extensions };

  std::string_view name;
  std::string_view rule;  // what it requires, as a sentence for users
  Needs needs = Needs::Policy;
  std::optional<Denial> (*run)(const Input&) = nullptr;
  Of of = Of::AnyRequest;  // the other requests pass it
};

// Whether the policy in force allows this request at all, regardless of approvals and timing; in the order in
// which denials are reported to users.
std::span<const Check> grant_checks();

// The checks that an active grant must keep passing under onChange: Enforce. The duration is not among them:
// a shorter limit shortens the grant.
std::span<const Check> active_checks();

// Whether what the request extends can be extended now; evaluated until the grant, because the extension
// outlasts it. Requests that extend nothing pass.
std::span<const Check> extension_checks();

// Whether the request is due now: a denial only makes the request wait.
std::span<const Check> timing_checks();

// Limits on what the subject has or had already; evaluated when the request is due.
std::span<const Check> limit_checks();

// Whether the check is about such a request.
bool concerns(const Check& check, const api::AccessRequest& request);

// Whether what the check needs exists.
bool can_run(const Check& check, const Input& input);

// The first denial of the chain; nullopt if all checks pass. A check whose needs are missing, without a
// denial by an earlier check of the chain, denies itself (CheckImpossible): a chain fails closed in any
// order.
std::optional<Denial> first_denial(std::span<const Check> checks, const Input& input);

// Like first_denial(), but a denial that stays takes precedence over those that may pass.
std::optional<Denial> first_lasting_denial(std::span<const Check> checks, const Input& input);

}  // namespace curfew::core
