#include "expiry/ending.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "kube/error.hpp"

namespace curfew::expiry {

Result<kube::DeleteOutcome> delete_binding(kube::Client& client, PendingDeletions& deletions,
                                           const api::BindingRef& binding, std::stop_token stop) {
  deletions.add(binding.uid);  // before the watch can report the deletion
  auto outcome = client.remove<api::RoleBinding>(binding.key(), binding.uid, stop);
  if (!outcome && outcome.error().kind == ErrorKind::NotFound) return kube::DeleteOutcome::Gone;
  const bool may_have_happened = !outcome && kube::concerns_server(outcome.error().kind);
  if (outcome != kube::DeleteOutcome::Gone && !may_have_happened) deletions.remove(binding.uid);
  return outcome;
}

Result<void> free_binding(kube::Client& client, const api::BindingRef& binding, std::stop_token stop) {
  nlohmann::json patch{{"metadata", {{"uid", binding.uid}, {"finalizers", nullptr}}}, {"subjects", nullptr}};
  auto freed = client.merge_patch<api::RoleBinding>(binding.key(), patch, stop);
  if (!freed && freed.error().kind == ErrorKind::Forbidden) {
    patch.erase("subjects");
    freed = client.merge_patch<api::RoleBinding>(binding.key(), patch, stop);
  }
  if (!freed && freed.error().kind != ErrorKind::NotFound) return tl::unexpected(freed.error());
  return {};
}

Result<api::RoleBinding> shorten_binding(kube::Client& client, const api::BindingRef& binding,
                                         TimePoint expires_at, std::stop_token stop) {
  const nlohmann::json annotations{{std::string(api::kExpiresAtAnnotation), format_rfc3339(expires_at)}};
  return client.merge_patch<api::RoleBinding>(
      binding.key(), {{"metadata", {{"uid", binding.uid}, {"annotations", annotations}}}}, std::move(stop));
}

}  // namespace curfew::expiry
