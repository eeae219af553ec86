#pragma once

#include <optional>
#include <stop_token>

#include "guard/ledger.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

namespace curfew::guard {

// Persists the ledger in ConfigMap curfew-guard in the controller's namespace.
class GuardLedgerStore {
 public:
  GuardLedgerStore(kube::Client& client, std::string ns) : client_(client), name_space_(std::move(ns)) {}

  Result<std::optional<GuardLedger>> load(std::stop_token stop);
  Result<void> save(const GuardLedger& ledger, std::stop_token stop);

 private:
  kube::Client& client_;
  const std::string name_space_;
};

}  // namespace curfew::guard
