#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>

#include "api/coordination.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

namespace curfew::runtime {

// The one Lease that replicas compete for. Each call returns within `deadline`.
struct LeaseStore {
  virtual ~LeaseStore() = default;
  virtual Result<api::Lease> get(std::chrono::milliseconds deadline, std::stop_token stop) = 0;
  virtual Result<api::Lease> create(const api::Lease& lease, std::chrono::milliseconds deadline,
                                    std::stop_token stop) = 0;
  // Conflict unless `lease.metadata.resource_version` is the stored one.
  virtual Result<api::Lease> update(const api::Lease& lease, std::chrono::milliseconds deadline,
                                    std::stop_token stop) = 0;
};

// Candidates retry after a random delay between retry and (1 + kElectionJitter) * retry.
inline constexpr double kElectionJitter = 1.2;

// renew_deadline is less than lease, and more than kElectionJitter * retry.
struct ElectionTimes {
  std::chrono::seconds lease{15};  // other replicas wait this long after the last renewal they observed
  // The leader stops earlier: this long after its last successful renewal started.
  std::chrono::seconds renew_deadline{10};
  std::chrono::milliseconds retry{2000};
};

// A lease that is released such that no replica can lead for a while.
struct Vacancy {
  std::string holder = "nobody";  // stands in the lease as its holder; the same for every replica
  std::optional<std::chrono::seconds> lasting = std::nullopt;  // nullopt: not released so by this process
};

// The elector's thread calls these in alternation, on_started_leading first. Everything that was started must
// have ended when on_stopped_leading returns, because only then is the lease released.
struct ElectionCallbacks {
  std::function<void()> on_started_leading;
  std::function<void()> on_stopped_leading;
};

// Leader election with client-go's rules. Another replica's lease expires by our steady clock alone, counted
// from when we observed its last change: the wall clocks of two machines are never compared.
class LeaderElector {
 public:
  // `identity` must be unique to this process: two processes with one identity would both lead. The store and
  // the clock must outlive the elector. With a lasting vacancy, the elector takes the lease from any holder,
  // and releases it such that no replica can lead for that long.
  LeaderElector(LeaseStore& store, const Clock& clock, api::ObjectKey lease, std::string identity,
                ElectionCallbacks callbacks = {}, ElectionTimes times = {}, Vacancy vacancy = {});

  // True from a successful renewal until renew_deadline after it *started*, even if a call hangs meanwhile.
  // Thread-safe, never blocks.
  bool is_leader() const;

  // True if we lead and the previous holder of the lease must have noticed that it no longer leads.
  // Thread-safe, never blocks.
  bool is_sole_leader() const;

  // Campaigns until the token is triggered; losing never ends it. Releases the lease at the end.
  void run(const std::stop_token& stop);

  // Takes a watch event of the Lease. Saves a candidate its reads, and lets it acquire a released lease at
  // once. Thread-safe.
  void observe(const api::Lease& lease);

  // One iteration of run(); returns how long to wait before the next. For run() and tests.
  std::chrono::milliseconds attempt(const std::stop_token& stop);
  // Stops leading and releases the lease if it is ours: to any candidate, or with a lasting vacancy to none.
  void release();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // A version of the Lease, and when we observed it.
  struct Sighting {
    api::Lease lease;
    SteadyTime at;
  };

  std::chrono::milliseconds renew(const std::stop_token& stop);
  std::chrono::milliseconds stand(bool heard, const std::stop_token& stop);
  Result<void> look(std::chrono::milliseconds deadline, const std::stop_token& stop);
  Result<void> write(const std::stop_token& stop);
  bool hear();
  void remember(const api::Lease& lease, SteadyTime at);
  std::optional<SteadyTime> held_by_other_until() const;
  void lead_from(SteadyTime started);
  void stop_leading(std::string_view why);
  void report(const Error& error);
  std::chrono::milliseconds call_deadline() const;
  std::chrono::milliseconds candidate_wait();

  // Constant after construction.
  LeaseStore& store_;
  const Clock& clock_;
  const api::ObjectKey key_;
  const std::string identity_;
  const ElectionCallbacks callbacks_;
  const ElectionTimes times_;
  const Vacancy vacancy_;

  // The elector's thread only.
  // As last read, written or watched; `at` is when we observed its last change.
  std::optional<Sighting> seen_;
  bool leading_ = false;     // between the two callbacks
  bool in_trouble_ = false;  // logged once, until a write of the lease succeeds
  std::minstd_rand random_{std::random_device{}()};

  // Shared.
  std::atomic<SteadyTime> leads_until_{SteadyTime::min()};
  // Until then the previous holder of the lease may believe that it leads.
  std::atomic<SteadyTime> previous_holder_until_{SteadyTime::min()};
  std::mutex mutex_;
  std::condition_variable_any hinted_;
  std::optional<Sighting> hint_;  // protected by mutex_: the latest observe() since the last attempt()
  bool is_urgent_ = false;        // protected by mutex_: the hint makes waiting pointless
};

}  // namespace curfew::runtime
