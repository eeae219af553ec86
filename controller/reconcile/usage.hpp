#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/rbac.hpp"
#include "core/input.hpp"
#include "kube/client.hpp"
#include "kube/store.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// The audit records of what somebody was given under a policy, and of others who share the name.
kube::Selection records_of(const api::Subject& subject, const std::string& policy);

// What people have and had under policies with limits. Who a grant counts for is who gets the access.
// Thread-safe.
class UsageIndex {
 public:
  // `is_granted`: whether a Granted record of the request with that UID is known.
  UsageIndex(const kube::Store<api::AccessRequest>& requests, const kube::Store<api::RoleBinding>& bindings,
             std::function<bool(const std::string&)> is_granted, kube::Client& client)
      : requests_(requests), bindings_(bindings), is_granted_(std::move(is_granted)), client_(client) {}

  // For the limits of the request's policy; empty where there are none. Where the policy has a cooldown,
  // reads the person's audit records, once a term.
  Result<core::Usage> usage_of(const api::AccessRequest& request, const api::AccessPolicy& policy,
                               std::stop_token stop);

  // A record that this process has written.
  void recorded(const api::AuditRecord& record);

  // Others may lead and write from now on: what is known of ends is of no use any more.
  void forget();

 private:
  using Whose = std::pair<std::string, std::string>;  // policy, username

  int count_active(const api::AccessRequest& request, const Whose& whose) const;
  Result<std::optional<TimePoint>> last_end(const api::Subject& subject, const Whose& whose,
                                            const std::stop_token& stop);

  const kube::Store<api::AccessRequest>& requests_;
  const kube::Store<api::RoleBinding>& bindings_;
  const std::function<bool(const std::string&)> is_granted_;
  kube::Client& client_;
  Guarded<std::map<Whose, std::optional<TimePoint>>> last_ends_;
};

// One decision at a time for each person under each policy with limits, so that what is counted is still true
// when it is acted on. Nobody stands waiting: who comes in between is called when it is their turn.
// Thread-safe.
class KeyedLock {
 public:
  // `call` is given the next of those who came in between, on the thread that gives the turn back.
  explicit KeyedLock(std::function<void(const api::ObjectKey&)> call) : call_(std::move(call)) {}

  // Gives the turn back when it goes.
  class Turn {
   public:
    Turn(KeyedLock& turns, std::string whose) : turns_(&turns), whose_(std::move(whose)) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), whose_(std::move(other.whose_)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->give_back(whose_);
    }

   private:
    KeyedLock* turns_;
    std::string whose_;
  };

  // nullopt: somebody has it now, and `who` is in line.
  std::optional<Turn> take(const std::string& whose, const api::ObjectKey& who);

 private:
  void give_back(const std::string& whose);

  struct Line {
    bool is_taken = false;
    std::list<api::ObjectKey> waiting;
  };
  const std::function<void(const api::ObjectKey&)> call_;
  Guarded<std::map<std::string, Line>> lines_;
};

}  // namespace curfew::reconcile
