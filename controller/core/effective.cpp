#include "core/effective.hpp"

#include "core/identity.hpp"
#include "util/duration.hpp"

namespace curfew::core {

std::vector<const Place*> places(const Input& input) {
  std::vector<const Place*> all{&input};
  for (const Place& other : input.others) all.push_back(&other);
  return all;
}

bool is_going(const Place& place) {
  return !place.where.empty() && (!place.ns || place.ns->metadata.deletion_timestamp);
}

std::optional<api::RoleRef> effective_role(const api::AccessRequest& request,
                                           const api::AccessPolicy* policy) {
  if (request.status.role_ref) return request.status.role_ref;
  if (request.spec.role) return request.spec.role;
  if (policy != nullptr && policy->spec.roles.size() == 1) return policy->spec.roles.front();
  return std::nullopt;
}

std::string effective_duration(const api::AccessRequest& request, const api::AccessPolicy* policy) {
  if (!request.status.duration.empty()) return request.status.duration;
  if (!request.spec.duration.empty()) return request.spec.duration;
  if (policy == nullptr) return "";
  return policy->spec.default_duration.empty() ? policy->spec.max_duration : policy->spec.default_duration;
}

std::optional<api::Subject> effective_subject(const api::AccessRequest& request) {
  if (request.status.subject) return request.status.subject;
  if (!request.spec.requester) return request.spec.subject;
  if (!request.spec.subject || username_of(*request.spec.subject) == request.spec.requester->username)
    return subject_for(*request.spec.requester);
  return request.spec.subject;
}

std::optional<api::ExtendedRef> effective_extends(const Input& input) {
  const api::AccessRequest& request = *input.request;
  if (request.spec.extends.empty()) return std::nullopt;
  if (input.granted_record && input.granted_record->extends) return input.granted_record->extends;
  if (request.status.extends) return request.status.extends;
  return input.extended && input.extended->is_active ? input.extended->access : std::nullopt;
}

api::PolicyRef reference_to(const api::AccessPolicy& policy) {
  return {.name = policy.metadata.name, .uid = policy.metadata.uid, .generation = policy.metadata.generation};
}

bool had_policy(const api::AccessRequest& request) {
  return request.status.policy && !request.status.policy->uid.empty();
}

api::AccessRequestStatus pinned_status(const Input& input) {
  const api::AccessRequest& request = *input.request;
  api::AccessRequestStatus status = request.status;
  if (!status.phase) status.phase = api::Phase::Pending;
  if (!status.requested_at) status.requested_at = request.metadata.creation_timestamp;
  status.subject = effective_subject(request);
  status.role_ref = effective_role(request, input.policy.get());
  if (status.role_uid.empty() && input.role) {
    status.role_uid = input.role->uid;
    status.role_rules_hash = input.role->rules_hash;
  }
  if (const auto duration = parse_duration(effective_duration(request, input.policy.get())))
    status.duration = format_duration(*duration);
  status.extends = effective_extends(input);
  if (!had_policy(request))
    status.policy = input.policy ? reference_to(*input.policy) : api::PolicyRef{.name = request.spec.policy};
  return status;
}

}  // namespace curfew::core
