#pragma once

#include <algorithm>
#include <optional>
#include <stop_token>
#include <utility>

#include "api/rbac.hpp"
#include "kube/client.hpp"

namespace curfew::reconcile {

// A Role or ClusterRole as it is stored, with its rules, which the stores do not keep; nullopt if it does not
// exist. By a list, because Curfew may not get roles.
template <class AnyRole>
Result<std::optional<AnyRole>> read_role(kube::Client& client, const api::ObjectKey& key,
                                         std::stop_token stop) {
  auto found = client.list<AnyRole>(
      {.ns = key.ns, .labels = {}, .fields = "metadata.name=" + kube::escape_field_value(key.name)}, {},
      std::move(stop));
  if (!found) return tl::unexpected(found.error());
  const auto role =
      std::ranges::find(found->items, key.name, [](const AnyRole& one) { return one.metadata.name; });
  if (role == found->items.end()) return std::nullopt;
  return std::move(*role);
}

}  // namespace curfew::reconcile
