#pragma once

#include <functional>
#include <string>
#include <vector>

#include "guard/ledger_store.hpp"
#include "guard/watch.hpp"
#include "kube/client.hpp"
#include "kube/store.hpp"
#include "kube/watches.hpp"
#include "util/clock.hpp"

namespace curfew::guard {

// The admission policies and CRDs in the cluster, compared with those that were shipped.
class Guard {
 public:
  // `ns`: of the ledger. `eligibility_policy`: whether the shipped guard includes what is_optional() names.
  // `on_change`: the guard has come into force or out of it; called on a reflector's thread.
  Guard(kube::Client& client, std::string ns, bool eligibility_policy, const Clock& clock,
        std::function<void()> on_change);

  void add_watches(kube::Watches& watches);
  std::vector<std::string> unsynced() const;  // the resources whose first list is not complete yet

  GuardWatch& watch() { return watch_; }
  const GuardWatch& watch() const { return watch_; }
  GuardLedgerStore& ledgers() { return ledgers_; }

 private:
  void add(kube::Watches& watches, const kube::Resource& resource, kube::Store<GuardObject>& store,
           const kube::Selection& selection = {});

  GuardWatch watch_;
  GuardLedgerStore ledgers_;
  kube::Store<GuardObject> policies_;
  kube::Store<GuardObject> bindings_;
  kube::Store<GuardObject> kinds_;
};

}  // namespace curfew::guard
