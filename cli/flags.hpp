#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace curfew::cli {

// kubectl's flags that are accepted here and passed on to kubectl, and the flags that the verbs share.
class Flags {
 public:
  void add_to(CLI::App& app);
  std::vector<std::string> for_kubectl() const;

  std::string ns() const { return namespaces.size() == 1 ? namespaces.front() : std::string(); }

  std::vector<std::string> namespaces;  // -n; empty: the kubeconfig's
  bool is_cluster_wide = false;         // --cluster-wide

 private:
  std::vector<std::pair<std::string, std::string>> texts_;
  std::vector<std::pair<std::string, bool>> switches_;
  std::vector<std::string> as_groups_;
};

}  // namespace curfew::cli
