#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "reconcile/departed_requests.hpp"
#include "reconcile/extension_index.hpp"
#include "reconcile/key.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "runtime/work_queue.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Maps changes to queue keys. Called on the reflectors' threads, after their store has changed. Changes while
// this replica does not lead are not remembered, because a new leader enqueues everything.
class Triggers {
 public:
  Triggers(runtime::WorkQueue<Key>& queue, const Stores& stores, RequestNotes& notes,
           DepartedRequests& departed, ExtensionIndex& extensions, const Clock& clock,
           std::function<bool()> is_leading)
      : queue_(queue),
        stores_(stores),
        notes_(notes),
        departed_(departed),
        extensions_(extensions),
        clock_(clock),
        is_leading_(std::move(is_leading)) {}

  template <class T>
  using Pointer = std::shared_ptr<const T>;

  void changed(const Pointer<api::AccessRequest>& before, const Pointer<api::AccessRequest>& after);
  void changed(const Pointer<api::AccessPolicy>& before, const Pointer<api::AccessPolicy>& after);
  void changed(const Pointer<api::RoleBinding>& before, const Pointer<api::RoleBinding>& after);
  void changed(const Pointer<api::Namespace>& before, const Pointer<api::Namespace>& after);
  void changed(const Pointer<RoleSummary>& before, const Pointer<RoleSummary>& after);

  // The first step of a term: takes over from each request's status what the previous leader has observed,
  // as a claim that counts if the guard has been in force since then.
  void begin_term();

  // Enqueues every request and policy, bindings without a known request, and departed requests. With a
  // delay, requests are enqueued after it, also if they are woken before.
  void everything(std::chrono::milliseconds delay = std::chrono::milliseconds(0));

  // Enqueues a departed request by its last known state, so that its end is recorded.
  void departed(Pointer<api::AccessRequest> last_state);

 private:
  void add_request(const api::ObjectKey& key, std::chrono::milliseconds delay = std::chrono::milliseconds(0));
  void add_chain(const api::AccessRequest& request, bool has_new_phase);
  void cluster_role_changed(const std::string& name);
  void retry_forbidden_grants();
  void role_changed(const api::ObjectKey& key);
  bool is_live(const api::AccessRequest& owner, const std::string& where) const;  // of this UID
  void look_at_leftover(const api::AccessRequest& gone);
  void add_policy(const std::string& name);
  void add_foreign_binding(const api::ObjectKey& key);
  void add_policy_counts(const std::string& name);
  template <class Predicate>
  void add_requests_where(Predicate concerns);
  void add_requests_of_policy(const std::string& name);

  runtime::WorkQueue<Key>& queue_;
  const Stores& stores_;
  RequestNotes& notes_;
  DepartedRequests& departed_;
  ExtensionIndex& extensions_;
  const Clock& clock_;
  std::function<bool()> is_leading_;
};

}  // namespace curfew::reconcile
