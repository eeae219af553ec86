#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/rbac.hpp"
#include "core/input.hpp"
#include "util/result.hpp"

// What the stores keep of an object: no more than decisions read, so that memory is bounded whatever others
// write into labels, annotations, finalizers and rules.
namespace curfew::reconcile {

// Of a Role or ClusterRole. What it allows is hashed as it is read.
struct RoleSummary {
  struct Metadata {
    std::string name;
    std::string ns;  // empty: a ClusterRole
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
// Labels, annotations, finalizers and owners, of kinds of which no decision reads them. For answers to
// writes, too, which stores assume.
void drop_unread(api::ObjectMeta& metadata);

RoleSummary summary_of(const api::Role& role);
RoleSummary summary_of(const api::ClusterRole& role);

Result<RoleSummary> decode_role(const nlohmann::json& json);
Result<RoleSummary> decode_cluster_role(const nlohmann::json& json);
// Without labels, annotations, finalizers and owners: what counts of annotations, the API server has turned
// into decisions.
Result<api::AccessRequest> decode_request(const nlohmann::json& json);
Result<api::AccessPolicy> decode_policy(const nlohmann::json& json);
// Labels only, which policies select by.
Result<api::Namespace> decode_namespace(const nlohmann::json& json);
// Labels, annotations and owners that Curfew writes, whether there are finalizers, and as many subjects as
// show that there is more than one.
Result<api::RoleBinding> decode_binding(const nlohmann::json& json);

}  // namespace curfew::reconcile
