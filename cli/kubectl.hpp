#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.hpp"

namespace curfew::cli {

// Runs kubectl with the person's own flags: every kubeconfig, credential plugin, proxy and context that works
// for kubectl works here.
class Kubectl {
 public:
  // The flags that go to every call, as in {"--context", "prod"}.
  explicit Kubectl(std::vector<std::string> flags) : flags_(std::move(flags)) {}

  // What it prints. Errors carry kubectl's own sentence, without what is only for machines.
  Result<std::string> run(const std::vector<std::string>& arguments, const std::string& input = {}) const;

  // Hands over each line as it comes, until kubectl ends or `take` answers false.
  Result<void> follow(const std::vector<std::string>& arguments,
                      const std::function<bool(const std::string&)>& take) const;

  // The API server's address, where a flag says it; the kubeconfig's otherwise.
  std::string server() const;

 private:
  std::vector<std::string> flags_;
};

// What kubectl said on standard error, as an error: its kind by "Error from server (KIND)", and the sentence
// of an admission policy alone where one refused.
Error error_of(std::string_view said);

}  // namespace curfew::cli
