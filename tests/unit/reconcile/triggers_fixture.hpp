#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "reconcile/triggers.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"

namespace curfew::testing {

using reconcile::Key;
using Keys = std::vector<Key>;

inline Key request_key(const std::string& name, const std::string& ns = "payments") {
  return {.kind = Key::Kind::Request, .object = {.ns = ns, .name = name}};
}
inline Key policy_key(const std::string& name = "payments-debug") {
  return {.kind = Key::Kind::Policy, .object = {.ns = {}, .name = name}};
}
inline Key binding_key(const api::RoleBinding& binding) {
  return {.kind = Key::Kind::Binding, .object = binding.metadata.key()};
}

struct TriggersFixture {
  ManualClock clock;
  runtime::WorkQueue<Key> queue{clock};
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  reconcile::ExtensionIndex extensions;
  bool leading = true;
  reconcile::Triggers triggers{queue, stores, notes, departed, extensions, clock, [this] { return leading; }};

  // The keys that are queued now, sorted.
  Keys queued() {
    Keys keys;
    while (const auto key = queue.try_get()) {
      keys.push_back(*key);
      queue.done(*key);
    }
    std::ranges::sort(keys);
    return keys;
  }
  Keys queued_within(std::chrono::milliseconds time) {
    clock.advance(time);
    return queued();
  }
  void see(const api::AccessRequest& object) {
    const auto before = stores.requests.get(object.metadata.key());
    triggers.changed(before, deliver(stores.requests, object));
  }
  void see_leave(const api::ObjectKey& key) {
    triggers.changed(take_away(stores.requests, key), std::shared_ptr<const api::AccessRequest>());
  }
  // Stores the request without queueing anything.
  void know(const api::AccessRequest& object) { deliver(stores.requests, object); }
};

inline api::AccessRequest elsewhere(const std::string& name, const std::string& policy,
                                    const std::string& ns) {
  auto made = request(name, "uid-of-" + name);
  made.metadata.ns = ns;
  made.spec.policy = policy;
  return made;
}

inline api::AccessPolicy policy(std::int64_t generation = 1, const std::string& uid = "policy-uid") {
  auto made = policy_with({{"roles", {{{"kind", "ClusterRole"}, {"name", "view"}}}}});
  made.metadata.uid = uid;
  made.metadata.generation = generation;
  return made;
}

inline api::Namespace ns(const std::string& team) {
  return namespace_with({{"team", team}});
}

// A ClusterRole, or a Role if a namespace is given.
inline std::shared_ptr<const reconcile::RoleSummary> role(const std::string& name, const std::string& in = {},
                                                          const std::vector<api::PolicyRule>& rules = {}) {
  auto made = role_named<api::Role>(name, in);
  made.rules = rules;
  return shared(reconcile::summary_of(made));
}

template <class T>
const std::shared_ptr<const T> kNone{};

}  // namespace curfew::testing
