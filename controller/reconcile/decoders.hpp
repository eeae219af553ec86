#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/rbac.hpp"
#include "core/input.hpp"
#include "util/result.hpp"

// The part of an object that the stores keep: only what decisions read, so that memory stays bounded whatever
// others write into labels, annotations, finalizers and rules.
namespace curfew::reconcile {

// The stored part of a Role or ClusterRole. Its rules are hashed during decoding.
struct RoleSummary {
  struct Metadata {
    std::string name;
    std::string ns;  // empty for a ClusterRole
    std::string uid;
    std::string resource_version;

    api::ObjectKey key() const { return {ns, name}; }
  };
  Metadata metadata;
  InternedString rules_hash;                     // core::rules_hash
  std::vector<InternedString> outliving_powers;  // core::outliving_powers
  bool is_aggregated = false;

  core::RoleFacts facts() const {
    return {.uid = metadata.uid, .rules_hash = rules_hash, .is_aggregated = is_aggregated};
  }
};
// Drops labels, annotations, finalizers and owner references, for kinds whose decisions read none of them.
// Also for answers to writes, which stores assume.
void drop_unread(api::ObjectMeta& metadata);

RoleSummary summary_of(const api::Role& role);
RoleSummary summary_of(const api::ClusterRole& role);

Result<RoleSummary> decode_role(const nlohmann::json& json);
Result<RoleSummary> decode_cluster_role(const nlohmann::json& json);
// Without labels, annotations, finalizers and owner references: the API server has already turned the
// annotations that matter into decisions.
Result<api::AccessRequest> decode_request(const nlohmann::json& json);
Result<api::AccessPolicy> decode_policy(const nlohmann::json& json);
// Keeps labels, which policies select by, but no annotations, finalizers or owner references.
Result<api::Namespace> decode_namespace(const nlohmann::json& json);
// Keeps the label, annotations and owner reference of Curfew's that decisions read, one finalizer to show
// that there are any, and two subjects to show that there is more than one.
Result<api::RoleBinding> decode_binding(const nlohmann::json& json);

}  // namespace curfew::reconcile
