#include "reconcile/departed_requests.hpp"

#include <algorithm>
#include <utility>

namespace curfew::reconcile {

void DepartedRequests::add(std::shared_ptr<const api::AccessRequest> last_state) {
  state_.with([&](State& state) {
    state.uids.insert(last_state->metadata.uid);
    auto& of_name = state.by_name[last_state->metadata.key()];
    const auto known = std::ranges::find_if(
        of_name, [&](const auto& request) { return request->metadata.uid == last_state->metadata.uid; });
    if (known == of_name.end())
      of_name.push_back(std::move(last_state));
    else
      *known = std::move(last_state);
  });
}

std::shared_ptr<const api::AccessRequest> DepartedRequests::first(const api::ObjectKey& key) const {
  return state_.with([&](const State& state) {
    const auto it = state.by_name.find(key);
    return it == state.by_name.end() ? nullptr : it->second.front();
  });
}

bool DepartedRequests::contains(const std::string& uid) const {
  return state_.with([&](const State& state) { return state.uids.contains(uid); });
}

void DepartedRequests::remove(const api::ObjectKey& key, const std::string& uid) {
  state_.with([&](State& state) {
    const auto it = state.by_name.find(key);
    if (it == state.by_name.end()) return;
    state.uids.erase(uid);
    std::erase_if(it->second, [&](const auto& request) { return request->metadata.uid == uid; });
    if (it->second.empty()) state.by_name.erase(it);
  });
}

std::vector<api::ObjectKey> DepartedRequests::keys() const {
  return state_.with([](const State& state) {
    std::vector<api::ObjectKey> keys;
    keys.reserve(state.by_name.size());
    for (const auto& [key, requests] : state.by_name) keys.push_back(key);
    return keys;
  });
}

void DepartedRequests::expect(const std::string& uid) {
  state_.with([&](State& state) { state.expected.insert(uid); });
}

bool DepartedRequests::is_expected(const std::string& uid) const {
  return state_.with([&](const State& state) { return state.expected.contains(uid); });
}

void DepartedRequests::stop_expecting(const std::string& uid) {
  state_.with([&](State& state) { state.expected.erase(uid); });
}

}  // namespace curfew::reconcile
