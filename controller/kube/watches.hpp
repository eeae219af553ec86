#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/client.hpp"
#include "kube/pause.hpp"
#include "kube/reflector.hpp"
#include "kube/store.hpp"
#include "util/threads.hpp"

namespace curfew::kube {

// Reflectors with a thread each. Add all of them before start(). The client and the stores must outlive it.
class Watches {
 public:
  // `on_failed` is called with the resource's plural when a watch ended in an error, on the reflector's
  // thread.
  Watches(Client& client, std::function<void(std::string_view)> on_failed)
      : client_(client), on_failed_(std::move(on_failed)) {}

  // The reflector begins to list once `may_list` returns true; at once if it is null.
  template <class T>
  std::shared_ptr<Reflector<T>> add(Store<T>& store, ReflectorConfig<T> config,
                                    std::function<bool()> may_list = {}) {
    config.on_watch_failed = [this, plural = config.resource.plural] { on_failed_(plural); };
    auto reflector = std::make_shared<Reflector<T>>(client_, store, std::move(config));
    runs_.emplace_back([reflector, may_list = std::move(may_list)](const std::stop_token& stop) {
      while (may_list && !may_list() && pause(kPoll, stop)) {
      }
      reflector->run(stop);
    });
    return reflector;
  }

  void start() {
    for (auto& run : std::exchange(runs_, {})) threads_.start(std::move(run));
  }
  void request_stop() { threads_.request_stop(); }
  void stop() { threads_.stop(); }

 private:
  static constexpr std::chrono::milliseconds kPoll{20};

  Client& client_;
  const std::function<void(std::string_view)> on_failed_;
  std::vector<std::function<void(const std::stop_token&)>> runs_;
  Threads threads_;  // last: the threads use the other members
};

}  // namespace curfew::kube
