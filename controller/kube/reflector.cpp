#include "kube/reflector.hpp"

#include <optional>
#include <variant>

#include "kube/error.hpp"
#include "kube/pause.hpp"
#include "util/heap.hpp"
#include "util/log.hpp"

namespace curfew::kube {
namespace {

// The driver of a Watcher: does what it says, tells it how it went.
class Loop {
 public:
  Loop(Client& client, const Resource& resource, const Selection& selection, const ReflectorTiming& timing, ReflectorTarget& target, std::stop_token stop)
      : client_(client), resource_(resource), selection_(selection), timing_(timing), target_(target), stop_(std::move(stop)), watcher_(timing.watcher) {}

  void run() {
    while (!stop_.stop_requested()) std::visit([this](const auto& step) { take(step); }, watcher_.next());
  }

 private:
  void take(const Watcher::Wait& wait) { pause(wait.delay, stop_); }

  void take(const Watcher::ListPage& step) {
    if (step.continue_token.empty()) target_.list_began();
    const auto head = target_.list_page({.continue_token = step.continue_token}, stop_);
    if (!head) {
      complain("cannot list; trying again", head.error());
      watcher_.list_failed(head.error());
      return;
    }
    if (!watcher_.page_listed(head->continue_token, head->resource_version)) return;
    target_.list_complete(head->resource_version);
    trim_heap();
  }

  void take(const Watcher::Watch& step) {
    const auto began = std::chrono::steady_clock::now();
    std::optional<Error> failure;
    const auto hear = [&](std::string_view line) {
      failure = on_line(line);
      return !failure && !stop_.stop_requested();
    };
    const auto result = client_.watch(resource_, selection_, {.resource_version = step.resource_version, .timeout = step.timeout}, hear, timing_.idle, stop_);
    if (!result && !failure) failure = result.error();
    if (!failure) {
      complained_.reset();
      watcher_.watch_ended(std::chrono::steady_clock::now() - began);
      return;
    }
    if (failure->kind != ErrorKind::Cancelled) target_.watch_failed();
    if (failure->kind == ErrorKind::Gone) log::debug("the watch is too old to resume; listing again", {{"resource", resource_.plural}});
    else complain("a watch failed; trying again", *failure);
    watcher_.watch_failed(*failure);
  }

  std::optional<Error> on_line(std::string_view line) {
    const auto event = decode_line(line);
    if (!event) return event.error();
    if (event->type == EventType::Error) return error_from_status(event->object);
    const std::string version = metadata_string(event->object, "resourceVersion");
    if (event->type == EventType::Bookmark) target_.bookmark(version);
    else target_.event(event->type, event->object);
    watcher_.event_seen(version);
    complained_.reset();
    return std::nullopt;
  }

  // Once, not at every try; again when the trouble changes.
  void complain(std::string_view message, const Error& error) {
    if (concerns_server(error.kind) || complained_ == error.kind) return;
    complained_ = error.kind;
    log::warn(message, {{"resource", resource_.plural}, {"err", error.message}});
  }

  Client& client_;
  const Resource& resource_;
  const Selection& selection_;
  const ReflectorTiming& timing_;
  ReflectorTarget& target_;
  const std::stop_token stop_;
  Watcher watcher_;
  std::optional<ErrorKind> complained_;
};

}  // namespace

void run_reflector(Client& client, const Resource& resource, const Selection& selection, const ReflectorTiming& timing, ReflectorTarget& target,
                   std::stop_token stop) {
  Loop(client, resource, selection, timing, target, std::move(stop)).run();
}

void log_undecodable(const Resource& resource, const api::ObjectKey& key, const std::string& why) {
  log::warn("skipped an object that is not what its kind should be", {{"kind", resource.kind}, {"object", api::to_string(key)}, {"err", why}});
}

}  // namespace curfew::kube
