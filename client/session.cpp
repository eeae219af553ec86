#include "client/session.hpp"

namespace curfew::client {

std::string Session::own_namespace() const {
  if (is_cluster_wide) return {};
  return ns.empty() ? cluster->kubeconfig().ns : ns;
}

api::ObjectKey Session::key_of(const std::string& name) const {
  const auto slash = name.find('/');
  if (slash == std::string::npos || is_cluster_wide) return {own_namespace(), name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

void Session::remember(const std::vector<api::AccessRequest>& requests) const {
  std::vector<SeenRequest> shown;
  for (const auto& request : requests) shown.push_back({request.metadata.key(), request.metadata.uid});
  remember(shown);
}

void Session::remember(const std::vector<SeenRequest>& requests) const {
  if (!requests.empty()) seen.remember(cluster->kubeconfig().server, requests);
}

std::optional<std::string> Session::remembered(const api::ObjectKey& key) const {
  return seen.uid_of(cluster->kubeconfig().server, key);
}

}  // namespace curfew::client
