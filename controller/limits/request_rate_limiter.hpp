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

// How many requests are let in. A request needs a token from its requester, its namespace and the cluster.
struct RequestRateLimits {
  struct Limit {
    int pending = 0;  // requests in phase Pending at one time; 0: unlimited
    double qps = 0;   // sustained requests per second; 0: unlimited
    int burst = 1;    // requests at once, from a full bucket
  };
  Limit requester{.pending = 20, .qps = 0.02, .burst = 100};
  Limit ns{.pending = 1000, .qps = 0.05, .burst = 1000};  // of all requesters together
  // Of all namespaces together; `pending` is ignored.
  Limit cluster{.pending = 0, .qps = 0.1, .burst = 10'000};
};

// Limits how many requests of one requester, one namespace and the whole cluster are processed, and so the
// long-term number of audit records. A request passes its requester's limits, then its namespace's, then the
// cluster's, and takes a token from each bucket only if all let it in. The lower half of a shared bucket is
// reserved for requesters or namespaces that have used less than half of their own, so that a flood in one
// namespace does not exhaust what other namespaces need. Every replica tracks the waiting requests; only the
// leader counts tokens, and a restart or a new leader starts with full buckets. Thread-safe.
class RequestRateLimiter {
 public:
  using Pointer = std::shared_ptr<const api::AccessRequest>;

  // Requests per namespace that name no AccessPolicy and get audit records of their own, in each ten minutes.
  static constexpr std::size_t kRecordedWithoutPolicy = 5;

  RequestRateLimiter(const Clock& clock, RequestRateLimits limits) : clock_(clock), limits_(limits) {}

  // Called by the requests' reflector for each change, before a reconcile uses it.
  void observe(const Pointer& before, const Pointer& after);

  // Called with each request whose status this process has written: it may make room before the watch reports
  // it, so that requests that arrive together are not counted while they no longer wait.
  void written(const api::AccessRequest& stored);

  // For a request that has no status yet. nullopt lets it in, and it counts as waiting from then on; with
  // `is_gone` it does not wait but is recorded. The verdict on a request does not change. Without a policy it
  // takes no token of the cluster; without_policy() takes one if needed.
  std::optional<core::Flood> judge(const api::AccessRequest& request, bool is_gone, bool has_policy);

  // For a request that was let in and ends without ever having had a policy; nullopt if it gets records of
  // its own.
  std::optional<core::RecordSummary> without_policy(const api::AccessRequest& request);

  // Called with each record that this process has written.
  void recorded(const api::AuditRecord& record);

  // The number of entries of all kinds in memory; for tests.
  std::size_t size() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Limit = RequestRateLimits::Limit;

  // Which limit a request exceeds.
  enum class Bound { None, RequesterPending, NamespacePending, RequesterRate, NamespaceRate, ClusterRate };

  struct Account {
    double used = 0;  // tokens, as of counted_at
    SteadyTime counted_at;
    int waiting = 0;  // requests
  };
  using Accounts = std::map<std::string, Account>;
  struct Place {  // of a waiting request; accounts with waiting requests are never dropped
    Account* requester;
    Account* ns;
    bool is_known = false;  // its status shows that it waits
  };
  struct State {
    Accounts requesters;  // by username; accounts without waiting requests may be dropped
    Accounts namespaces;
    Account cluster;
    SteadyTime swept_at;                            // when accounts that are as good as new were last dropped
    std::unordered_map<std::string, Place> places;  // of waiting requests, by UID
    // UIDs of requests that were let in and whose status may not show it yet; oldest first.
    std::deque<std::pair<SteadyTime, std::string>> unconfirmed;
    std::unordered_map<std::string, Bound> verdicts;        // by UID
    std::deque<std::pair<SteadyTime, std::string>> judged;  // the same UIDs, oldest first
    // UIDs of requests without a policy that got their own records in the current ten minutes, by namespace.
    std::map<std::string, std::set<std::string>> without_policy;
    TimePoint without_policy_until;  // the end of those ten minutes
    // Names of records that stand for many requests -> whether they are written.
    std::map<std::string, bool> summaries;
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
  void drop_unused(Accounts& accounts, const Limit& limit) const;
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
