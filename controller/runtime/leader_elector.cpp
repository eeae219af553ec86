#include "runtime/leader_elector.hpp"

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

#include "util/log.hpp"

namespace curfew::runtime {
namespace {

using std::chrono::milliseconds;

// A pod has seconds to stop: each call of a release may take this long, and a release makes at most three.
constexpr milliseconds kReleaseDeadline{1000};
// A released lease is free at once; it must have a duration, and other clients may not understand an empty
// holder.
constexpr int kReleasedSeconds = 1;

auto identity_of_record(const api::Lease& lease) {
  return std::tie(lease.metadata.resource_version, lease.holder_identity, lease.renew_time,
                  lease.acquire_time, lease.lease_transitions);
}

milliseconds until(std::chrono::steady_clock::time_point at, std::chrono::steady_clock::time_point now) {
  return std::max(milliseconds(1), std::chrono::ceil<milliseconds>(at - now));
}

// Another client wrote or deleted the lease: a normal result, not a failure.
bool is_stale(const Error& error) {
  return error.kind == ErrorKind::Conflict || error.kind == ErrorKind::NotFound ||
         error.kind == ErrorKind::AlreadyExists;
}

// A callback that throws is a bug; it must cost neither the lease nor the thread.
void call(const std::function<void()>& callback) {
  try {
    if (callback) callback();
  } catch (const std::exception& e) {
    log::error("leader election callback panicked", {{"err", e.what()}});
  }
}

}  // namespace

LeaderElector::LeaderElector(LeaseStore& store, const Clock& clock, api::ObjectKey lease,
                             std::string identity, ElectionCallbacks callbacks, ElectionTimes times,
                             Vacancy vacancy)
    : store_(store),
      clock_(clock),
      key_(std::move(lease)),
      identity_(std::move(identity)),
      callbacks_(std::move(callbacks)),
      times_(times),
      vacancy_(std::move(vacancy)) {}

bool LeaderElector::is_leader() const {
  return clock_.steady() < leads_until_.load();
}

bool LeaderElector::is_sole_leader() const {
  return is_leader() && clock_.steady() >= previous_holder_until_.load();
}

void LeaderElector::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const milliseconds wait = attempt(stop);
    std::unique_lock lock(mutex_);
    hinted_.wait_for(lock, stop, wait, [this] { return is_urgent_; });
  }
  try {
    release();
  } catch (const std::exception& e) {
    report({.kind = ErrorKind::Other, .message = e.what()});
  }
}

void LeaderElector::observe(const api::Lease& lease) {
  const std::scoped_lock lock(mutex_);
  hint_ = Sighting{.lease = lease, .at = clock_.steady()};
  is_urgent_ = is_leader() ? !lease.holder_identity.empty() && lease.holder_identity != identity_
                           : lease.holder_identity.empty();
  if (is_urgent_) hinted_.notify_one();
}

milliseconds LeaderElector::attempt(const std::stop_token& stop) {
  try {
    if (leading_ && !is_leader()) stop_leading("the lease was not renewed in time");
    const bool heard = hear();
    return leading_ ? renew(stop) : stand(heard, stop);
  } catch (const std::exception& e) {
    report({.kind = ErrorKind::Other, .message = e.what()});
    return times_.retry;
  }
}

milliseconds LeaderElector::renew(const std::stop_token& stop) {
  auto written = write(stop);
  if (!written && is_stale(written.error())) {
    const auto looked = look(call_deadline(), stop);
    if (looked && held_by_other_until()) {
      stop_leading("another replica holds the lease");
      return candidate_wait();
    }
    written = looked ? write(stop) : looked;
  }
  if (!written) report(written.error());
  return std::min(times_.retry, until(leads_until_.load(), clock_.steady()));
}

milliseconds LeaderElector::stand(bool heard, const std::stop_token& stop) {
  if (!heard) {
    if (const auto looked = look(call_deadline(), stop); !looked) {
      report(looked.error());
      return candidate_wait();
    }
  }
  const auto held_until = held_by_other_until();
  if (held_until && !vacancy_.lasting) return std::min(candidate_wait(), until(*held_until, clock_.steady()));
  if (const auto written = write(stop); !written) {
    if (written.error().kind != ErrorKind::Conflict && written.error().kind != ErrorKind::AlreadyExists)
      report(written.error());
    return candidate_wait();
  }
  return times_.retry;
}

// Refreshes `seen_`. A lease that does not exist is a success and clears it.
Result<void> LeaderElector::look(milliseconds deadline, const std::stop_token& stop) {
  const auto found = store_.get(deadline, stop);
  if (found) {
    remember(*found, clock_.steady());
  } else if (found.error().kind == ErrorKind::NotFound) {
    seen_.reset();
  } else {
    return tl::unexpected(found.error());
  }
  return {};
}

// Acquires or renews the lease as last seen. The resource version makes the write fail if the lease has
// changed since.
Result<void> LeaderElector::write(const std::stop_token& stop) {
  const auto started = clock_.steady();
  api::Lease wanted = seen_ ? seen_->lease : api::Lease{};
  wanted.metadata.name = key_.name;
  wanted.metadata.ns = key_.ns;
  if (wanted.holder_identity != identity_) {
    wanted.acquire_time = clock_.now();
    if (seen_) ++wanted.lease_transitions;
  }
  wanted.holder_identity = identity_;
  wanted.renew_time = clock_.now();
  wanted.lease_duration_seconds = static_cast<int>(times_.lease.count());
  const auto rival_until =
      seen_ && seen_->lease.holder_identity == vacancy_.holder ? std::nullopt : held_by_other_until();
  const auto written =
      seen_ ? store_.update(wanted, call_deadline(), stop) : store_.create(wanted, call_deadline(), stop);
  if (!written) return tl::unexpected(written.error());
  remember(*written, clock_.steady());
  if (rival_until) previous_holder_until_.store(*rival_until);
  lead_from(started);
  return {};
}

// Takes the latest observe(). A leader knows its own lease better than a lagging watch and ignores the
// content: the event is only a reason to check.
bool LeaderElector::hear() {
  std::optional<Sighting> hint;
  {
    const std::scoped_lock lock(mutex_);
    hint.swap(hint_);
    is_urgent_ = false;
  }
  if (!hint || leading_) return false;
  remember(hint->lease, hint->at);
  return true;
}

void LeaderElector::remember(const api::Lease& lease, SteadyTime at) {
  const bool changed = !seen_ || identity_of_record(seen_->lease) != identity_of_record(lease);
  if (changed) seen_ = Sighting{.lease = lease, .at = at};
}

std::optional<LeaderElector::SteadyTime> LeaderElector::held_by_other_until() const {
  if (!seen_ || seen_->lease.holder_identity.empty() || seen_->lease.holder_identity == identity_)
    return std::nullopt;
  const int promised = seen_->lease.lease_duration_seconds;
  const SteadyTime held_until = seen_->at + (promised > 0 ? std::chrono::seconds(promised) : times_.lease);
  return clock_.steady() < held_until ? std::optional(held_until) : std::nullopt;
}

void LeaderElector::lead_from(SteadyTime started) {
  if (in_trouble_) log::info("leader election recovered");
  in_trouble_ = false;
  // The response took too long to rely on; the next attempt() tries again.
  const SteadyTime until = started + times_.renew_deadline;
  if (clock_.steady() >= until) return;
  const SteadyTime before = leads_until_.exchange(until);
  if (leading_ && clock_.steady() < before) return;
  if (leading_) {
    // is_leader() may have been false for a moment, and what changed in it was ignored: begin a new term.
    stop_leading("the lease was renewed too late");
    leads_until_.store(until);
  }
  leading_ = true;
  log::info("started leading", {{"identity", identity_}, {"lease", to_string(key_)}});
  call(callbacks_.on_started_leading);
}

void LeaderElector::stop_leading(std::string_view why) {
  leads_until_.store(SteadyTime::min());
  if (!leading_) return;
  leading_ = false;
  log::info("stopped leading",
            {{"identity", identity_}, {"lease", to_string(key_)}, {"reason", std::string(why)}});
  call(callbacks_.on_stopped_leading);
}

void LeaderElector::release() {
  stop_leading("stopping");
  const std::stop_token never;
  for (int tries = 0; tries < 2 && seen_ && seen_->lease.holder_identity == identity_; ++tries) {
    api::Lease released = seen_->lease;
    released.holder_identity = vacancy_.lasting ? vacancy_.holder : "";
    released.lease_duration_seconds =
        vacancy_.lasting ? static_cast<int>(vacancy_.lasting->count()) : kReleasedSeconds;
    released.renew_time = released.acquire_time = clock_.now();
    const auto written = store_.update(released, kReleaseDeadline, never);
    if (written) return remember(*written, clock_.steady());
    const bool worth_a_look = written.error().kind == ErrorKind::Conflict && tries == 0;
    if (!worth_a_look || !look(kReleaseDeadline, never))
      return log::warn("lease not released", {{"err", written.error().message}});
  }
}

void LeaderElector::report(const Error& error) {
  if (in_trouble_ || error.kind == ErrorKind::Cancelled) return;
  in_trouble_ = true;
  log::warn("leader election failed, retrying", {{"lease", to_string(key_)}, {"err", error.message}});
}

// At most half of renew_deadline, so that one hanging connection leaves room for a second attempt.
milliseconds LeaderElector::call_deadline() const {
  const milliseconds half = times_.renew_deadline / 2;
  return leading_ ? std::min(half, until(leads_until_.load(), clock_.steady())) : half;
}

milliseconds LeaderElector::candidate_wait() {
  const double factor = std::uniform_real_distribution<>(1.0, 1.0 + kElectionJitter)(random_);
  return std::chrono::duration_cast<milliseconds>(times_.retry * factor);
}

}  // namespace curfew::runtime
