#include "core/grant.hpp"

#include <utility>

#include "core/describe.hpp"

namespace curfew::core {

Scope scope_of(const api::AccessRequest& request) {
  std::vector<std::string> places = api::places_of(request);
  if (places.front().empty()) return {};
  return {.namespaces = std::move(places)};
}

std::string describe(const Scope& scope) {
  if (scope.is_cluster_wide()) return "cluster-wide";
  std::string text = "in " + scope.namespaces.front();
  for (std::size_t i = 1; i < scope.namespaces.size(); ++i)
    text += (i + 1 == scope.namespaces.size() ? " and " : ", ") + scope.namespaces[i];
  return text;
}

Grant grant_of(const api::AccessRequest& request, const api::AccessRequestStatus& status, const Span& span) {
  return {.scope = scope_of(request),
          .role = status.role_ref.value_or(api::RoleRef{}),
          .subject = status.subject.value_or(api::Subject{}),
          .span = span,
          .approved_by = status.approved_by,
          .extends = status.extends ? status.extends->name.str() : std::string()};
}

std::string describe(const Grant& grant) {
  std::string sentence = describe(grant.subject) + " has " + describe(grant.role) + " " +
                         describe(grant.scope) + " until " + format_rfc3339(grant.span.expires_at);
  if (!grant.extends.empty()) sentence += ", which extends " + grant.extends;
  return grant.approved_by.empty() ? sentence + ", without approval"
                                   : sentence + ", approved by " + joined(grant.approved_by);
}

}  // namespace curfew::core
