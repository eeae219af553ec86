#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/kubectl_output.hpp"
#include "client/unavailable.hpp"
#include "util/result.hpp"

namespace curfew::client {

// Runs kubectl with the person's own flags: every kubeconfig, credential plugin, proxy and context that works
// for kubectl works here.
class Kubectl {
 public:
  // `flags` are added to every call, for example {"--context", "prod"}.
  explicit Kubectl(std::vector<std::string> flags, Patience patience = {})
      : flags_(std::move(flags)), patience_(std::move(patience)) {}

  // Runs kubectl to its end, however it ends, and again while the API server is unavailable. Fails only if
  // there is no kubectl.
  Result<KubectlOutput> run(const std::vector<std::string>& arguments, const std::string& input = {}) const;

  // Passes each line to `take` as it arrives, until kubectl ends or `take` returns false. A failure carries
  // kubectl's own message, without its machine-readable parts.
  Result<void> follow(const std::vector<std::string>& arguments,
                      const std::function<bool(const std::string&)>& take) const;

  // The API server's address from the --server flag; empty without it, when the kubeconfig's applies.
  std::string server() const;

 private:
  Result<KubectlOutput> run_once(const std::vector<std::string>& arguments, const std::string& input) const;

  std::vector<std::string> flags_;
  Patience patience_;
};

}  // namespace curfew::client
