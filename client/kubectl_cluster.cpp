#include "client/kubectl_cluster.hpp"

#include <algorithm>
#include <map>

namespace curfew::client {
namespace {

using nlohmann::json;

// Whether the error says something of that object only, and not of the call.
bool is_about_object(const Error& error) {
  return error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Forbidden;
}

}  // namespace

Result<json> KubectlCluster::read(const std::string& path) const {
  auto answer = json_of(kubectl_.run({"get", "--raw", path}));
  if (!answer && answer.error().kind == ErrorKind::NotFound &&
      answer.error().message.find("the server could not find the requested resource") != std::string::npos) {
    return fail(
        ErrorKind::NotFound,
        "this cluster does not know Curfew's kinds (curfew.dev/v1alpha1): is Curfew installed on it, and is it the right --context?");
  }
  return answer;
}

std::vector<Result<json>> KubectlCluster::read_objects(const std::vector<ObjectRef>& refs) const {
  // kubectl takes one namespace a call; objects without one are read with any.
  std::map<std::string, std::vector<ObjectRef>> by_namespace;
  std::string any;
  for (const ObjectRef& ref : refs) {
    if (any.empty()) any = ref.key.ns;
  }
  std::map<ObjectRef, Result<json>> found;
  const auto flush = [&](const std::string& ns, std::vector<ObjectRef>& part) {
    auto results = read_together(ns, part);
    for (std::size_t i = 0; i < part.size(); ++i) found.insert_or_assign(part[i], std::move(results[i]));
    part.clear();
  };
  for (const ObjectRef& ref : refs) {
    const std::string& ns = ref.key.ns.empty() ? any : ref.key.ns;
    auto& part = by_namespace[ns];
    part.push_back(ref);
    if (part.size() == kMaxObjectsPerCall) flush(ns, part);
  }
  for (auto& [ns, part] : by_namespace) {
    if (!part.empty()) flush(ns, part);
  }
  std::vector<Result<json>> results;
  for (const ObjectRef& ref : refs) results.push_back(found.at(ref));
  return results;
}

std::vector<Result<json>> KubectlCluster::read_together(const std::string& ns,
                                                        const std::vector<ObjectRef>& refs) const {
  std::vector<std::optional<Result<json>>> known(refs.size());
  if (refs.size() > 1) {
    std::vector<std::string> arguments{"get"};
    for (const ObjectRef& ref : refs) arguments.push_back(argument_of(ref));
    arguments.insert(arguments.end(), {"-o", "json"});
    if (!ns.empty()) arguments.insert(arguments.end(), {"--namespace", ns});
    known = objects_of(refs, kubectl_.run(arguments));
  }
  std::vector<Result<json>> results;
  std::optional<Error> of_all;  // the cluster cannot be reached, or the like
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (known[i]) {
      results.push_back(std::move(*known[i]));
    } else if (of_all) {
      results.emplace_back(tl::unexpected(*of_all));
    } else {
      results.push_back(read(path_of(refs[i])));
      if (!results.back() && !is_about_object(results.back().error())) of_all = results.back().error();
    }
  }
  return results;
}

Result<json> KubectlCluster::review_self() const {
  return json_of(kubectl_.run({"auth", "whoami", "-o", "json"}));
}

const Kubeconfig& KubectlCluster::kubeconfig() const {
  if (kubeconfig_) return *kubeconfig_;
  kubeconfig_.emplace();
  const auto answer = json_of(kubectl_.run({"config", "view", "--minify", "-o", "json"}));
  if (!answer) return *kubeconfig_;
  if (std::string ns = text_at(*answer, "/contexts/0/context/namespace"); !ns.empty())
    kubeconfig_->ns = std::move(ns);
  kubeconfig_->server =
      kubectl_.server().empty() ? text_at(*answer, "/clusters/0/cluster/server") : kubectl_.server();
  return *kubeconfig_;
}

Result<void> KubectlCluster::watch(const std::string& path,
                                   const std::function<bool(const json& event)>& take) const {
  return kubectl_.follow({"get", "--raw", path}, [&](const std::string& line) {
    const json event = json::parse(line, nullptr, false);
    return !event.is_discarded() && take(event);
  });
}

std::vector<Result<json>> KubectlCluster::create_objects(const std::vector<json>& objects,
                                                         const std::string& ns, bool dry_run) const {
  std::vector<std::string> arguments{"create", "-f", "-", "-o", "json"};
  if (!ns.empty()) arguments.insert(arguments.end(), {"--namespace", ns});
  if (dry_run) arguments.emplace_back("--dry-run=server");
  if (objects.size() == 1) return {json_of(kubectl_.run(arguments, objects.front().dump()))};
  const json list{{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}};
  auto results = created_of(objects, kubectl_.run(arguments, list.dump()));
  // Of an invalid object kubectl says in full what is wrong only if it is the only one.
  const bool is_any_created = std::ranges::any_of(results, &Result<json>::has_value);
  if (dry_run && !is_any_created && results.back().error().kind == ErrorKind::Invalid)
    results.back() = json_of(kubectl_.run(arguments, objects.back().dump()));
  return results;
}

Result<json> KubectlCluster::patch(const ObjectRef& ref, const json& change) const {
  std::vector<std::string> arguments{"patch",   resource_of(ref), ref.key.name, "--type=merge",
                                     "--patch", change.dump(),    "-o",         "json"};
  if (!ref.key.ns.empty()) arguments.insert(arguments.end(), {"--namespace", ref.key.ns});
  return json_of(kubectl_.run(arguments));
}

}  // namespace curfew::client
