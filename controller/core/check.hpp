#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/denial.hpp"
#include "core/input.hpp"

namespace curfew::core {

// A named rule. nullopt: it holds.
struct Check {
  // What has to be there for the rule to mean anything. An earlier check of the chain denies where it is
  // missing.
  enum class Needs { Nothing, Policy, Requester, Role };

  std::string_view name;
  std::string_view rule;  // what it demands, as a sentence for people
  Needs needs = Needs::Policy;
  std::optional<Denial> (*run)(const Input&) = nullptr;
};

// Whether the policy in force allows this request at all, whoever approves and whenever; in the order in
// which people are told.
std::span<const Check> grant_checks();

// Those of them that an active grant has to go on fulfilling under onChange: Enforce. Its duration is not
// among them: a shorter limit shortens it.
std::span<const Check> active_checks();

// Whether now is the time: a denial only waits.
std::span<const Check> timing_checks();

// What the person has had already, asked when it is time.
std::span<const Check> limit_checks();

// Whether what the check needs is there.
bool can_run(const Check& check, const Input& input);

// The first denial of the chain; nullopt: all hold. A check that cannot run because what it needs is missing,
// and no earlier check of the chain denied for it, denies itself (CheckImpossible): a chain fails closed,
// whatever its order.
std::optional<Denial> first_denial(std::span<const Check> checks, const Input& input);

// kube-* and Curfew's own: `edit` there is power over the cluster, or over Curfew.
bool is_reserved_namespace(std::string_view name);

}  // namespace curfew::core
