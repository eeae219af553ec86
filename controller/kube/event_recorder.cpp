#include "kube/event_recorder.hpp"

#include <chrono>
#include <fmt/format.h>
#include <random>
#include <utility>

#include "kube/pause.hpp"
#include "util/backoff.hpp"
#include "util/log.hpp"

namespace curfew::kube {
namespace {

constexpr std::size_t kMostWaiting = 1000;
constexpr std::size_t kLongestNote = 1024;  // bytes; the API server refuses more
constexpr std::size_t kLongestName = 236;   // of 253: room for ".HEX"
constexpr int kTries = 4;

// At most `most` bytes, cut between characters.
void trim(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  constexpr unsigned char kContinuation = 0x80;
  constexpr unsigned char kContinuationMask = 0xC0;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & kContinuationMask) == kContinuation) --most;
  text.resize(most);
}

// Whether another try could end differently.
bool is_passing(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::TooManyRequests: case ErrorKind::Unavailable: case ErrorKind::Timeout: case ErrorKind::Transport: case ErrorKind::Tls:
    case ErrorKind::Unauthorized: return true;
    default: return false;
  }
}

}  // namespace

EventRecorder::EventRecorder(Client& client, std::string instance) : client_(client), instance_(std::move(instance)) {
  std::random_device device;  // a restart must not repeat names
  sequence_ = (std::uint64_t{device()} << 32U) | device();
}

void EventRecorder::record(api::Event event) {
  if (event.metadata.name.empty()) event.metadata.name = unique_name(event.regarding.name);
  if (event.metadata.name_space.empty()) event.metadata.name_space = event.regarding.name_space.empty() ? "default" : event.regarding.name_space;
  if (event.reporting_instance.empty()) event.reporting_instance = instance_;
  trim(event.note, kLongestNote);
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kMostWaiting) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.push_back(std::move(event));
  }
  ready_.notify_one();
}

void EventRecorder::run(const std::stop_token& stop) {
  while (true) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait(lock, stop, [this] { return !queue_.empty(); }) || stop.stop_requested()) return;
    const api::Event event = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    post(event, stop);
  }
}

void EventRecorder::post(const api::Event& event, const std::stop_token& stop) {
  Backoff backoff(std::chrono::milliseconds(200), std::chrono::seconds(5));
  for (int tries = 1;; ++tries) {
    const auto posted = client_.send_json(http::Method::Post, target_of(resource_of<api::Event>(), event.metadata.name_space), api::encode(event), stop);
    // AlreadyExists: names are unique, so that was an earlier try of ours.
    if (posted || posted.error().kind == ErrorKind::AlreadyExists || posted.error().kind == ErrorKind::Cancelled) return;
    if (tries >= kTries || !is_passing(posted.error().kind)) {
      failed_.fetch_add(1, std::memory_order_relaxed);
      log::warn("an Event could not be written", {{"object", event.regarding.name}, {"reason", event.reason}, {"err", posted.error().message}});
      return;
    }
    const auto delay = std::max<std::chrono::milliseconds>(backoff.next(), posted.error().retry_after.value_or(std::chrono::seconds(0)));
    if (!pause(delay, stop)) return;
  }
}

std::string EventRecorder::unique_name(const std::string& name) {
  return fmt::format("{}.{:016x}", name.substr(0, kLongestName), sequence_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace curfew::kube
