#include "cli/flags.hpp"

namespace curfew::cli {

void Flags::add_to(CLI::App& app) {
  // CLI11 keeps references to the entries of texts_ and switches_, which must not grow afterwards.
  const std::vector<std::pair<std::string, std::string>> texts{
      {"--kubeconfig", "The kubeconfig to use"},
      {"--context", "The context of the kubeconfig to use"},
      {"--cluster", "The cluster of the kubeconfig to use"},
      {"--user", "The user of the kubeconfig to use"},
      {"--as", "Impersonate this user"},
      {"--as-uid", "Impersonate this UID"},
      {"-s,--server", "The API server's address"},
      {"--token", "A bearer token"},
      {"--certificate-authority", "The file of the API server's authority"},
      {"--client-certificate", "The file of a client certificate"},
      {"--client-key", "The file of its key"},
      {"--tls-server-name", "The name in the API server's certificate"},
      {"--request-timeout", "How long one call may take, as in 10s"},
      {"--cache-dir", "kubectl's cache"},
  };
  for (const auto& [flag, _] : texts) texts_.emplace_back(flag.substr(flag.find("--")), "");
  for (std::size_t i = 0; i < texts.size(); ++i)
    app.add_option(texts[i].first, texts_[i].second, texts[i].second)->group("kubectl's own");
  // One value each time: without that, what follows it, such as the name of a request, is taken for more of
  // them.
  app.add_option("--as-group", as_groups_, "Impersonate this group; may be given several times")
      ->allow_extra_args(false)
      ->group("kubectl's own");
  switches_ = {{"--insecure-skip-tls-verify", false}, {"--disable-compression", false}};
  for (auto& [flag, value] : switches_) app.add_flag(flag, value, "As kubectl's")->group("kubectl's own");
  auto* chosen =
      app.add_option(
             "-n,--namespace", namespaces,
             "The namespace (default: the kubeconfig's); of request, can, run and break-glass also several")
          ->allow_extra_args(false)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--cluster-wide", is_cluster_wide,
               "Access to the whole cluster: requests are ClusterAccessRequests")
      ->excludes(chosen);
}

std::vector<std::string> Flags::for_kubectl() const {
  std::vector<std::string> result;
  for (const auto& [flag, value] : texts_) {
    if (!value.empty()) result.push_back(std::string(flag).append("=").append(value));
  }
  for (const auto& group : as_groups_) result.push_back("--as-group=" + group);
  for (const auto& [flag, is_set] : switches_) {
    if (is_set) result.push_back(flag);
  }
  return result;
}

}  // namespace curfew::cli
