#include "api/writer.hpp"

namespace curfew::api {

void Writer::set(const char* name, nlohmann::json value) {
  if (value.is_null() && empty_ == Empty::LeftOut) return;
  json_[name] = std::move(value);
}

Writer& Writer::put_micro(const char* name, TimePoint time) {
  json_[name] = format_rfc3339_micro(time);
  return *this;
}

nlohmann::json Writer::to_json(const Person& value) const {
  return Writer(empty_).put("username", value.username).put("groups", value.groups).done();
}

// A merge patch also merges nested objects: a previous subject's namespace must not survive in the new one.
nlohmann::json Writer::to_json(const Subject& value) const {
  return Writer(empty_).put("kind", value.kind).put("name", value.name).put("namespace", value.ns).done();
}

nlohmann::json Writer::to_json(const RoleRef& value) const {
  return Writer(empty_).put("kind", value.kind).put("name", value.name).done();
}

nlohmann::json Writer::to_json(const PolicyRef& value) const {
  return Writer(empty_)
      .put("name", value.name)
      .put("uid", value.uid)
      .put_always("generation", value.generation)
      .done();
}

nlohmann::json to_json(const Subject& subject) {
  return Writer().put("kind", subject.kind).put("name", subject.name).put("namespace", subject.ns).done();
}

nlohmann::json to_json(const RoleRef& role) {
  return Writer().put("kind", role.kind).put("name", role.name).done();
}

nlohmann::json to_json(const std::vector<Condition>& conditions) {
  nlohmann::json list = nlohmann::json::array();
  for (const Condition& condition : conditions) {
    list.push_back({{"type", condition.type},
                    {"status", condition.status},
                    {"reason", condition.reason},
                    {"message", condition.message},
                    {"observedGeneration", condition.observed_generation},
                    {"lastTransitionTime", format_rfc3339(condition.last_transition_time)}});
  }
  return list;
}

nlohmann::json to_json(const ObjectMeta& meta) {
  Writer writer;
  writer.put("name", meta.name)
      .put("namespace", meta.ns)
      .put("uid", meta.uid)
      .put("resourceVersion", meta.resource_version);
  if (meta.generation != 0) writer.put_always("generation", meta.generation);
  if (meta.creation_timestamp != TimePoint{}) writer.put("creationTimestamp", meta.creation_timestamp);
  writer.put("deletionTimestamp", meta.deletion_timestamp)
      .put("labels", meta.labels)
      .put("annotations", meta.annotations);
  writer.put("finalizers", meta.finalizers);
  nlohmann::json owners = nlohmann::json::array();
  // Neither `controller` nor `blockOwnerDeletion`: on OpenShift they need permission on the owner's
  // finalizers.
  for (const OwnerReference& owner : meta.owner_references) {
    owners.push_back(
        {{"apiVersion", owner.api_version}, {"kind", owner.kind}, {"name", owner.name}, {"uid", owner.uid}});
  }
  return writer.put("ownerReferences", owners).done();
}

}  // namespace curfew::api
