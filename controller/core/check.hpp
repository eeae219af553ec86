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
  std::string_view name;
  std::optional<Denial> (*run)(const Input&);
};

// Whether the policy in force allows this request at all, whoever approves; in the order in which people are told.
std::span<const Check> grant_checks();

// The first denial of the chain; nullopt: all hold.
std::optional<Denial> first_denial(std::span<const Check> checks, const Input& input);

// kube-* and Curfew's own: `edit` there is power over the cluster, or over Curfew.
bool is_reserved_namespace(std::string_view name);

}  // namespace curfew::core
