#include "client/cluster.hpp"

#include <algorithm>

namespace curfew::client {
namespace {

using nlohmann::json;

constexpr std::string_view kRbacPath = "/apis/rbac.authorization.k8s.io/";

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// RFC 1123: lower case letters, digits and '-'; the first and last characters are not '-'.
bool is_dns_label(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && is_lower_or_digit(text.front()) &&
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

Result<json> parsed(const Result<std::string>& text) {
  if (!text) return tl::unexpected(text.error());
  json result = json::parse(*text, nullptr, false);
  if (result.is_discarded())
    return fail(ErrorKind::Decode, "kubectl did not answer in JSON: " + text->substr(0, 200));
  return result;
}

json decision_json(const api::Decision& decision) {
  json result{{"verdict", api::to_string(decision.verdict)},
              {"username", std::string(decision.person.username)},
              {"groups", json::array()}};
  for (const auto& group : decision.person.groups) result["groups"].push_back(std::string(group));
  if (!decision.comment.empty()) result["comment"] = decision.comment;
  return result;
}

}  // namespace

bool Cluster::can_be_namespace(std::string_view ns) {
  constexpr std::size_t kMaxLength = 63;
  return ns.empty() || is_dns_label(ns, kMaxLength);
}

// kubectl parses and rebuilds the path of "get --raw", which would turn an escaped "../" back into a real
// one.
bool Cluster::can_be_in_path(std::string_view path, const api::ObjectKey& key) {
  return can_be_namespace(key.ns) &&
         (path.starts_with(kRbacPath) ? is_path_segment(key.name) : is_dns_subdomain(key.name));
}

tl::unexpected<Error> Cluster::no_namespace(const std::string& ns) {
  return fail(ErrorKind::Invalid,
              "there can be no namespace " + ns +
                  ": a name has lower case letters, digits and '-' only, and at most 63 of them");
}

std::string Cluster::path_of(std::string_view path, std::string_view plural, const std::string& ns) {
  const std::string scope = ns.empty() ? "" : "namespaces/" + percent_encode(ns) + "/";
  return std::string(path) + "/" + scope + std::string(plural);
}

std::string Cluster::query_of(const Selection& selection) {
  std::string query = "?limit=0";
  if (!selection.fields.empty()) query += "&fieldSelector=" + percent_encode(selection.fields);
  if (!selection.labels.empty()) query += "&labelSelector=" + percent_encode(selection.labels);
  return query;
}

// The items of a list have no apiVersion and kind.
json Cluster::with_kind(json item, std::string_view path, std::string_view kind) {
  item["apiVersion"] = path.substr(path.find('/', 1) + 1);
  item["kind"] = kind;
  return item;
}

Result<json> Cluster::read(const std::string& path) const {
  auto answer = parsed(kubectl_.run({"get", "--raw", path}));
  if (!answer && answer.error().kind == ErrorKind::NotFound &&
      answer.error().message.find("the server could not find the requested resource") != std::string::npos) {
    return fail(
        ErrorKind::NotFound,
        "this cluster does not know Curfew's kinds (curfew.dev/v1alpha1): is Curfew installed on it, and is it the right --context?");
  }
  return answer;
}

Result<api::Person> Cluster::whoami() const {
  const auto answer = parsed(kubectl_.run({"auth", "whoami", "-o", "json"}));
  if (!answer) return tl::unexpected(answer.error());
  const json info = answer->value(json::json_pointer("/status/userInfo"), json::object());
  api::Person person;
  person.username = info.value("username", "");
  for (const auto& group : info.value("groups", json::array()))
    person.groups.emplace_back(group.get<std::string>());
  if (person.username.empty())
    return fail(ErrorKind::Unauthorized,
                "the API server does not say who you are: 'kubectl auth whoami' has no username");
  return person;
}

const Kubeconfig& Cluster::kubeconfig() const {
  if (kubeconfig_) return *kubeconfig_;
  kubeconfig_.emplace();
  const auto answer = parsed(kubectl_.run({"config", "view", "--minify", "-o", "json"}));
  if (!answer) return *kubeconfig_;
  const auto text = [&](const char* pointer) {
    const json::json_pointer at(pointer);
    return answer->contains(at) && answer->at(at).is_string() ? answer->at(at).get<std::string>() : "";
  };
  if (const std::string ns = text("/contexts/0/context/namespace"); !ns.empty()) kubeconfig_->ns = ns;
  kubeconfig_->server = kubectl_.server().empty() ? text("/clusters/0/cluster/server") : kubectl_.server();
  return *kubeconfig_;
}

Result<void> Cluster::watch_requests(
    const Selection& selection,
    const std::function<bool(std::string_view, Read<api::AccessRequest>)>& take) const {
  if (!can_be_namespace(selection.ns)) return no_namespace(selection.ns);
  const std::string path = path_of(api::AccessRequest::kPath, api::AccessRequest::kPlural, selection.ns) +
                           query_of(selection) + "&watch=true";
  return kubectl_.follow({"get", "--raw", path}, [&](const std::string& line) {
    json event = json::parse(line, nullptr, false);
    if (event.is_discarded() || event.value("type", "") == "ERROR") return false;
    auto request = decoded<api::AccessRequest>(event["object"]);
    return !request || take(event.value("type", ""), std::move(*request));
  });
}

Result<Read<api::AccessRequest>> Cluster::create(const api::AccessRequest& request, const std::string& prefix,
                                                 bool dry_run) const {
  json body = api::encode(request);
  if (request.metadata.name.empty()) body["metadata"]["generateName"] = prefix;
  std::vector<std::string> arguments{"create", "-f", "-", "-o", "json", "--namespace", request.metadata.ns};
  if (dry_run) arguments.emplace_back("--dry-run=server");
  return decoded<api::AccessRequest>(parsed(kubectl_.run(arguments, body.dump())));
}

Result<Read<api::AccessRequest>> Cluster::decide(const Read<api::AccessRequest>& request,
                                                 const api::Decision& decision) const {
  const api::ObjectMeta& meta = request.object.metadata;
  json decisions = request.json.value("decisions", json::array());
  decisions.push_back(decision_json(decision));
  const json patch{{"metadata", {{"uid", meta.uid}, {"resourceVersion", meta.resource_version}}},
                   {"decisions", decisions}};
  return decoded<api::AccessRequest>(
      parsed(kubectl_.run({"patch", "accessrequests.curfew.dev", meta.name, "--namespace", meta.ns,
                           "--type=merge", "--patch", patch.dump(), "-o", "json"})));
}

}  // namespace curfew::client
