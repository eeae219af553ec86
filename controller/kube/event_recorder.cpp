#include "kube/event_recorder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <utility>

#include "kube/pause.hpp"
#include "util/backoff.hpp"
#include "util/log.hpp"
#include "util/utf8.hpp"

namespace curfew::kube {
namespace {

constexpr std::size_t kMaxWaiting = 4000;
constexpr std::size_t kMaxNoteBytes = 1024;  // bytes; the API server refuses more
constexpr std::size_t kMaxNameLength = 236;  // of 253; leaves room for ".HEX"
constexpr int kAttempts = 4;
constexpr std::chrono::seconds kShutdownGrace{1};
constexpr std::chrono::seconds kMaxUrgentWait{30};
constexpr std::chrono::milliseconds kUrgentPoll{20};

// Whether a retry could succeed.
bool is_passing(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::TooManyRequests:
    case ErrorKind::Unavailable:
    case ErrorKind::InternalError:
    case ErrorKind::Timeout:
    case ErrorKind::Transport:
    case ErrorKind::Tls:
    case ErrorKind::Unauthorized: return true;
    default: return false;
  }
}

// The namespace is gone or being deleted, and its Events with it.
bool has_nowhere_to_be(const Error& error) {
  return error.namespace_is_going || error.kind == ErrorKind::NotFound;
}

Result<void> post_once(Client& client, const api::Event& event, const std::stop_token& stop) {
  auto posted = client.post(resource_of<api::Event>(), event.metadata.ns, api::encode(event), stop);
  // AlreadyExists: names are unique, so an earlier attempt of ours succeeded.
  if (!posted && posted.error().kind == ErrorKind::AlreadyExists) return {};
  return posted;
}

}  // namespace

EventRecorder::EventRecorder(Client& client, std::string instance, std::function<void()> on_dropped,
                             std::function<bool()> is_busy)
    : client_(client),
      instance_(std::move(instance)),
      on_dropped_(std::move(on_dropped)),
      is_busy_(std::move(is_busy)) {
  std::random_device device;  // a restart must not repeat names
  sequence_ = (std::uint64_t{device()} << 32U) | device();
}

void EventRecorder::record(api::Event event) {
  if (event.metadata.name.empty()) event.metadata.name = unique_name(event.regarding.name);
  if (event.metadata.ns.empty())
    event.metadata.ns = event.regarding.ns.empty() ? "default" : event.regarding.ns;
  if (event.reporting_instance.empty()) event.reporting_instance = instance_;
  event.note.resize(utf8::prefix(event.note, kMaxNoteBytes).size());
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() < kMaxWaiting) {
      queue_.push_back({.event = std::move(event), .since = std::chrono::steady_clock::now()});
      ready_.notify_one();
      return;
    }
  }
  count_dropped();
}

void EventRecorder::run(const std::stop_token& stop) {
  while (auto waiting = next(stop)) {
    give_way(*waiting, stop);
    if (!stop.stop_requested() && post(waiting->event, stop)) continue;
    const std::scoped_lock lock(mutex_);
    queue_.push_front(std::move(*waiting));
  }
  post_the_rest();
}

void EventRecorder::give_way(const Waiting& waiting, const std::stop_token& stop) const {
  while (is_busy_ && is_busy_() && std::chrono::steady_clock::now() - waiting.since < kMaxUrgentWait) {
    if (!pause(kUrgentPoll, stop)) return;
  }
}

std::optional<EventRecorder::Waiting> EventRecorder::next(const std::stop_token& stop) {
  {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, stop, [this] { return !queue_.empty(); });
  }
  return stop.stop_requested() ? std::nullopt : take();
}

std::optional<EventRecorder::Waiting> EventRecorder::take() {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  Waiting waiting = std::move(queue_.front());
  queue_.pop_front();
  return waiting;
}

// False: stopped before the outcome was known. Posting the Event again is safe because names are unique.
bool EventRecorder::post(const api::Event& event, const std::stop_token& stop) {
  Backoff backoff(std::chrono::milliseconds(200), std::chrono::seconds(5));
  for (int tries = 1;; ++tries) {
    const auto posted = post_once(client_, event, stop);
    if (posted) return true;
    if (posted.error().kind == ErrorKind::Cancelled) return false;
    if (has_nowhere_to_be(posted.error())) return true;
    if (tries >= kAttempts || !is_passing(posted.error().kind)) {
      log::warn(
          "Event not written",
          {{"object", event.regarding.name}, {"reason", event.reason}, {"err", posted.error().message}});
      count_dropped();
      return true;
    }
    const auto delay = std::max<std::chrono::milliseconds>(
        backoff.next(), posted.error().retry_after.value_or(std::chrono::seconds(0)));
    if (!pause(delay, stop)) return false;
  }
}

// No other process can post these Events: one attempt each within the grace period.
void EventRecorder::post_the_rest() {
  const auto until = std::chrono::steady_clock::now() + kShutdownGrace;
  int dropped = 0;
  while (const auto waiting = take()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left > std::chrono::milliseconds(0)) {
      Client client = client_.within(left);
      if (post_once(client, waiting->event, {})) continue;
    }
    ++dropped;
    count_dropped();
  }
  if (dropped > 0) log::warn("stopped with unwritten Events", {{"dropped", std::to_string(dropped)}});
}

void EventRecorder::count_dropped() const {
  if (on_dropped_) on_dropped_();
}

std::string EventRecorder::unique_name(const std::string& name) {
  return fmt::format("{}.{:016x}", name.substr(0, kMaxNameLength),
                     sequence_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace curfew::kube
