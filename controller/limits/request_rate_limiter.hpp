#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "core/input.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace curfew::limits {

// How many requests are let in. A request needs a token of its requester, of its namespace and of the
// cluster.
struct RequestRateLimits {
  struct Limit {
    int pending = 0;  // requests that wait (Pending or Scheduled) at one time; 0: any number
    double qps = 0;   // requests a second in the long run; 0: any number
    int burst = 1;    // requests at once, after a quiet time
  };
  Limit requester{.pending = 20, .qps = 0.02, .burst = 100};
  Limit ns{.pending = 1000, .qps = 0.05, .burst = 1000};  // of all people together
  Limit cluster{.pending = 0,
                .qps = 0.1,
                .burst = 10'000};  // of all namespaces together; its `pending` is not looked at
};

// Limits how many requests one person, one namespace and the whole cluster get looked at, and with that how
// many audit records there are in the long run: a request is let in by its requester's limits, then by its
// namespace's, then by the cluster's, and takes a token of each only when all of them let it in. The lower
// half of a shared bucket is reserved for those who have used less than half of their own, so that a flood in
// one namespace does not use up what other namespaces need. Every replica follows the waiting requests;
// tokens are counted by the one that decides, and a restart or another leader begins with full buckets.
// Thread-safe.
class RequestRateLimiter {
 public:
  using Pointer = std::shared_ptr<const api::AccessRequest>;

  // Requests of one namespace that name no AccessPolicy and have audit records of their own, in each ten
  // minutes.
  static constexpr std::size_t kRecordedWithoutPolicy = 5;

  RequestRateLimiter(const Clock& clock, RequestRateLimits limits) : clock_(clock), limits_(limits) {}

  // From the requests' reflector, for each change; before it is acted on.
  void observe(const Pointer& before, const Pointer& after);

  // Of a request that has no status yet. nullopt lets it in, and it counts as waiting from now on; `is_gone`:
  // it does not wait, but is recorded. The answer for a request stays the same. Without a policy it takes no
  // token of the cluster: without_policy() does, if it comes to that.
  std::optional<core::Flood> judge(const api::AccessRequest& request, bool is_gone, bool has_policy);

  // Of a request that was let in and ends without ever having had a policy: nullopt gives it records of its
  // own.
  std::optional<core::RecordSummary> without_policy(const api::AccessRequest& request);

  // A record that this process has written.
  void recorded(const api::AuditRecord& record);

  // Entries in memory, whatever they are about; for tests.
  std::size_t size() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Limit = RequestRateLimits::Limit;

  // Which limit a request exceeds.
  enum class Bound { None, RequesterPending, NamespacePending, RequesterRate, NamespaceRate, ClusterRate };

  struct Account {
    double used = 0;  // tokens, at that time
    SteadyTime counted_at;
    int waiting = 0;  // requests
  };
  using Accounts = std::map<std::string, Account>;
  struct Place {  // of a waiting request; an account with waiting requests is never dropped
    Account* requester;
    Account* ns;
    bool is_known = false;  // its status says that it waits
  };
  struct State {
    Accounts requesters;  // by username; only those who have something waiting, or lack tokens
    Accounts namespaces;
    Account cluster;
    std::unordered_map<std::string, Place> places;  // of the waiting, by UID
    std::deque<std::pair<SteadyTime, std::string>>
        unconfirmed;  // UIDs of those let in whose status may not say so yet; oldest first
    std::unordered_map<std::string, Bound> verdicts;        // by UID
    std::deque<std::pair<SteadyTime, std::string>> judged;  // the same UIDs, oldest first
    std::map<std::string, std::set<std::string>>
        without_policy;  // UIDs of those without a policy that have records of their own, by namespace
    TimePoint without_policy_until;  // when the ten minutes end of which that is true
    std::map<std::string, bool>
        summaries;  // names of records that stand for many requests; whether they are written
  };

  Bound first_verdict(State& state, const api::AccessRequest& request, bool is_gone, bool has_policy) const;
  std::string words(const State& state, const api::AccessRequest& request, Bound bound) const;
  core::RecordSummary summary(State& state, const api::AccessRequest& request, Bound bound,
                              const std::string& message) const;
  core::RecordSummary cluster_summary(State& state, const api::AccessRequest& request,
                                      const std::string& message) const;
  static core::RecordSummary begin(State& state, const std::string& name, const std::string& message);
  static std::optional<core::RecordSummary> begun(const State& state, const std::string& name,
                                                  const std::string& message);

  void hold(State& state, const api::AccessRequest& request, bool is_known) const;
  static void release(State& state, const std::string& uid);
  Account& account(Accounts& accounts, const std::string& name, const Limit& limit) const;
  void forget_old(State& state) const;

  double left(const Account& account, const Limit& limit) const;
  double left(const Accounts& accounts, const std::string& name, const Limit& limit) const;
  bool has_token(double left_for_all, const Limit& shared, double left_of_own, const Limit& own) const;
  void take(Account& account, const Limit& limit) const;

  const Clock& clock_;
  const RequestRateLimits limits_;
  Guarded<State> state_;
};

}  // namespace curfew::limits
