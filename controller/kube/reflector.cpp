#include "kube/reflector.hpp"

#include <optional>
#include <variant>

#include "kube/error.hpp"
#include "kube/pause.hpp"
#include "util/heap.hpp"
#include "util/log.hpp"

namespace curfew::kube {
namespace {

// Bytes. After a larger line, free heap is returned to the operating system at once.
constexpr std::size_t kLargeLine = std::size_t{256} << 10;

// Drives a Watcher: executes its steps and reports the outcome to it.
class Loop {
 public:
  Loop(Client& client, const Resource& resource, const Selection& selection, const ReflectorTiming& timing,
       RelistSignal& relist, ReflectorTarget& target, std::stop_token stop)
      : client_(client),
        resource_(resource),
        selection_(selection),
        timing_(timing),
        relist_(relist),
        target_(target),
        stop_(std::move(stop)),
        watcher_(timing.watcher) {}

  void run() {
    while (!stop_.stop_requested()) std::visit([this](const auto& step) { take(step); }, watcher_.next());
  }

 private:
  void take(const Watcher::Wait& wait) { pause(wait.delay, stop_); }

  void take(const Watcher::ListPage& step) {
    if (step.continue_token.empty()) {
      relist_.take();  // this list serves a pending request
      target_.list_began();
    }
    page_.continue_token = step.continue_token;
    const auto head = target_.list_page(page_, stop_);
    if (!head) {
      complain("cannot list, retrying", head.error());
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
    const auto hear = [&](bool is_cut) {
      return [&, is_cut](std::string_view line) {
        failure = is_cut ? on_unreadable_line(
                               line, true,
                               Error{.kind = ErrorKind::Decode, .message = "its line in a watch is too long"})
                         : on_line(line);
        if (line.size() > kLargeLine) trim_heap();
        return !failure && !stop_.stop_requested();
      };
    };
    std::stop_source ended;
    const std::stop_callback stopped(stop_, [&] { ended.request_stop(); });
    const std::stop_callback relisted(relist_.begin_watch(), [&] { ended.request_stop(); });
    const auto result = client_.watch(
        resource_, selection_, {.resource_version = step.resource_version, .timeout = step.timeout},
        http::LineSink(hear(false), hear(true)), timing_.idle, ended.get_token());
    if (relist_.take() && !stop_.stop_requested()) return watcher_.relist();
    if (!result && !failure) failure = result.error();
    if (!failure) {
      complained_.reset();
      watcher_.watch_ended(std::chrono::steady_clock::now() - began);
      return;
    }
    if (failure->kind != ErrorKind::Cancelled) target_.watch_failed();
    if (failure->kind == ErrorKind::Gone)
      log::debug("watch expired, relisting", {{"resource", resource_.plural}});
    else
      complain("watch failed, retrying", *failure);
    watcher_.watch_failed(*failure);
  }

  std::optional<Error> on_line(std::string_view line) {
    const auto event = decode_line(line);
    if (!event) return on_unreadable_line(line, false, event.error());
    if (event->type == EventType::Error) return error_from_status(event->object);
    const std::string version = metadata_string(event->object, "resourceVersion");
    if (event->type == EventType::Bookmark)
      target_.bookmark(version);
    else
      target_.event(event->type, event->object);
    watcher_.event_seen(version);
    complained_.reset();
    return std::nullopt;
  }

  // An unreadable object is skipped without ending the watch.
  std::optional<Error> on_unreadable_line(std::string_view line, bool is_cut, const Error& why) {
    const auto event = decode_unreadable_line(line, is_cut);
    if (!event) return why;
    target_.unreadable(*event, why.message);
    watcher_.event_seen(event->resource_version);
    return std::nullopt;
  }

  // Logs an error once, not at every retry, and again when its kind changes.
  void complain(std::string_view message, const Error& error) {
    if (concerns_server(error.kind) || complained_ == error.kind) return;
    complained_ = error.kind;
    log::warn(message, {{"resource", resource_.plural}, {"err", error.message}});
  }

  Client& client_;
  const Resource& resource_;
  const Selection& selection_;
  const ReflectorTiming& timing_;
  RelistSignal& relist_;
  ReflectorTarget& target_;
  const std::stop_token stop_;
  Watcher watcher_;
  ListParams page_;  // its limit is the page size that has worked so far
  std::optional<ErrorKind> complained_;
};

}  // namespace

void run_reflector(Client& client, const Resource& resource, const Selection& selection,
                   const ReflectorTiming& timing, RelistSignal& relist, ReflectorTarget& target,
                   std::stop_token stop) {
  Loop(client, resource, selection, timing, relist, target, std::move(stop)).run();
}

void log_undecodable(const Resource& resource, const api::ObjectKey& key, const std::string& why) {
  log::warn("skipped an object that cannot be decoded",
            {{"kind", resource.kind}, {"object", api::to_string(key)}, {"err", why}});
}

}  // namespace curfew::kube
