#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "api/rbac.hpp"
#include "expiry/pending_deletions.hpp"
#include "expiry/revoker.hpp"
#include "kube/client.hpp"
#include "kube/scoped_store.hpp"
#include "runtime/worker.hpp"
#include "util/clock.hpp"
#include "util/threads.hpp"

namespace curfew::expiry {

// Ends access on time, on every replica: the revoker with its threads.
class Expiry {
 public:
  struct Parts {
    kube::Client& client;
    const kube::ScopedStore<api::RoleBinding>& bindings;
    const Clock& clock;
    std::function<bool()> is_leader;
    std::function<void(std::chrono::microseconds past_end)> on_ended;  // as Revoker::Parts
    std::function<void(ErrorKind)> on_failed;
    runtime::Watchdog& watchdog;
  };

  explicit Expiry(const Parts& parts);
  ~Expiry() { stop(); }
  Expiry(const Expiry&) = delete;
  Expiry& operator=(const Expiry&) = delete;

  void start();
  void stop();

  // Called by the bindings' reflector for each change, before a reconcile uses it.
  void observe(const std::shared_ptr<const api::RoleBinding>& before,
               const std::shared_ptr<const api::RoleBinding>& after) {
    revoker_.observe(before, after);
  }

  // Deletions that were requested and that the watch has not confirmed yet.
  PendingDeletions& deletions() { return deletions_; }
  bool has_backlog() const { return revoker_.has_backlog(); }   // as Revoker
  std::size_t past_end() const { return revoker_.past_end(); }  // as Revoker

 private:
  PendingDeletions deletions_;
  Revoker revoker_;
  runtime::Watchdog& watchdog_;
  Threads thread_;
  std::optional<runtime::Workers<api::ObjectKey>> workers_;
  std::optional<runtime::Workers<api::ObjectKey>> patient_workers_;
};

}  // namespace curfew::expiry
