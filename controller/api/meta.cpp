#include "api/meta.hpp"

#include <algorithm>

#include "api/reader.hpp"

namespace curfew::api {

std::string to_string(const ObjectKey& key) {
  return key.ns.empty() ? key.name : key.ns + "/" + key.name;
}

void set_condition(std::vector<Condition>& conditions, Condition condition) {
  const auto present = std::find_if(conditions.begin(), conditions.end(),
                                    [&](const Condition& c) { return c.type == condition.type; });
  if (present == conditions.end()) {
    conditions.push_back(std::move(condition));
    return;
  }
  if (present->status == condition.status) condition.last_transition_time = present->last_transition_time;
  *present = std::move(condition);
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

void read(const Reader& reader, OwnerReference& value) {
  reader.get("apiVersion", value.api_version);
  reader.get("kind", value.kind);
  reader.get("name", value.name);
  reader.get("uid", value.uid);
}

void read(const Reader& reader, ObjectMeta& value) {
  reader.get("name", value.name);
  reader.get("namespace", value.ns);
  reader.get("uid", value.uid);
  reader.get("resourceVersion", value.resource_version);
  reader.get("generation", value.generation);
  reader.get("creationTimestamp", value.creation_timestamp);
  reader.get("deletionTimestamp", value.deletion_timestamp);
  reader.get("labels", value.labels);
  reader.get("annotations", value.annotations);
  reader.get("ownerReferences", value.owner_references);
  reader.get("finalizers", value.finalizers);
}

void read(const Reader& reader, Condition& value) {
  reader.get("type", value.type);
  reader.get("status", value.status);
  reader.get("reason", value.reason);
  reader.get("message", value.message);
  reader.get("observedGeneration", value.observed_generation);
  reader.get("lastTransitionTime", value.last_transition_time);
}

void read(const Reader& reader, Person& value) {
  reader.get("username", value.username);
  reader.get("groups", value.groups);
}

void read(const Reader& reader, Subject& value) {
  reader.get("kind", value.kind);
  reader.get("name", value.name);
  reader.get("namespace", value.ns);
}

void read(const Reader& reader, RoleRef& value) {
  reader.get("kind", value.kind);
  reader.get("name", value.name);
}

void read(const Reader& reader, PolicyRef& value) {
  reader.get("name", value.name);
  reader.get("uid", value.uid);
  reader.get("generation", value.generation);
}

}  // namespace curfew::api
