#include "kube/request.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "api/names.hpp"
#include "util/percent_encoding.hpp"

namespace curfew::kube {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kMergePatch = "application/merge-patch+json";

// Foreign text (a username in a certificate) may contain invalid UTF-8: replace it instead of throwing.
std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Query {
 public:
  void add(std::string_view key, std::string_view value) {
    text_ += text_.empty() ? '?' : '&';
    text_ += key;
    text_ += '=';
    text_ += percent_encode(value);
  }
  void add_if(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string as_manager() {
  Query query;
  query.add("fieldManager", api::kFieldManager);
  return query.text();
}

http::Request patch_request(std::string target, const nlohmann::json& patch) {
  return {.method = http::Method::Patch,
          .target = std::move(target) + as_manager(),
          .content_type = std::string(kMergePatch),
          .body = dump(patch)};
}

}  // namespace

std::string escape_field_value(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == ',' || c == '=') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string target_of(const Resource& resource, std::string_view ns, std::string_view name,
                      std::string_view subresource) {
  std::string target = resource.path;
  if (!ns.empty()) target += "/namespaces/" + percent_encode(ns);
  target += "/" + resource.plural;
  if (!name.empty()) target += "/" + percent_encode(name);
  if (!subresource.empty()) target += "/" + std::string(subresource);
  return target;
}

http::Request list_request(const Resource& resource, const Selection& selection, const ListParams& params) {
  Query query;
  query.add_if("labelSelector", selection.labels);
  query.add_if("fieldSelector", selection.fields);
  if (params.limit > 0) query.add("limit", std::to_string(params.limit));
  query.add_if("continue", params.continue_token);
  // The server refuses both together: a continue token carries its own resource version.
  if (params.continue_token.empty()) query.add_if("resourceVersion", params.resource_version);
  return {.method = http::Method::Get, .target = target_of(resource, selection.ns) + query.text()};
}

http::Request watch_request(const Resource& resource, const Selection& selection, const WatchParams& params) {
  Query query;
  query.add("watch", "true");
  query.add_if("labelSelector", selection.labels);
  query.add_if("fieldSelector", selection.fields);
  query.add_if("resourceVersion", params.resource_version);
  if (params.allow_bookmarks) query.add("allowWatchBookmarks", "true");
  if (params.timeout.count() > 0) query.add("timeoutSeconds", std::to_string(params.timeout.count()));
  return {.method = http::Method::Get, .target = target_of(resource, selection.ns) + query.text()};
}

http::Request get_request(const Resource& resource, const api::ObjectKey& key) {
  return {.method = http::Method::Get, .target = target_of(resource, key.ns, key.name)};
}

http::Request create_request(const Resource& resource, std::string_view ns, const nlohmann::json& object) {
  return json_request(http::Method::Post, target_of(resource, ns) + as_manager(), object);
}

http::Request update_request(const Resource& resource, const api::ObjectKey& key,
                             const nlohmann::json& object) {
  return json_request(http::Method::Put, target_of(resource, key.ns, key.name) + as_manager(), object);
}

http::Request merge_patch_request(const Resource& resource, const api::ObjectKey& key,
                                  const nlohmann::json& patch) {
  return patch_request(target_of(resource, key.ns, key.name), patch);
}

nlohmann::json status_patch(const api::ObjectMeta& as_read, nlohmann::json status) {
  return {{"metadata", {{"uid", as_read.uid}, {"resourceVersion", as_read.resource_version}}},
          {"status", std::move(status)}};
}

http::Request status_patch_request(const Resource& resource, const api::ObjectKey& key,
                                   const nlohmann::json& patch) {
  return patch_request(target_of(resource, key.ns, key.name, "status"), patch);
}

http::Request delete_request(const Resource& resource, const api::ObjectKey& key, std::string_view uid) {
  nlohmann::json options = {
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  options["preconditions"]["uid"] = uid;
  return json_request(http::Method::Delete, target_of(resource, key.ns, key.name), options);
}

http::Request json_request(http::Method method, std::string target, const nlohmann::json& body) {
  return {
      .method = method, .target = std::move(target), .content_type = std::string(kJson), .body = dump(body)};
}

}  // namespace curfew::kube
