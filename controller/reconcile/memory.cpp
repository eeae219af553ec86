#include "reconcile/memory.hpp"

#include <algorithm>
#include <utility>

namespace curfew::reconcile {
namespace {

template <class Map>
std::optional<typename Map::mapped_type> find(const Map& map, const std::string& key) {
  const auto it = map.find(key);
  if (it == map.end()) return std::nullopt;
  return it->second;
}

}  // namespace

void Memory::remember_departed(std::shared_ptr<const api::AccessRequest> last_state) {
  state_.with([&](State& state) {
    state.departed_uids.insert(last_state->metadata.uid);
    auto& of_name = state.departed[last_state->metadata.key()];
    const auto known = std::ranges::find_if(
        of_name, [&](const auto& request) { return request->metadata.uid == last_state->metadata.uid; });
    if (known == of_name.end())
      of_name.push_back(std::move(last_state));
    else
      *known = std::move(last_state);
  });
}

std::shared_ptr<const api::AccessRequest> Memory::departed(const api::ObjectKey& key) const {
  return state_.with([&](const State& state) {
    const auto it = state.departed.find(key);
    return it == state.departed.end() ? nullptr : it->second.front();
  });
}

bool Memory::is_departed(const std::string& uid) const {
  return state_.with([&](const State& state) { return state.departed_uids.contains(uid); });
}

void Memory::forget_departed(const api::ObjectKey& key, const std::string& uid) {
  state_.with([&](State& state) {
    const auto it = state.departed.find(key);
    if (it == state.departed.end()) return;
    state.departed_uids.erase(uid);
    std::erase_if(it->second, [&](const auto& request) { return request->metadata.uid == uid; });
    if (it->second.empty()) state.departed.erase(it);
  });
}

std::vector<api::ObjectKey> Memory::departed_keys() const {
  return state_.with([](const State& state) {
    std::vector<api::ObjectKey> keys;
    keys.reserve(state.departed.size());
    for (const auto& [key, requests] : state.departed) keys.push_back(key);
    return keys;
  });
}

void Memory::remember_completed(const std::string& uid) {
  state_.with([&](State& state) { state.completed.insert(uid); });
}

bool Memory::was_completed_here(const std::string& uid) const {
  return state_.with([&](const State& state) { return state.completed.contains(uid); });
}

void Memory::forget_completed(const std::string& uid) {
  state_.with([&](State& state) { state.completed.erase(uid); });
}

void Memory::remember_granted(api::AuditRecord record) {
  state_.with([&](State& state) {
    std::string uid = record.request.uid;
    state.granted.insert_or_assign(std::move(uid), std::move(record));
  });
}

std::optional<api::AuditRecord> Memory::granted_record(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.granted, request_uid); });
}

void Memory::remember_end(api::AuditRecord record) {
  state_.with([&](State& state) {
    std::string uid = record.request.uid;
    state.ended.insert_or_assign(std::move(uid), std::move(record));
  });
}

std::optional<api::AuditRecord> Memory::end_record(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.ended, request_uid); });
}

void Memory::remember_binding(const std::string& request_uid, const std::string& binding_uid) {
  state_.with([&](State& state) { state.bindings.insert_or_assign(request_uid, binding_uid); });
}

std::string Memory::last_binding_uid(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.bindings, request_uid); })
      .value_or(std::string());
}

void Memory::remember_granted_binding(const std::string& request_uid, const std::string& binding_uid) {
  state_.with([&](State& state) { state.granted_bindings.insert_or_assign(request_uid, binding_uid); });
}

std::string Memory::granted_binding_uid(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.granted_bindings, request_uid); })
      .value_or(std::string());
}

void Memory::remember_observed(const std::string& request_uid, int decisions) {
  state_.with([&](State& state) { state.observed.insert_or_assign(request_uid, decisions); });
}

std::optional<int> Memory::observed_decisions(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.observed, request_uid); });
}

void Memory::remember_unwatched(const std::string& request_uid, int decisions) {
  state_.with([&](State& state) { state.unwatched.insert_or_assign(request_uid, decisions); });
}

int Memory::unwatched_decisions(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.unwatched, request_uid); }).value_or(0);
}

void Memory::know_all_records() {
  state_.with([](State& state) { state.knows_all_records = true; });
}

bool Memory::knows_all_records() const {
  return state_.with([](const State& state) { return state.knows_all_records; });
}

void Memory::begin_term() {
  state_.with([](State& state) {
    state.granted.clear();
    state.granted_bindings.clear();
    state.observed.clear();
    state.unwatched.clear();
    state.knows_all_records = false;
  });
}

void Memory::remember_failure(const std::string& request_uid, core::GrantFailure failure) {
  state_.with([&](State& state) { state.failures.insert_or_assign(request_uid, std::move(failure)); });
}

std::optional<core::GrantFailure> Memory::failure(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.failures, request_uid); });
}

void Memory::remember_unstorable(const std::string& request_uid, std::string message) {
  state_.with([&](State& state) { state.unstorable.insert_or_assign(request_uid, std::move(message)); });
}

std::optional<std::string> Memory::unstorable(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return find(state.unstorable, request_uid); });
}

void Memory::forget(const std::string& request_uid) {
  state_.with([&](State& state) {
    state.granted.erase(request_uid);
    state.ended.erase(request_uid);
    state.bindings.erase(request_uid);
    state.granted_bindings.erase(request_uid);
    state.observed.erase(request_uid);
    state.unwatched.erase(request_uid);
    state.failures.erase(request_uid);
    state.unstorable.erase(request_uid);
  });
}

}  // namespace curfew::reconcile
