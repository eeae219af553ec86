#pragma once

#include <optional>
#include <stop_token>

#include "kube/client.hpp"
#include "reconcile/guard_ledger.hpp"
#include "util/result.hpp"

namespace curfew::reconcile {

// The ledger's place in the cluster: ConfigMap curfew-guard in the controller's namespace.
class GuardLedgerStore {
 public:
  GuardLedgerStore(kube::Client& client, std::string ns) : client_(client), name_space_(std::move(ns)) {}

  Result<std::optional<GuardLedger>> load(std::stop_token stop);
  Result<void> save(const GuardLedger& ledger, std::stop_token stop);

 private:
  kube::Client& client_;
  const std::string name_space_;
};

}  // namespace curfew::reconcile
