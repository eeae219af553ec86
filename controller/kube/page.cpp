#include "kube/page.hpp"

namespace curfew::kube {
namespace {

std::string found_in(const Fragment& fragment, const char* path) {
  const auto found = fragment.strings.find(path);
  return found == fragment.strings.end() ? std::string() : found->second;
}

// The API server writes the metadata of a list before its items, or after them if the kind is a custom
// resource.
Fragment read_list_metadata(std::string_view text) {
  Fragment fragment = parse_fragment(text, {"metadata.continue", "metadata.resourceVersion",
                                            "items.metadata.name", "items.metadata.namespace"});
  constexpr std::string_view kMetadata = "\"metadata\":";
  const std::size_t last = text.rfind(kMetadata);
  if (fragment.is_cut_short || fragment.strings.contains("metadata.resourceVersion") ||
      last == std::string_view::npos)
    return fragment;
  const std::string behind = "{" + std::string(text.substr(last));
  for (auto& [path, value] :
       parse_fragment(behind, {"metadata.continue", "metadata.resourceVersion"}).strings)
    fragment.strings.emplace(path, std::move(value));
  return fragment;
}

}  // namespace

std::optional<Page<Undecodable>> page_without_object(std::string_view text, const std::optional<Error>& cut) {
  if (cut && cut->kind == ErrorKind::Timeout) return std::nullopt;
  const Fragment head = read_list_metadata(text);
  Page<Undecodable> page;
  page.resource_version = found_in(head, "metadata.resourceVersion");
  page.continue_token = found_in(head, "metadata.continue");
  // A text that ends too early was truncated in transit and says nothing about its object.
  if (page.resource_version.empty() || (!cut && head.is_cut_short)) return std::nullopt;
  page.undecodable.push_back(
      {{found_in(head, "items.metadata.namespace"), found_in(head, "items.metadata.name")},
       cut ? cut->message : "it is not JSON"});
  return page;
}

std::string metadata_string(const nlohmann::json& object, const char* field) {
  if (!object.is_object()) return {};
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return {};
  const auto found = metadata->find(field);
  return found != metadata->end() && found->is_string() ? found->get<std::string>() : std::string();
}

api::ObjectKey key_of(const nlohmann::json& object) {
  return {metadata_string(object, "namespace"), metadata_string(object, "name")};
}

}  // namespace curfew::kube
