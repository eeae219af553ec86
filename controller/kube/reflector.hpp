#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "api/decode.hpp"
#include "kube/client.hpp"
#include "kube/line_decoder.hpp"
#include "kube/raw_object.hpp"
#include "kube/relist_signal.hpp"
#include "kube/request.hpp"
#include "kube/store.hpp"
#include "kube/watcher.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Handles what a reflector lists and watches; called on the reflector's thread.
class ReflectorTarget {
 public:
  virtual ~ReflectorTarget() = default;
  struct PageEnd {
    std::string continue_token;  // empty: the last page
    std::string resource_version;
  };
  virtual void list_began() = 0;  // discard the pages so far
  virtual Result<PageEnd> list_page(ListParams& params, std::stop_token stop) = 0;
  virtual void list_complete(const std::string& resource_version) = 0;
  virtual void event(EventType type, const nlohmann::json& object) = 0;  // Added, Modified, Deleted
  virtual void unreadable(const UnreadableEvent& event, const std::string& why) = 0;
  virtual void bookmark(const std::string& resource_version) = 0;
  virtual void watch_failed() = 0;  // the watch ended in an error; it is restarted
};

struct ReflectorTiming {
  WatcherTiming watcher{};
  std::chrono::milliseconds idle{90'000};  // bookmarks come about once a minute
};

// Lists, watches and recovers from failures. Blocks until stopped. Use Reflector below instead.
void run_reflector(Client& client, const Resource& resource, const Selection& selection,
                   const ReflectorTiming& timing, RelistSignal& relist, ReflectorTarget& target,
                   std::stop_token stop);

// Logs that an object was skipped.
void log_undecodable(const Resource& resource, const api::ObjectKey& key, const std::string& why);

template <class T>
struct ReflectorConfig {
  Resource resource;
  Selection selection;
  std::function<Result<T>(const nlohmann::json&)> decode;
  std::function<bool(const api::ObjectKey&)> is_wanted;  // other objects are not stored; null: all are
  // A list begins, before is_wanted is called for its objects; a list is complete. On the reflector's thread.
  std::function<void()> on_list_began;
  std::function<void()> on_list_complete;
  // Called after the store has changed, on the reflector's thread, for events and for differences found by a
  // new list. Null: the object does not exist. For DELETED, `before` is the last known state; for an object
  // that left the selection, its state before it left.
  std::function<void(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after)>
      on_change;
  std::function<void()> on_synced;  // once, after on_change has seen the first list
  // For metrics: a watch was refused, broke, went silent or became too old to resume. Not called if the
  // server ended the watch normally or the reflector was stopped.
  std::function<void()> on_watch_failed;
  ReflectorTiming timing;
};

// For a kind with a struct, which determines the resource and the decoder.
template <class T>
ReflectorConfig<T> reflector_config(const Selection& selection = {}) {
  return {.resource = resource_of<T>(), .selection = selection, .decode = [](const nlohmann::json& json) {
            return api::decode<T>(json);
          }};
}

// For any other kind, as whole objects.
inline ReflectorConfig<RawObject> raw_reflector_config(Resource resource, Selection selection = {}) {
  return {.resource = std::move(resource), .selection = std::move(selection), .decode = decode_raw};
}

// Keeps a store in sync with the API server. The store and the client must outlive it.
template <class T>
class Reflector final : private ReflectorTarget {
 public:
  Reflector(Client& client, Store<T>& store, ReflectorConfig<T> config)
      : client_(client), config_(std::move(config)), store_(store), writer_(store) {}

  // Blocks until stopped. Call it only once.
  void run(std::stop_token stop) {
    run_reflector(client_, config_.resource, config_.selection, config_.timing, relist_, *this,
                  std::move(stop));
  }

  // Requests a new list, because more objects are wanted than before. Thread-safe.
  void relist() { relist_.request(); }

  // Objects skipped so far because they could not be decoded.
  std::uint64_t undecodable() const { return undecodable_.load(std::memory_order_relaxed); }

 private:
  void list_began() override {
    listed_.clear();
    unreadable_.clear();
    if (config_.on_list_began) config_.on_list_began();
  }

  Result<PageEnd> list_page(ListParams& params, std::stop_token stop) override {
    const auto decode = [this](const nlohmann::json& item) -> Result<std::optional<T>> {
      if (config_.is_wanted && !config_.is_wanted(key_of(item))) return std::nullopt;
      Result<T> object = config_.decode(item);
      if (!object) return tl::unexpected(std::move(object.error()));
      return std::optional<T>(std::move(*object));
    };
    auto page =
        client_.list<std::optional<T>>(config_.resource, config_.selection, params, decode, std::move(stop));
    if (!page) return tl::unexpected(std::move(page.error()));
    for (const Undecodable& skipped : page->undecodable) {
      skip(skipped.key, skipped.why);
      unreadable_.push_back(skipped.key);
    }
    for (std::optional<T>& object : page->items)
      if (object) listed_.push_back(std::make_shared<const T>(std::move(*object)));
    return PageEnd{.continue_token = std::move(page->continue_token),
                   .resource_version = std::move(page->resource_version)};
  }

  void list_complete(const std::string& resource_version) override {
    const bool first = !store_.synced();
    keep_what_has_no_name();
    const auto changes = writer_.replace_all(std::exchange(listed_, {}), unreadable_, resource_version);
    for (const Change<T>& change : changes) notify(change);
    if (config_.on_list_complete) config_.on_list_complete();
    if (first && config_.on_synced) config_.on_synced();
  }

  void event(EventType type, const nlohmann::json& object) override {
    const std::string version = metadata_string(object, "resourceVersion");
    if (store_.has_seen(version)) return;  // known state must not go back in time: it is acted on
    const api::ObjectKey key = key_of(object);
    if (config_.is_wanted && !config_.is_wanted(key) && !store_.get(key)) return writer_.advance(version);
    Result<T> decoded = config_.decode(object);
    if (!decoded) skip(key, decoded.error().message);
    if (type == EventType::Deleted) {
      notify(
          writer_.remove(key, decoded ? std::make_shared<const T>(std::move(*decoded)) : nullptr, version));
    } else if (decoded) {
      notify(writer_.apply(std::move(*decoded)));
    } else {
      writer_.advance(version);
    }
  }

  void unreadable(const UnreadableEvent& event, const std::string& why) override {
    if (store_.has_seen(event.resource_version)) return;
    if (event.type == EventType::Deleted)
      return notify(writer_.remove(event.key, nullptr, event.resource_version));
    skip(event.key, why);
    writer_.advance(event.resource_version);
  }

  void bookmark(const std::string& resource_version) override { writer_.advance(resource_version); }

  void watch_failed() override {
    if (config_.on_watch_failed) config_.on_watch_failed();
  }

  void notify(const Change<T>& change) {
    if (config_.on_change && (change.before || change.after)) config_.on_change(change.before, change.after);
  }

  // An object without a readable name may be any known object: none of the known objects counts as deleted.
  void keep_what_has_no_name() {
    if (std::ranges::none_of(unreadable_, [](const api::ObjectKey& key) { return key.name.empty(); })) return;
    for (const auto& object : store_.list()) unreadable_.push_back(object->metadata.key());
  }

  void skip(const api::ObjectKey& key, const std::string& why) {
    undecodable_.fetch_add(1, std::memory_order_relaxed);
    if (logged_.size() >= kMaxLogged) logged_.clear();
    if (logged_.insert(key).second) log_undecodable(config_.resource, key, why);
  }

  static constexpr std::size_t kMaxLogged = 1000;

  Client& client_;
  const ReflectorConfig<T> config_;
  RelistSignal relist_;
  const Store<T>& store_;
  typename Store<T>::Writer writer_;
  std::vector<std::shared_ptr<const T>> listed_;
  std::vector<api::ObjectKey> unreadable_;
  std::set<api::ObjectKey> logged_;  // keys logged: once each, however often the objects change
  std::atomic<std::uint64_t> undecodable_ = 0;
};

}  // namespace curfew::kube
