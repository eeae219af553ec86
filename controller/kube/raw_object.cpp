#include "kube/raw_object.hpp"

#include "kube/client.hpp"

namespace curfew::kube {

Result<RawObject> decode_raw(const nlohmann::json& json) {
  RawObject object;
  object.metadata.name = metadata_string(json, "name");
  object.metadata.ns = metadata_string(json, "namespace");
  object.metadata.uid = metadata_string(json, "uid");
  object.metadata.resource_version = metadata_string(json, "resourceVersion");
  if (object.metadata.name.empty()) return fail(ErrorKind::Decode, "metadata.name is missing");
  const auto& metadata = json.at("metadata");
  if (const auto generation = metadata.find("generation");
      generation != metadata.end() && generation->is_number_integer())
    object.metadata.generation = generation->get<std::int64_t>();
  if (const auto created = parse_rfc3339(metadata_string(json, "creationTimestamp")))
    object.metadata.creation_timestamp = *created;
  object.metadata.deletion_timestamp = parse_rfc3339(metadata_string(json, "deletionTimestamp"));
  object.json = std::make_shared<const nlohmann::json>(json);
  return object;
}

}  // namespace curfew::kube
