#include "kube/watcher.hpp"

#include <algorithm>
#include <utility>

namespace curfew::kube {

Watcher::Watcher(WatcherTiming timing, unsigned seed)
    : timing_(timing), backoff_(timing.first_backoff, timing.longest_backoff, seed), random_(seed) {}

Watcher::Step Watcher::next() {
  if (delay_) return Wait{*std::exchange(delay_, std::nullopt)};
  if (state_ == State::Listing) return ListPage{continue_token_};
  // Watches that began together should not end together.
  const auto seconds = std::uniform_int_distribution<std::chrono::seconds::rep>(
      timing_.shortest_watch.count(), timing_.longest_watch.count())(random_);
  return Watch{resource_version_, std::chrono::seconds(seconds)};
}

bool Watcher::page_listed(std::string_view continue_token, std::string_view resource_version) {
  continue_token_ = continue_token;
  if (!continue_token_.empty()) return false;
  resource_version_ = resource_version;
  state_ = State::Watching;
  return true;
}

void Watcher::list_failed(const Error& error) {
  // A continue token expires with its resource version; without it the pages so far are an incomplete list.
  if (error.kind == ErrorKind::Gone) continue_token_.clear();
  wait(error.retry_after);
}

void Watcher::event_seen(std::string_view resource_version) {
  if (resource_version.empty() || resource_version == resource_version_) return;
  resource_version_ = resource_version;
  progressed_ = true;
  expired_ = false;
}

void Watcher::watch_failed(const Error& error) {
  const bool is_over =
      error.kind == ErrorKind::Gone || error.kind == ErrorKind::Decode || error.kind == ErrorKind::Invalid;
  if (!is_over) return wait(error.retry_after);
  relist();
  // The first time, relist at once: readers of the store wait for it.
  if (!std::exchange(expired_, true) && error.kind == ErrorKind::Gone && !error.retry_after) {
    progressed_ = false;
    backoff_.reset();
    return;
  }
  wait(error.retry_after);
}

void Watcher::watch_ended(std::chrono::steady_clock::duration lasted) {
  if (progressed_ || lasted >= timing_.settled) {
    progressed_ = false;
    backoff_.reset();
    return;
  }
  wait();
}

void Watcher::relist() {
  state_ = State::Listing;
  continue_token_.clear();
  resource_version_.clear();
}

void Watcher::wait(const std::optional<std::chrono::seconds>& retry_after) {
  if (std::exchange(progressed_, false)) backoff_.reset();
  std::chrono::milliseconds delay = backoff_.next();
  if (retry_after) delay = std::max<std::chrono::milliseconds>(delay, *retry_after);
  delay_ = delay;
}

}  // namespace curfew::kube
