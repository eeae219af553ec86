#include "expiry/revoker.hpp"

#include <algorithm>

#include "api/managed_binding.hpp"
#include "expiry/ending.hpp"
#include "kube/error.hpp"
#include "util/duration.hpp"
#include "util/log.hpp"

namespace curfew::expiry {
namespace {

using runtime::Outcome;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// A deletion is sent this long before the binding's end: kLead for a round trip to a busy API server, plus,
// for each binding that ends no later, the measured time of a deletion, clamped to these bounds.
constexpr milliseconds kLead{400};
constexpr microseconds kMinPerDeletion{1200};
constexpr microseconds kMaxPerDeletion{8000};
// Number of deletions over which their time is averaged; only deletions during a backlog count.
constexpr int kAveragedOver = 16;
constexpr milliseconds kMaxLead = api::kMaxEndLead;
// This many queued deletions are a backlog: all other work waits for it, but no longer than kMaxHold.
constexpr std::size_t kBacklog = Revoker::kWorkers;
constexpr std::chrono::seconds kMaxHold{5};
// Replicas that do not lead delete a binding only this long after its end, to leave it to the leader.
constexpr std::chrono::seconds kFollowerDelay{2};
constexpr std::chrono::seconds kMaxSleep{1};
// A binding that is gone earlier than this before its end was revoked, or removed by others, and does not
// count in the lateness metric.
constexpr milliseconds kEarliestOnTime = api::kEndLead;
// The longest grant, plus an hour for clock skew: a later end is not Curfew's.
constexpr std::chrono::seconds kMaxLifetime = kMaxDuration + std::chrono::hours(1);
// Short enough that an end comes less than a second after the cause of its failures is gone.
constexpr runtime::RetryDelays kRetries{.first = milliseconds(50), .longest = milliseconds(750)};
constexpr milliseconds kUrgentDeadline{700};

bool is_held(const api::RoleBinding& binding) {
  return binding.metadata.deletion_timestamp && !binding.metadata.finalizers.empty();
}

}  // namespace

std::optional<TimePoint> end_of(const api::RoleBinding& binding, TimePoint now) {
  const api::ObjectMeta& meta = binding.metadata;
  if (!api::has_name_of_grant(binding)) return std::nullopt;
  const auto end = api::stated_end(binding);
  if (!end) return now;
  const bool is_dated = meta.creation_timestamp != TimePoint{};
  return is_dated ? std::min(*end, meta.creation_timestamp + kMaxLifetime) : *end;
}

Revoker::Revoker(Parts parts)
    : parts_(std::move(parts)),
      urgent_(parts_.client.within(kUrgentDeadline)),
      queue_(parts_.clock, kRetries),
      patient_queue_(parts_.clock, kRetries) {}

void Revoker::observe(const std::shared_ptr<const api::RoleBinding>& before,
                      const std::shared_ptr<const api::RoleBinding>& after) {
  const api::ObjectKey key = (after ? after : before)->metadata.key();
  const TimePoint now = parts_.clock.now();
  const auto end = after ? end_of(*after, now) : std::nullopt;
  if (before && !after) {
    if (const auto due = end_of(*before, now)) {
      if (now >= *due - kEarliestOnTime) parts_.on_ended(now - *due);
      log::info("access ended", {{"binding", api::to_string(key)},
                                 {"uid", before->metadata.uid},
                                 {"expires_at", format_rfc3339(*due)}});
    }
  }
  if (after && !end) {
    log::warn("unmanaged binding ignored: label curfew.dev/request-uid without the matching name",
              {{"binding", api::to_string(key)}, {"uid", after->metadata.uid}});
  }
  const std::scoped_lock lock(mutex_);
  if (!end) return ends_.erase(key);
  ends_.set(key, *end);
  if (*end > now + kMaxLead + kMaxSleep) return;
  has_news_ = true;
  changed_.notify_all();
}

Revoker::Due Revoker::due(TimePoint now) const {
  if (!parts_.is_leader()) {
    const TimePoint until = now - kFollowerDelay;
    return {.until = until,
            .next_in = ends_.next() ? std::min<microseconds>(*ends_.next() - until, kMaxSleep) : kMaxSleep};
  }
  // Deletions run in the order of ends: if one has no time left, all with earlier ends are due too.
  Due due{.until = now, .next_in = kMaxSleep};
  auto ahead = static_cast<int>(queue_.size());
  ends_.each_until(now + kMaxLead, [&](TimePoint end) {
    const microseconds left = end - now - kLead - each_takes_ * ++ahead;
    if (left > microseconds(0))
      due.next_in = std::min(due.next_in, left);
    else
      due = {.until = end, .next_in = kMaxSleep};
  });
  return due;
}

void Revoker::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (parts_.on_round) parts_.on_round();
    const TimePoint now = parts_.clock.now();
    const Due now_due = due(now);
    due_until_ = std::max(now_due.until, std::min(due_until_, now + kMaxLead));
    if (queue_.size() < kBacklog) crowd_began_ = parts_.clock.steady();
    for (const api::ObjectKey& key : ends_.pop_due(now_due.until)) queue_.add(key);
    has_news_ = false;
    changed_.wait_for(lock, stop, now_due.next_in, [this] { return has_news_; });
  }
}

bool Revoker::has_backlog() const {
  const std::scoped_lock lock(mutex_);
  return queue_.size() >= kBacklog && parts_.clock.steady() - crowd_began_ < kMaxHold;
}

void Revoker::learn(std::chrono::steady_clock::duration took) {
  const std::scoped_lock lock(mutex_);
  if (queue_.size() < kBacklog) return;  // a single deletion measures latency, not throughput
  const auto each =
      std::clamp(std::chrono::duration_cast<microseconds>(took) / kWorkers, kMinPerDeletion, kMaxPerDeletion);
  each_takes_ += (each - each_takes_) / kAveragedOver;
}

std::size_t Revoker::past_end() const {
  const TimePoint now = parts_.clock.now();
  const auto bindings = parts_.bindings.list();
  return static_cast<std::size_t>(std::ranges::count_if(bindings, [&](const auto& binding) {
    const auto end = end_of(*binding, now);
    return end && *end <= now;
  }));
}

void Revoker::report(std::string_view what, const api::ObjectKey& key, const Error& error) const {
  parts_.on_failed(error.kind);
  if (!kube::concerns_server(error.kind))
    log::warn(what, {{"binding", api::to_string(key)}, {"err", error.message}});
}

std::shared_ptr<const api::RoleBinding> Revoker::find_due(const api::ObjectKey& key) {
  auto binding = parts_.bindings.get(key);
  if (!binding) return nullptr;
  const std::scoped_lock lock(mutex_);
  const TimePoint now = parts_.clock.now();
  // The clock may have been set back since.
  const TimePoint has_been_due = std::min(due_until_, now + kMaxLead);
  const TimePoint latest =
      parts_.is_leader() ? std::max(has_been_due, now + kLead) : now - kFollowerDelay + kMaxSleep;
  const auto end = end_of(*binding, latest);  // an unreadable end is due: ends_ has delayed it already
  if (!end) return nullptr;
  if (*end <= latest) return binding;
  ends_.set(key, *end);  // its end or the leadership has changed
  return nullptr;
}

Result<void> Revoker::ask(kube::Client& client, const api::RoleBinding& binding, std::stop_token stop) const {
  if (is_held(binding)) return free_binding(client, api::reference_to(binding), std::move(stop));
  const auto outcome = delete_binding(client, parts_.deletions, api::reference_to(binding), std::move(stop));
  if (!outcome) return tl::unexpected(outcome.error());
  return {};
}

Outcome Revoker::end(const api::ObjectKey& key, std::stop_token stop) {
  const auto binding = find_due(key);
  if (!binding) return Outcome{};
  const auto began = parts_.clock.steady();
  const auto asked = ask(urgent_, *binding, std::move(stop));
  learn(parts_.clock.steady() - began);
  if (!asked) {
    report(is_held(*binding) ? "finalizers of a held binding not removed, retrying"
                             : "binding not deleted, retrying",
           key, asked.error());
    if (asked.error().kind != ErrorKind::Timeout) return Outcome{.kind = Outcome::Kind::RetryRateLimited};
    patient_queue_.add(key);
    return Outcome{.kind = Outcome::Kind::RetryAfter, .after = kRetries.first};
  }
  if (is_held(*binding)) return Outcome{.kind = Outcome::Kind::RetryRateLimited};
  return Outcome{.after = kMaxSleep};  // repeated until the watch reports that it is gone
}

Outcome Revoker::end_without_hurry(const api::ObjectKey& key, std::stop_token stop) {
  const auto binding = find_due(key);
  if (!binding) return Outcome{};
  if (const auto asked = ask(parts_.client, *binding, std::move(stop)); !asked)
    report("binding not deleted, retrying", key, asked.error());
  return Outcome{};  // end() keeps retrying
}

}  // namespace curfew::expiry
