#include "unit/client/fake_cluster.hpp"

#include <algorithm>

namespace curfew::client::test {
namespace {

using nlohmann::json;

std::string plural_of(const std::string& kind) {
  static const std::map<std::string, std::string> plurals{
      {"AccessRequest", "accessrequests"}, {"ClusterAccessRequest", "clusteraccessrequests"},
      {"AccessPolicy", "accesspolicies"},  {"AuditRecord", "auditrecords"},
      {"ClusterRole", "clusterroles"},     {"Role", "roles"},
      {"Namespace", "namespaces"}};
  return plurals.at(kind);
}

std::string path_of_object(const json& object) {
  const std::string version = object.at("apiVersion");
  const std::string ns = object.at("metadata").value("namespace", "");
  const std::string base = (version == "v1" ? "/api/" : "/apis/") + version;
  return path_of(base, plural_of(object.at("kind")), ns) + "/" +
         object.at("metadata").at("name").get<std::string>();
}

std::map<std::string, std::string> parameters_of(const std::string& query) {
  std::map<std::string, std::string> result;
  std::size_t begin = 0;
  while (begin < query.size()) {
    const auto end = std::min(query.find('&', begin), query.size());
    const std::string part = query.substr(begin, end - begin);
    const auto equals = part.find('=');
    result[part.substr(0, equals)] = part.substr(equals + 1);
    begin = end + 1;
  }
  return result;
}

// "a.b=c" or "a.b!=c", percent-encoded, several of them joined by commas.
bool is_selected(const json& object, std::string selector) {
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (auto at = selector.find(from); at != std::string::npos; at = selector.find(from))
      selector.replace(at, from.size(), to);
  };
  replace("%3D", "=");
  replace("%21", "!");
  replace("%2C", ",");
  std::size_t begin = 0;
  while (begin < selector.size()) {
    const auto end = std::min(selector.find(',', begin), selector.size());
    const std::string term = selector.substr(begin, end - begin);
    const auto equals = term.find('=');
    const bool is_negative = term[equals - 1] == '!';
    std::string pointer = "/" + term.substr(0, is_negative ? equals - 1 : equals);
    std::ranges::replace(pointer, '.', '/');
    const json::json_pointer at(pointer);
    const json value = object.contains(at) ? object.at(at) : json("");
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if ((text == term.substr(equals + 1)) == is_negative) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

void FakeCluster::add(const json& object) {
  objects_[path_of_object(object)] = object;
}

long FakeCluster::count(std::string_view begin) const {
  return std::ranges::count_if(calls, [&](const std::string& call) { return call.starts_with(begin); });
}

Result<json> FakeCluster::object_at(const std::string& path) const {
  if (forbidden.contains(path)) return fail(ErrorKind::Forbidden, path + " is forbidden");
  const auto found = objects_.find(path);
  if (found == objects_.end()) return fail(ErrorKind::NotFound, path + " not found");
  return found->second;
}

Result<json> FakeCluster::read(const std::string& path) const {
  calls.push_back("GET " + path);
  const auto mark = path.find('?');
  const std::string base = path.substr(0, mark);
  if (mark == std::string::npos) return object_at(base);
  if (forbidden.contains(base)) return fail(ErrorKind::Forbidden, base + " is forbidden");
  auto parameters = parameters_of(path.substr(mark + 1));
  const std::string token = parameters["continue"];
  if (expired_tokens.contains(token)) {
    expired_tokens.erase(token);
    return fail(ErrorKind::Gone, "the continue parameter is too old");
  }
  const std::string plural = base.substr(base.rfind('/'));
  std::vector<json> all;
  for (const auto& [at, object] : objects_) {
    const std::string collection = at.substr(0, at.rfind('/'));
    const bool is_of_all_namespaces =
        base.find("/namespaces/") == std::string::npos && collection.ends_with(plural);
    if ((collection == base || is_of_all_namespaces) && is_selected(object, parameters["fieldSelector"]))
      all.push_back(object);
  }
  const auto begin = token.empty() ? 0 : std::stoul(token);
  const auto end = std::min(all.size(), begin + std::stoul(parameters["limit"]));
  json items = json::array();
  for (auto i = begin; i < end; ++i) {
    all[i].erase("kind");
    all[i].erase("apiVersion");
    items.push_back(all[i]);
  }
  return json{{"metadata", {{"continue", end < all.size() ? std::to_string(end) : ""}}}, {"items", items}};
}

std::vector<Result<json>> FakeCluster::read_objects(const std::vector<ObjectRef>& refs) const {
  calls.push_back("GET of " + std::to_string(refs.size()));
  std::vector<Result<json>> results;
  for (const ObjectRef& ref : refs) results.push_back(object_at(path_of(ref)));
  return results;
}

Result<json> FakeCluster::review_self() const {
  calls.emplace_back("WHOAMI");
  return json{{"status", {{"userInfo", {{"username", username}, {"groups", groups}}}}}};
}

Result<void> FakeCluster::watch(const std::string& path,
                                const std::function<bool(const json& event)>& take) const {
  calls.push_back("WATCH " + path);
  if (on_watch) return on_watch(take);
  for (const auto& [at, object] : objects_) {
    if (at.find("accessrequests") != std::string::npos && !take({{"type", "ADDED"}, {"object", object}}))
      return {};
  }
  return {};
}

std::vector<Result<json>> FakeCluster::create_objects(const std::vector<json>& objects, const std::string& ns,
                                                      bool dry_run) const {
  calls.push_back("CREATE of " + std::to_string(objects.size()) + (dry_run ? ", dry" : ""));
  std::vector<Result<json>> results;
  for (json object : objects) {
    const auto refused = refused_policies.find(object.at("spec").at("policy"));
    if (refused != refused_policies.end()) {
      results.emplace_back(fail(ErrorKind::Forbidden, refused->second));
      continue;
    }
    object["metadata"]["namespace"] = ns;
    if (!object["metadata"].contains("name"))
      object["metadata"]["name"] = object["metadata"].at("generateName").get<std::string>() + "x7k2p";
    if (objects_.contains(path_of_object(object))) {
      results.emplace_back(fail(ErrorKind::AlreadyExists, "it already exists"));
      continue;
    }
    if (!dry_run) created.push_back(object);
    results.emplace_back(object);
  }
  return results;
}

Result<json> FakeCluster::patch(const ObjectRef& ref, const json& change) const {
  calls.push_back("PATCH " + ref.key.name);
  if (!refusals.empty()) {
    const Error refusal = refusals.front();
    refusals.erase(refusals.begin());
    after_patch_refusal();
    return tl::unexpected(refusal);
  }
  auto object = object_at(path_of(ref));
  if (!object) return object;
  if (object->at("metadata").at("uid") != change.at("metadata").at("uid") ||
      object->at("metadata").at("resourceVersion") != change.at("metadata").at("resourceVersion"))
    return fail(ErrorKind::Conflict, "the object has been modified");
  patches.push_back(change);
  object->merge_patch(change);
  objects_[path_of(ref)] = *object;
  return object;
}

json a_request(const std::string& name, const json& more) {
  json request = json::parse(R"({
    "apiVersion": "curfew.dev/v1alpha1", "kind": "AccessRequest",
    "metadata": {"namespace": "payments", "resourceVersion": "7", "creationTimestamp": "2026-11-24T19:00:00Z"},
    "spec": {"policy": "debug", "role": {"kind": "ClusterRole", "name": "view"}, "duration": "1h", "reason": "INC-1",
             "requester": {"username": "alice", "groups": ["developers"]}},
    "status": {"phase": "Pending"}})");
  request["metadata"]["name"] = name;
  request["metadata"]["uid"] = "uid-of-" + name;
  request.merge_patch(more);
  return request;
}

json a_policy(const std::string& name, const json& more) {
  json policy = json::parse(R"({
    "apiVersion": "curfew.dev/v1alpha1", "kind": "AccessPolicy",
    "metadata": {"resourceVersion": "7", "generation": 1},
    "spec": {"requesters": [{"kind": "Group", "name": "developers"}], "roles": [{"kind": "ClusterRole", "name": "view"}],
             "namespaces": {"names": ["payments"]}, "duration": {"default": "30m", "max": "2h"},
             "approval": {"required": 1, "approvers": [{"kind": "Group", "name": "sre"}]}},
    "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "x",
                               "lastTransitionTime": "2026-01-01T00:00:00Z"}]}})");
  policy["metadata"]["name"] = name;
  policy["metadata"]["uid"] = "uid-of-" + name;
  policy.merge_patch(more);
  return policy;
}

json a_cluster_role(const std::string& name) {
  json role = json::parse(R"({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                              "metadata": {"resourceVersion": "7"}, "rules": []})");
  role["metadata"]["name"] = name;
  role["metadata"]["uid"] = "uid-of-" + name;
  return role;
}

json a_record(const std::string& action, const std::string& time, const std::string& uid) {
  json record = json::parse(R"({"apiVersion": "curfew.dev/v1alpha1", "kind": "AuditRecord", "metadata": {},
                                "request": {"namespace": "payments", "name": "fix"}})");
  record["metadata"]["name"] = "record-" + uid + "-" + action;
  record["metadata"]["uid"] = "uid-of-" + uid + "-" + action;
  record["action"] = action;
  record["time"] = time;
  record["request"]["uid"] = uid;
  return record;
}

}  // namespace curfew::client::test
