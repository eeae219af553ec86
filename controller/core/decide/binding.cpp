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

api::RoleBinding binding_for(const api::AccessRequest& request, const Grant& grant,
                             const std::string& where) {
  api::RoleBinding binding;
  binding.metadata.name = api::binding_name(request);
  binding.metadata.ns = where;
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
  const std::string where = api::places_of(request).front();
  return {.kind = std::string(api::kind_of<api::RoleBinding>(where)),
          .ns = where,
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

namespace {

std::optional<std::string> tampering_at(const Input& input, const Place& place,
                                        std::optional<TimePoint> expires_at) {
  const api::RoleBinding& binding = *place.binding;
  const std::string who = describe(api::reference_to(binding));
  if (input.is_unrecorded) return who + " is there although no AuditRecord says that it was granted";
  if (auto what = difference(*input.request, binding, expires_at)) return what;
  if (const auto& record = input.granted_record;
      record && (record->role != binding.role_ref || record->subject != effective_subject(*input.request)))
    return who + " is not what AuditRecord " + record->metadata.name + " says that was granted";
  if (place.has_ended) return who + " is there although access there ended with the namespace";
  if (place.granted_binding_uid.empty() || place.granted_binding_uid == binding.metadata.uid)
    return std::nullopt;
  return who + " was deleted and made again by somebody";
}

}  // namespace

std::optional<std::string> tampering(const Input& input, std::optional<TimePoint> expires_at) {
  for (const Place* place : places(input)) {
    if (!place->binding) continue;
    auto what = tampering_at(input, *place, expires_at);
    if (what) return input.others.empty() ? *what : "in namespace " + place->where + ", " + *what;
  }
  return std::nullopt;
}

Decision remove(const Input& input, const std::optional<Denial>& why) {
  Decision decision{.actions = {}, .next = NextLook::on_change(Watched::Binding)};
  for (const Place* place : places(input)) {
    if (!place->binding) continue;
    const api::ObjectMeta& meta = place->binding->metadata;
    const api::BindingRef ref = api::reference_to(*place->binding);
    if (!meta.deletion_timestamp)
      decision.actions.emplace_back(DeleteBinding{ref, why});
    else if (!meta.finalizers.empty())
      decision.actions.emplace_back(FreeBinding{ref});
  }
  return decision;
}

std::string describe_binding(const Input& input, const Place& place) {
  const std::string name =
      std::string(api::kind_of<api::RoleBinding>(place.where)) + " " + api::binding_name(*input.request);
  return input.others.empty() ? name : name + " in namespace " + place.where;
}

}  // namespace curfew::core
