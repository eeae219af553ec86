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

// The one Lease that replicas compete for. Each call answers within `deadline`.
struct LeaseStore {
  virtual ~LeaseStore() = default;
  virtual Result<api::Lease> get(std::chrono::milliseconds deadline, std::stop_token stop) = 0;
  virtual Result<api::Lease> create(const api::Lease& lease, std::chrono::milliseconds deadline,
                                    std::stop_token stop) = 0;
  // Conflict unless `lease.metadata.resource_version` is the stored one.
  virtual Result<api::Lease> update(const api::Lease& lease, std::chrono::milliseconds deadline,
                                    std::stop_token stop) = 0;
};

// Candidates spread their attempts over retry to (1 + this) * retry.
inline constexpr double kElectionJitter = 1.2;

// renew_deadline is less than lease, and more than kElectionJitter * retry.
struct ElectionTimes {
  std::chrono::seconds lease{15};  // others wait this long after the last renewal they saw
  std::chrono::seconds renew_deadline{
      10};  // we stop earlier: this long after our last successful renewal started
  std::chrono::milliseconds retry{2000};
};

// Who holds the lease for the time that `vacancy` names: nobody.
inline constexpr std::string_view kNobody = "nobody: Curfew is being removed";

// Called on the elector's thread, in turns, started first. What was started must have ended when
// on_stopped_leading returns, since only then is the lease given away.
struct ElectionCallbacks {
  std::function<void()> on_started_leading;
  std::function<void()> on_stopped_leading;
};

// Leader election with client-go's rules. A lease of somebody else counts as expired by our steady clock
// alone, from the moment we saw it change: no two machines' wall clocks are ever compared.
class LeaderElector {
 public:
  // `identity` must be unique to this process: two of one name would both lead. The store and the clock must
  // outlive the elector. With a `vacancy` it takes the lease from whoever holds it, and at the end leaves it
  // so that nobody can lead for that long.
  LeaderElector(LeaseStore& store, const Clock& clock, api::ObjectKey lease, std::string identity,
                ElectionCallbacks callbacks = {}, ElectionTimes times = {},
                std::optional<std::chrono::seconds> vacancy = std::nullopt);

  // True from a successful renewal until renew_deadline after it *started*, whatever hangs meanwhile.
  // Thread-safe, never blocks.
  bool is_leader() const;

  // We lead, and whoever held the lease before must have seen that it does not any more. Thread-safe, never
  // blocks.
  bool is_sole_leader() const;

  // Stands for election until the token is triggered; losing never ends it. Gives the lease back at the end.
  void run(const std::stop_token& stop);

  // A watch event of the Lease. Saves a candidate its reads, and lets it take a released lease at once.
  // Thread-safe.
  void observe(const api::Lease& lease);

  // One turn of run(), which returns how long to wait for the next. For run() and tests.
  std::chrono::milliseconds attempt(const std::stop_token& stop);
  // Stops leading, and gives the lease back if it is ours: to whoever comes, or to nobody.
  void release();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // A record of the Lease, and when it came.
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
  const std::optional<std::chrono::seconds> vacancy_;

  // The elector's thread only.
  std::optional<Sighting>
      seen_;              // as last read, written or heard of; `at` is when it last changed before our eyes
  bool leading_ = false;  // between the two callbacks
  bool in_trouble_ = false;  // said once, until a call succeeds again
  std::minstd_rand random_{std::random_device{}()};

  // Shared.
  std::atomic<SteadyTime> leads_until_{SteadyTime::min()};
  std::atomic<SteadyTime> previous_holder_until_{
      SteadyTime::min()};  // whom we took the lease from may believe until then that it leads
  std::mutex mutex_;
  std::condition_variable_any hinted_;
  std::optional<Sighting> hint_;  // protected by mutex_: what observe() brought since the last turn
  bool is_urgent_ = false;        // protected by mutex_: the hint says that waiting is pointless
};

}  // namespace curfew::runtime
