#pragma once

#include <concepts>
#include <type_traits>

#include "api/access_request.hpp"
#include "api/meta.hpp"
#include "api/rbac.hpp"

// Only for the sources of this folder. fields() names each field of a struct once, for the Reader, which gets
// a struct to fill, and the Writer, which gets a constant one.
namespace curfew::api {

template <class T, class Struct>
concept Either = std::same_as<std::remove_const_t<T>, Struct>;

// On OpenShift `controller` and `blockOwnerDeletion`, which are not here, need permission on the owner's
// finalizers.
template <class V>
void fields(V& v, Either<OwnerReference> auto& owner) {
  v.always("apiVersion", owner.api_version);
  v.always("kind", owner.kind);
  v.always("name", owner.name);
  v.always("uid", owner.uid);
}

template <class V>
void fields(V& v, Either<ObjectMeta> auto& meta) {
  v.field("name", meta.name);
  v.field("namespace", meta.ns);
  v.field("uid", meta.uid);
  v.field("resourceVersion", meta.resource_version);
  v.field("generation", meta.generation);
  v.field("creationTimestamp", meta.creation_timestamp);
  v.field("deletionTimestamp", meta.deletion_timestamp);
  v.field("labels", meta.labels);
  v.field("annotations", meta.annotations);
  v.field("ownerReferences", meta.owner_references);
  v.field("finalizers", meta.finalizers);
}

template <class V>
void fields(V& v, Either<Condition> auto& condition) {
  v.always("type", condition.type);
  v.always("status", condition.status);
  v.always("reason", condition.reason);
  v.always("message", condition.message);
  v.always("observedGeneration", condition.observed_generation);
  v.always("lastTransitionTime", condition.last_transition_time);
}

template <class V>
void fields(V& v, Either<Person> auto& person) {
  v.field("username", person.username);
  v.field("groups", person.groups);
}

template <class V>
void fields(V& v, Either<Subject> auto& subject) {
  v.field("kind", subject.kind);
  v.field("name", subject.name);
  v.field("namespace", subject.ns);
}

template <class V>
void fields(V& v, Either<RoleRef> auto& role) {
  v.field("kind", role.kind);
  v.field("name", role.name);
}

template <class V>
void fields(V& v, Either<PolicyRule> auto& value) {
  v.field("apiGroups", value.api_groups);
  v.field("resources", value.resources);
  v.field("verbs", value.verbs);
  v.field("resourceNames", value.resource_names);
  v.field("nonResourceURLs", value.non_resource_urls);
}

template <class V>
void fields(V& v, Either<ExtendedRef> auto& extended) {
  v.field("name", extended.name);
  v.field("uid", extended.uid);
  v.always("expiresAt", extended.expires_at);
  v.always("since", extended.since);
}

template <class V>
void fields(V& v, Either<ReviewTerms> auto& review) {
  v.always("required", review.required);
  v.field("reviewers", review.reviewers);
  v.field("within", review.within);
  v.field("dueAt", review.due_at);
  v.field("overdueAt", review.overdue_at);
  v.field("observed", review.observed);
  v.field("reviewedBy", review.reviewed_by);
}

template <class V>
void fields(V& v, Either<PolicyRef> auto& policy) {
  v.field("name", policy.name);
  v.field("uid", policy.uid);
  v.always("generation", policy.generation);
}

}  // namespace curfew::api
