#include "client/warnings.hpp"

#include <array>
#include <string_view>

#include "api/names.hpp"
#include "core/describe.hpp"

namespace curfew::client {
namespace {

constexpr std::array kWarnings{api::kRoleNotBindable, api::kClusterScopedRules};

// Whether the message names this role, and not only one whose name begins in the same way.
bool mentions(std::string_view message, const api::RoleRef& role) {
  constexpr std::string_view kAfterName = " ,;";
  const std::string name = core::describe(role);
  for (auto at = message.find(name); at != std::string_view::npos; at = message.find(name, at + 1)) {
    const auto end = at + name.size();
    if (end == message.size() || kAfterName.find(message[end]) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> warnings_of(const api::AccessPolicy& policy,
                                     const std::optional<api::RoleRef>& role) {
  std::vector<std::string> warnings;
  for (const std::string_view type : kWarnings) {
    const auto* condition = api::find_condition(policy.status.conditions, type);
    if (condition != nullptr && condition->status == "True" && (!role || mentions(condition->message, *role)))
      warnings.push_back(condition->message);
  }
  return warnings;
}

}  // namespace curfew::client
