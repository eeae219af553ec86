#include "core/decide/binding.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/managed_binding.hpp"
#include "api/names.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"

namespace curfew::core {
namespace {

bool is_owner(const api::OwnerReference& owner, const api::AccessRequest& request) {
  return owner.kind == api::kind_of<api::AccessRequest>(request.metadata.ns) &&
         owner.uid == request.metadata.uid;
}

bool is_owned(const api::AccessRequest& request, const api::RoleBinding& binding) {
  const auto& owners = binding.metadata.owner_references;
  return std::any_of(owners.begin(), owners.end(),
                     [&](const auto& owner) { return is_owner(owner, request); });
}

bool is_labelled(const api::AccessRequest& request, const api::RoleBinding& binding) {
  return api::request_uid_of(binding) == request.metadata.uid;
}

std::string written(const api::RoleBinding& binding, std::string_view annotation) {
  const auto found = binding.metadata.annotations.find(std::string(annotation));
  return found == binding.metadata.annotations.end() ? "" : found->second;
}

std::string written_end(const api::RoleBinding& binding) {
  return written(binding, api::kExpiresAtAnnotation);
}

// Any user name is valid here: invalid UTF-8 is replaced and does not throw.
std::string as_json(const std::vector<std::string>& names) {
  return nlohmann::json(names).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

api::RoleBinding binding_for(const api::AccessRequest& request, const Grant& grant) {
  api::RoleBinding binding;
  binding.metadata.name = api::binding_name(request);
  binding.metadata.ns = grant.scope.ns;
  binding.metadata.labels = {{std::string(api::kRequestUidLabel), request.metadata.uid}};
  binding.metadata.annotations = {
      {std::string(api::kExpiresAtAnnotation), format_rfc3339(grant.span.expires_at)},
      {std::string(api::kRequestAnnotation), api::to_string(request.metadata.key())},
      {std::string(api::kPolicyAnnotation), request.spec.policy},
      {std::string(api::kApprovedByAnnotation), as_json(grant.approved_by)}};
  binding.metadata.owner_references = {
      {.api_version = std::string(api::kGroupVersion),
       .kind = std::string(api::kind_of<api::AccessRequest>(request.metadata.ns)),
       .name = request.metadata.name,
       .uid = request.metadata.uid}};
  binding.role_ref = grant.role;
  binding.subjects = {grant.subject};
  return binding;
}

api::BindingRef binding_of(const api::AccessRequest& request) {
  const Scope scope = scope_of(request);
  return {.kind = std::string(api::kind_of<api::RoleBinding>(scope.ns)),
          .ns = scope.ns,
          .name = api::binding_name(request),
          .uid = {}};
}

std::string describe(const api::BindingRef& binding) {
  return binding.kind + " " + binding.name;
}

api::ObjectReference object_of(const api::BindingRef& binding) {
  return {.api_version = "rbac.authorization.k8s.io/v1",
          .kind = binding.kind,
          .ns = binding.ns,
          .name = binding.name,
          .uid = binding.uid};
}

bool is_named_for(const api::AccessRequest& request, const api::RoleBinding& binding) {
  return binding.metadata.name == api::binding_name(request) && is_labelled(request, binding);
}

bool is_ours(const api::AccessRequest& request, const api::RoleBinding& binding) {
  return is_named_for(request, binding) && is_owned(request, binding);
}

std::optional<std::string> difference(const api::AccessRequest& request, const api::RoleBinding& binding,
                                      std::optional<TimePoint> expires_at) {
  const std::string who = describe(api::reference_to(binding));
  if (!is_labelled(request, binding)) return who + " does not carry this request's label";
  if (!is_owned(request, binding)) return who + " is not owned by this request";
  const auto role = effective_role(request, nullptr);
  if (!role || binding.role_ref != *role)
    return who + " is for " + describe(binding.role_ref) + (role ? ", not " + describe(*role) : "");
  const auto subject = effective_subject(request);
  if (!subject || binding.subjects != std::vector{*subject})
    return who + " is not for " + (subject ? describe(*subject) : "anybody known") + " alone";
  const auto end = api::stated_end(binding);
  if (!end)
    return who + " says " + in_quotes(written_end(binding)) + " in " +
           std::string(api::kExpiresAtAnnotation) + ", which is not a time";
  if (expires_at && *end > *expires_at) {
    return who + " says that it ends at " + format_rfc3339(*end) + ", not at " + format_rfc3339(*expires_at);
  }
  const std::pair<std::string_view, std::string> of_whom[] = {
      {api::kRequestAnnotation, api::to_string(request.metadata.key())},
      {api::kPolicyAnnotation, request.spec.policy}};
  for (const auto& [annotation, expected] : of_whom) {
    if (const std::string said = written(binding, annotation); said != expected)
      return who + " says " + in_quotes(said) + " in " + std::string(annotation) + ", not " +
             in_quotes(expected);
  }
  return std::nullopt;
}

std::optional<std::string> tampering(const Input& input, std::optional<TimePoint> expires_at) {
  const api::RoleBinding& binding = *input.binding;
  const std::string who = describe(api::reference_to(binding));
  if (input.is_unrecorded) return who + " is there although no AuditRecord says that it was granted";
  if (auto what = difference(*input.request, binding, expires_at)) return what;
  if (const auto& record = input.granted_record;
      record && (record->role != binding.role_ref || record->subject != effective_subject(*input.request)))
    return who + " is not what AuditRecord " + record->metadata.name + " says that was granted";
  if (input.granted_binding_uid.empty() || input.granted_binding_uid == binding.metadata.uid)
    return std::nullopt;
  return who + " was deleted and made again by somebody";
}

Decision remove(const api::RoleBinding& binding, std::optional<Denial> why) {
  const NextLook next = NextLook::on_change(Watched::Binding);
  const api::BindingRef ref = api::reference_to(binding);
  if (!binding.metadata.deletion_timestamp)
    return {.actions = {DeleteBinding{ref, std::move(why)}}, .next = next};
  if (!binding.metadata.finalizers.empty()) return {.actions = {FreeBinding{ref}}, .next = next};
  return {.actions = {}, .next = next};
}

}  // namespace curfew::core
