#include "housekeeping/retention.hpp"

#include <algorithm>
#include <optional>

#include "core/decide/retention.hpp"
#include "kube/error.hpp"
#include "util/heap.hpp"
#include "util/log.hpp"

namespace curfew::housekeeping {
namespace {

using std::chrono::seconds;

// The wall clock may step: re-check at least this often.
constexpr seconds kMaxWait{60};
constexpr seconds kRetry{60};
}  // namespace

void Retention::completed(const api::AccessRequest& request) {
  if (!request.status.complete) return;
  const TimePoint until = core::retain_until(request, parts_.keep);
  const std::scoped_lock lock(mutex_);
  remember(request.metadata.uid, request.metadata.key(), until);
  changed_.notify_all();
}

void Retention::remember(const std::string& uid, const api::ObjectKey& key, TimePoint until) {
  if (kept_.contains(uid)) return;
  if (kept_.size() >= kMaxKept) {
    has_dropped_ = true;
    if (due_.empty() || until >= due_.last().first) return;
    const std::string latest = due_.last().second;
    due_.erase(latest);
    kept_.erase(latest);
  }
  kept_.emplace(uid, key);
  due_.set(uid, until);
}

void Retention::find_more(const std::stop_token& stop) {
  {
    const std::scoped_lock lock(mutex_);
    if (!has_dropped_ || kept_.size() > kMaxKept / 2) return;
  }
  if (sweep(stop)) return;
  const std::scoped_lock lock(mutex_);
  has_dropped_ = true;  // retry in the next pass of run()
}

Result<void> Retention::sweep(const std::stop_token& stop) {
  {
    const std::scoped_lock lock(mutex_);
    has_dropped_ = false;
  }
  for (const bool is_cluster_scoped : {false, true}) {
    if (auto listed = find_completed(is_cluster_scoped, stop); !listed) return listed;
  }
  trim_heap();
  return {};
}

Result<void> Retention::find_completed(bool is_cluster_scoped, const std::stop_token& stop) {
  kube::ListParams params;
  do {
    auto page = parts_.client.list<api::AccessRequest>(
        {.fields = "status.complete=true", .is_cluster_scoped = is_cluster_scoped}, params, stop);
    if (!page) return tl::unexpected(page.error());
    for (const api::AccessRequest& request : page->items) completed(request);
    params.continue_token = page->continue_token;
  } while (!params.continue_token.empty());
  return {};
}

void Retention::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    delete_due(stop);
    find_more(stop);
    std::unique_lock lock(mutex_);
    const auto first = due_.next();
    const auto wait =
        first ? std::min<std::chrono::microseconds>(*first - parts_.clock.now(), kMaxWait) : kMaxWait;
    changed_.wait_for(lock, stop, wait, [&] { return due_.next() && (!first || *due_.next() < *first); });
  }
}

void Retention::delete_due(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!parts_.is_leading()) {  // the next leader lists all of them
    kept_.clear();
    due_ = {};
    has_dropped_ = false;
  }
  for (const std::string& uid : due_.pop_due(parts_.clock.now())) {
    if (stop.stop_requested()) return;
    const api::ObjectKey key = kept_.at(uid);
    lock.unlock();
    const bool gone = has_gone(uid, key, stop);
    lock.lock();
    if (gone)
      kept_.erase(uid);
    else
      due_.set(uid, parts_.clock.now() + kRetry);
  }
}

bool Retention::has_gone(const std::string& uid, const api::ObjectKey& key, const std::stop_token& stop) {
  const auto removed = parts_.client.remove<api::AccessRequest>(key, uid, stop);
  if (removed || removed.error().kind == ErrorKind::Conflict)
    return true;  // Conflict: another request has the name now
  if (kube::concerns_server(removed.error().kind)) return false;
  log::warn("completed request not deleted, retrying",
            {{"request", api::to_string(key)}, {"uid", uid}, {"err", removed.error().message}});
  return false;
}

}  // namespace curfew::housekeeping
