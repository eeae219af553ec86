#include "client/object_ref.hpp"

#include <algorithm>

#include "util/percent_encoding.hpp"

namespace curfew::client {
namespace {

constexpr std::string_view kRbacPath = "/apis/rbac.authorization.k8s.io/";

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// RFC 1123: lower case letters, digits and '-'; the first and last characters are not '-'.
bool is_dns_label(std::string_view text, std::size_t max_length) {
  return !text.empty() && text.size() <= max_length && is_lower_or_digit(text.front()) &&
         is_lower_or_digit(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  constexpr std::size_t kMaxLength = 253;
  if (text.size() > kMaxLength) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot), kMaxLength)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// The API server accepts any single path segment as the name of a role.
bool is_path_segment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && text.find_first_of("/%") == std::string_view::npos;
}

// {"rbac.authorization.k8s.io", "v1"}; the core group has an empty name.
std::pair<std::string_view, std::string_view> group_and_version(std::string_view path) {
  const auto slash = path.rfind('/');
  constexpr std::string_view kApis = "/apis/";
  const auto group =
      path.starts_with(kApis) ? path.substr(kApis.size(), slash - kApis.size()) : std::string_view();
  return {group, path.substr(slash + 1)};
}

}  // namespace

bool can_be_namespace(std::string_view ns) {
  constexpr std::size_t kMaxLength = 63;
  return ns.empty() || is_dns_label(ns, kMaxLength);
}

bool can_exist(const ObjectRef& ref) {
  return can_be_namespace(ref.key.ns) &&
         (ref.path.starts_with(kRbacPath) ? is_path_segment(ref.key.name) : is_dns_subdomain(ref.key.name));
}

std::string path_of(std::string_view path, std::string_view plural, const std::string& ns) {
  const std::string scope = ns.empty() ? "" : "namespaces/" + percent_encode(ns) + "/";
  return std::string(path) + "/" + scope + std::string(plural);
}

std::string path_of(const ObjectRef& ref) {
  return path_of(ref.path, ref.plural, ref.key.ns) + "/" + percent_encode(ref.key.name);
}

std::string argument_of(const ObjectRef& ref) {
  const auto [group, version] = group_and_version(ref.path);
  std::string result(ref.plural);
  if (!group.empty()) result.append(".").append(version).append(".").append(group);
  return result + "/" + ref.key.name;
}

std::string resource_of(const ObjectRef& ref) {
  const auto [group, version] = group_and_version(ref.path);
  std::string result(ref.plural);
  if (!group.empty()) result.append(".").append(group);
  return result;
}

std::string name_in_errors(const ObjectRef& ref) {
  return resource_of(ref) + " \"" + ref.key.name + "\"";
}

std::string query_of(const Selection& selection) {
  std::string query;
  if (!selection.fields.empty()) query += "&fieldSelector=" + percent_encode(selection.fields);
  if (!selection.labels.empty()) query += "&labelSelector=" + percent_encode(selection.labels);
  return query.empty() ? query : query.substr(1);
}

}  // namespace curfew::client
