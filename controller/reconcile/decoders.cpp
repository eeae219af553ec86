#include "reconcile/decoders.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/codec.hpp"
#include "api/names.hpp"
#include "core/policy/role_rules.hpp"

namespace curfew::reconcile {
namespace {

// Annotations that Curfew writes are shorter; a longer value is not Curfew's.
constexpr std::size_t kMaxAnnotation = 1024;  // bytes
// Sixteen names of 1024 characters each, as JSON.
constexpr std::size_t kMaxApprovedBy = std::size_t{128} << 10U;

template <class AnyRole>
RoleSummary summary(const AnyRole& role) {
  const api::ObjectMeta& meta = role.metadata;
  RoleSummary kept{.metadata = {.name = meta.name,
                                .ns = meta.ns,
                                .uid = meta.uid,
                                .resource_version = meta.resource_version},
                   .rules_hash = core::rules_hash(role.rules),
                   .outliving_powers = {}};
  const auto powers = core::outliving_powers(role.rules);
  kept.outliving_powers.assign(powers.begin(), powers.end());
  return kept;
}

template <class AnyRole>
Result<RoleSummary> decode_summary(const nlohmann::json& json) {
  const auto role = api::decode<AnyRole>(json);
  if (!role) return tl::unexpected(role.error());
  return summary_of(*role);
}

// Also frees the memory, which a cleared vector keeps.
template <class T>
void drop(T& value) {
  value = T();
}

void keep_only(std::map<std::string, std::string>& values, std::initializer_list<std::string_view> keys) {
  std::erase_if(values,
                [&](const auto& entry) { return std::ranges::find(keys, entry.first) == keys.end(); });
}

}  // namespace

void drop_unread(api::ObjectMeta& metadata) {
  drop(metadata.labels);
  drop(metadata.annotations);
  drop(metadata.finalizers);
  drop(metadata.owner_references);
}

RoleSummary summary_of(const api::Role& role) {
  return summary(role);
}

RoleSummary summary_of(const api::ClusterRole& role) {
  RoleSummary kept = summary(role);
  kept.is_aggregated = role.is_aggregated;
  return kept;
}

Result<RoleSummary> decode_role(const nlohmann::json& json) {
  return decode_summary<api::Role>(json);
}

Result<RoleSummary> decode_cluster_role(const nlohmann::json& json) {
  return decode_summary<api::ClusterRole>(json);
}

Result<api::AccessRequest> decode_request(const nlohmann::json& json) {
  auto request = api::decode<api::AccessRequest>(json);
  if (request) drop_unread(request->metadata);
  return request;
}

Result<api::AccessPolicy> decode_policy(const nlohmann::json& json) {
  auto policy = api::decode<api::AccessPolicy>(json);
  if (policy) drop_unread(policy->metadata);
  return policy;
}

Result<api::Namespace> decode_namespace(const nlohmann::json& json) {
  auto ns = api::decode<api::Namespace>(json);
  if (!ns) return ns;
  drop(ns->metadata.annotations);
  drop(ns->metadata.finalizers);
  drop(ns->metadata.owner_references);
  return ns;
}

Result<api::RoleBinding> decode_binding(const nlohmann::json& json) {
  auto binding = api::decode<api::RoleBinding>(json);
  if (!binding) return binding;
  api::ObjectMeta& meta = binding->metadata;
  keep_only(meta.labels, {api::kRequestUidLabel});
  keep_only(meta.annotations, {api::kExpiresAtAnnotation, api::kRequestAnnotation, api::kPolicyAnnotation,
                               api::kApprovedByAnnotation});
  for (auto& [key, value] : meta.annotations) {
    const std::size_t most = key == api::kApprovedByAnnotation ? kMaxApprovedBy : kMaxAnnotation;
    if (value.size() > most) value = value.substr(0, most);
  }
  const auto label = meta.labels.find(std::string(api::kRequestUidLabel));
  std::vector<api::OwnerReference> owners;
  for (api::OwnerReference& owner : meta.owner_references)
    if (owners.empty() &&
        (owner.kind == api::AccessRequest::kClusterKind ||
         (owner.kind == api::AccessRequest::kKind && !meta.ns.empty())) &&
        label != meta.labels.end() && owner.uid == label->second)
      owners.push_back(std::move(owner));
  meta.owner_references = std::move(owners);
  const bool is_held = !meta.finalizers.empty();
  meta.finalizers = is_held ? std::vector<std::string>{meta.finalizers.front()} : std::vector<std::string>{};
  constexpr std::size_t kMoreThanOne = 2;
  if (binding->subjects.size() > kMoreThanOne)
    binding->subjects =
        std::vector<api::Subject>(binding->subjects.begin(), binding->subjects.begin() + kMoreThanOne);
  return binding;
}

}  // namespace curfew::reconcile
