#include "reconcile/resource_discovery.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "api/decode.hpp"
#include "api/discovery.hpp"

namespace curfew::reconcile {
namespace {

constexpr std::size_t kMaxGroups = 512;  // in memory
constexpr std::size_t kMaxVersions = 8;  // of a group
constexpr std::size_t kMaxName = 253;    // bytes

// Whether the text can stand in a path; anybody who writes roles chooses the names of groups.
bool is_path_segment(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

}  // namespace

std::optional<core::GroupScopes> ResourceDiscovery::group(const std::string& name,
                                                          std::chrono::seconds max_age,
                                                          std::stop_token stop) {
  const auto now = clock_.steady();
  auto known = groups_.with([&](auto& groups) -> std::optional<core::GroupScopes> {
    const auto found = groups.find(name);
    if (found == groups.end() || now - found->second.read_at > max_age) return std::nullopt;
    return found->second.scopes;
  });
  if (known) return known;
  auto scopes = read(name, stop);
  if (!scopes) return std::nullopt;
  groups_.with([&](auto& groups) {
    if (groups.size() >= kMaxGroups) groups.clear();
    groups.insert_or_assign(name, Known{.scopes = *scopes, .read_at = now});
  });
  return scopes;
}

void ResourceDiscovery::forget() {
  groups_.with([](auto& groups) { groups.clear(); });
}

std::optional<core::GroupScopes> ResourceDiscovery::read(const std::string& name,
                                                         const std::stop_token& stop) {
  core::GroupScopes scopes;
  if (name.empty()) return add_version("/api/v1", scopes, stop) ? std::optional(scopes) : std::nullopt;
  if (!is_path_segment(name)) return scopes;
  const std::string path = "/apis/" + name;
  const auto json = client_.get_raw(path, stop);
  if (!json) return json.error().kind == ErrorKind::NotFound ? std::optional(scopes) : std::nullopt;
  auto group = api::decode<api::ApiGroup>(*json);
  if (!group) return std::nullopt;
  if (group->versions.size() > kMaxVersions) group->versions.resize(kMaxVersions);
  for (const auto& [version] : group->versions) {
    if (!is_path_segment(version)) continue;
    std::string target = path;
    target.append("/").append(version);
    if (!add_version(target, scopes, stop)) return std::nullopt;
  }
  return scopes;
}

bool ResourceDiscovery::add_version(const std::string& path, core::GroupScopes& scopes,
                                    const std::stop_token& stop) {
  const auto json = client_.get_raw(path, stop);
  if (!json) return false;
  auto list = api::decode<api::ApiResourceList>(*json);
  if (!list) return false;
  for (auto& [name, is_namespaced] : list->resources)
    if (name.find('/') == std::string::npos)
      (is_namespaced ? scopes.namespaced : scopes.cluster_scoped).insert(std::move(name));
  return true;
}

}  // namespace curfew::reconcile
