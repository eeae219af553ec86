#include "reconcile/flood_gate.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "api/names.hpp"

namespace curfew::reconcile {
namespace {

// Whoever decides about a request does so much sooner.
constexpr std::chrono::minutes kRefusedFor{10};
// Nothing is known of a request that was let in longer than this: it went just then.
constexpr std::chrono::minutes kAdmittedFor{1};
// Of records of floods; one that is forgotten is found to exist when it is written again.
constexpr std::size_t kMostRecords = 1000;

std::string requester_of(const api::AccessRequest& request) { return request.spec.requester ? request.spec.requester->username.str() : std::string(); }

bool waits(const api::AccessRequest& request) {
  return !request.status.complete && (request.status.phase == api::Phase::Pending || request.status.phase == api::Phase::Scheduled);
}

bool is_unseen(const api::AccessRequest& request) { return !request.status.complete && !request.status.phase; }

bool is_same(const FloodGate::Pointer& before, const FloodGate::Pointer& after) { return before && after && before->metadata.uid == after->metadata.uid; }

}  // namespace

void FloodGate::observe(const Pointer& before, const Pointer& after) {
  state_.with([&](State& state) {
    forget_old(state);
    const bool is_another = before && !is_same(before, after);
    if (is_another) leave(state, *before);
    if (!after) return;
    if (is_unseen(*after)) {
      if (!is_same(before, after)) take_token(state, *after);
    } else if (waits(*after)) {
      Requester& requester = state.requesters[requester_of(*after)];
      requester.admitted.erase(after->metadata.uid);
      requester.waiting.insert(after->metadata.uid);
    } else {
      leave(state, *after);
    }
  });
}

std::optional<core::Flood> FloodGate::admit(const api::AccessRequest& request) {
  return state_.with([&](State& state) -> std::optional<core::Flood> {
    if (auto refused = refusal(state, request)) return refused;
    Requester& requester = state.requesters[requester_of(request)];
    const std::string& uid = request.metadata.uid;
    const auto now = clock_.steady();
    std::erase_if(requester.admitted, [&](const auto& each) { return now - each.second > kAdmittedFor; });
    const auto waiting = requester.waiting.size() + requester.admitted.size();
    if (limits_.pending == 0 || waiting < static_cast<std::size_t>(limits_.pending) || requester.admitted.contains(uid)) {
      requester.admitted.try_emplace(uid, now);
      return std::nullopt;
    }
    return too_many(state, request, fmt::format("{} has {} requests waiting, and --pending-per-requester allows {}: ask again when some of them are decided or withdrawn",
                                                requester_of(request), waiting, limits_.pending));
  });
}

std::optional<core::Flood> FloodGate::refusal(const api::AccessRequest& request) const {
  return state_.with([&](const State& state) { return refusal(state, request); });
}

std::optional<core::Flood> FloodGate::refusal(const State& state, const api::AccessRequest& request) const {
  if (!state.refused.contains(request.metadata.uid)) return std::nullopt;
  return too_many(state, request, fmt::format("{} sends requests faster than --requester-qps {} and --requester-burst {} allow: ask again later", requester_of(request),
                                              limits_.qps, limits_.burst));
}

core::Flood FloodGate::too_many(const State& state, const api::AccessRequest& request, std::string message) const {
  const std::string name = api::flood_record_name(requester_of(request), request.metadata.creation_timestamp);
  return {.message = std::move(message), .is_recorded = state.records.contains(name)};
}

void FloodGate::recorded(const api::AuditRecord& record) {
  if (record.action != api::AuditAction::Rejected || !api::is_flood_record(record.metadata.name)) return;
  state_.with([&](State& state) {
    if (state.records.size() >= kMostRecords) state.records.clear();
    state.records.insert(record.metadata.name);
  });
}

void FloodGate::leave(State& state, const api::AccessRequest& request) const {
  const auto requester = state.requesters.find(requester_of(request));
  if (requester == state.requesters.end()) return;
  requester->second.waiting.erase(request.metadata.uid);
  requester->second.admitted.erase(request.metadata.uid);
  if (requester->second.waiting.empty() && requester->second.admitted.empty() && tokens_now(requester->second) >= limits_.burst) state.requesters.erase(requester);
}

void FloodGate::take_token(State& state, const api::AccessRequest& request) const {
  if (limits_.qps == 0) return;
  Requester& requester = state.requesters[requester_of(request)];
  requester.tokens = tokens_now(requester);
  requester.counted_at = clock_.steady();
  if (requester.tokens >= 1) {
    requester.tokens -= 1;
    return;
  }
  state.refused.insert(request.metadata.uid);
  state.refused_at.emplace_back(clock_.steady(), request.metadata.uid);
}

void FloodGate::forget_old(State& state) const {
  while (!state.refused_at.empty() && clock_.steady() - state.refused_at.front().first > kRefusedFor) {
    state.refused.erase(state.refused_at.front().second);
    state.refused_at.pop_front();
  }
}

double FloodGate::tokens_now(const Requester& requester) const {
  if (requester.counted_at == SteadyTime{}) return limits_.burst;
  const std::chrono::duration<double> passed = clock_.steady() - requester.counted_at;
  return std::min<double>(limits_.burst, requester.tokens + passed.count() * limits_.qps);
}

}  // namespace curfew::reconcile
