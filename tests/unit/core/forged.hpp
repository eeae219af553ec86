#pragma once

#include <algorithm>
#include <string>

#include "core/decide/binding.hpp"
#include "core_test.hpp"

// What tests of states need that are possible only if the admission policies were bypassed: by removing them,
// or by writing to etcd. For the .cpp files of this folder only.
namespace curfew::core::test {

inline bool removes_binding_first(const Decision& decision) {
  return !decision.actions.empty() && std::holds_alternative<DeleteBinding>(decision.actions.front());
}

inline int times_told(const World& w, const std::string& reason) {
  const auto told = w.told();
  return static_cast<int>(std::count(told.begin(), told.end(), reason));
}

// A binding as Curfew would have created it, but created by someone else.
inline api::RoleBinding forged(const World& w, TimePoint expires_at) {
  api::RoleBinding binding = binding_for(
      w.s.request,
      grant_of(w.s.request, w.status(), {.granted_at = floor_to_second(w.s.now), .expires_at = expires_at}),
      w.s.request.metadata.ns);
  binding.metadata.uid = "forged";
  binding.metadata.creation_timestamp = floor_to_second(w.s.now);
  return binding;
}

}  // namespace curfew::core::test
