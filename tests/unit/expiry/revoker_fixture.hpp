#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "expiry/revoker.hpp"
#include "telemetry/metrics.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

namespace curfew::testing {

using Names = std::vector<std::string>;

// A revoker of one replica with a fake API server. The test runs its loop by hand and delivers the changes to
// it.
class Replica {
 public:
  FakeApi api;
  kube::Client client{api};
  kube::ScopedStore<api::RoleBinding> bindings;
  expiry::PendingDeletions deletions;
  telemetry::Metrics metrics{"test"};
  ManualClock clock;
  bool leads = true;
  expiry::Revoker revoker{
      {.client = client,
       .bindings = bindings,
       .deletions = deletions,
       .on_ended = [this](std::chrono::microseconds past_end) { metrics.revocation_was_late(past_end); },
       .on_failed = [this](ErrorKind kind) { metrics.reconcile_failed(kind); },
       .clock = clock,
       .is_leader =
           [this] {
             turn_.request_stop();
             return leads;
           }}};

  // Stores the binding in the API server and delivers it through the watch.
  api::RoleBinding add(const api::RoleBinding& object) {
    const auto stored = api.put(object);
    see(stored);
    return stored;
  }
  void see(const api::RoleBinding& object) {
    const auto before = bindings.get(object.metadata.key());
    revoker.observe(before, deliver(bindings, object));
  }
  void see_again(const api::RoleBinding& object) {
    see(*api::decode<api::RoleBinding>(api.get<api::RoleBinding>(object.metadata.key())));
  }
  void see_deleted(const api::RoleBinding& object) {
    revoker.observe(take_away(bindings, object.metadata.key()), nullptr);
  }

  // Runs the loop once; due bindings are in the queue afterwards. The loop calls is_leader once per round,
  // which is where this stops it.
  void turn() {
    turn_ = std::stop_source();
    revoker.run(turn_.get_token());
  }
  // Runs a turn and returns the due bindings in order, as if an ending worker had taken each.
  Names due() {
    turn();
    Names names;
    while (const auto key = revoker.queue().try_get()) {
      names.push_back(key->name);
      revoker.queue().done(*key);
    }
    return names;
  }
  bool shows(const std::string& line) {
    return metrics.render().find("\n" + line + "\n") != std::string::npos;
  }
  bool is_there(const api::RoleBinding& object) const {
    return !api.get<api::RoleBinding>(object.metadata.key()).is_null();
  }

 private:
  std::stop_source turn_;
};

inline std::string uid(int number) {
  return "3f2c9a4e-0000-4000-8000-00000000010" + std::to_string(number);
}

inline std::string path_of(const api::RoleBinding& object) {
  return "/apis/rbac.authorization.k8s.io/v1/namespaces/" + object.metadata.ns + "/rolebindings/" +
         object.metadata.name;
}

inline TimePoint in(const Replica& replica, std::chrono::seconds delay) {
  return floor_to_second(replica.clock.now()) + delay;
}

}  // namespace curfew::testing
