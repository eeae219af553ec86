#include "guard/watch.hpp"

#include <algorithm>
#include <utility>

#include "kube/raw_object.hpp"
#include "util/log.hpp"
#include "util/sha256.hpp"

namespace curfew::guard {
namespace {

std::map<std::string, std::string> hashes_of(const GuardSpecs& specs) {
  std::map<std::string, std::string> hashes;
  for (const auto& [id, spec] : specs) hashes[id] = sha256_hex(spec.dump());
  return hashes;
}

std::string digest_of(const std::map<std::string, std::string>& hashes) {
  std::string text;
  for (const auto& [id, hash] : hashes) {
    if (!is_optional(id)) text.append(id).append(" ").append(hash).append("\n");
  }
  return sha256_hex(text);
}

GuardLedger::Identity identity_of(const api::ObjectMeta& metadata) {
  return {.uid = metadata.uid, .generation = metadata.generation, .created = metadata.creation_timestamp};
}

}  // namespace

GuardWatch::GuardWatch(std::function<GuardSpecs()> shipped, const Clock& clock,
                       std::function<void()> on_change)
    : shipped_(std::move(shipped)),
      hashes_(hashes_of(shipped_())),
      digest_(digest_of(hashes_)),
      clock_(clock),
      on_change_(std::move(on_change)) {}

Result<GuardObject> GuardWatch::decode(const std::string& kind, const nlohmann::json& json) const {
  auto raw = kube::decode_raw(json);
  if (!raw) return tl::unexpected(std::move(raw.error()));
  GuardObject object{.metadata = std::move(raw->metadata), .difference = {}};
  const std::string id = kind + "/" + object.metadata.name;
  const auto hash = hashes_.find(id);
  if (hash == hashes_.end()) return object;
  const nlohmann::json spec = with_defaults(json.value("spec", nlohmann::json::object()));
  if (sha256_hex(spec.dump()) != hash->second)
    object.difference = place_of_difference(shipped_().at(id), spec);
  return object;
}

void GuardWatch::observe(const std::string& kind, const std::string& name,
                         const std::shared_ptr<const GuardObject>& after) {
  const std::string id = kind + "/" + name;
  if (!hashes_.contains(id)) return;
  state_.with([&](State& state) {
    state.live.erase(id);
    state.identities.erase(id);
    if (after) {
      state.live[id] = after->difference;
      state.identities[id] = identity_of(after->metadata);
    }
    evaluate(state);
  });
  on_change_();
}

bool GuardWatch::observe_policy(const std::string& name, const api::ObjectMeta* after) {
  return state_.with([&](State& state) {
    if (after == nullptr) return state.policies.erase(name) > 0 && state.is_restored;
    const GuardLedger::Identity version = identity_of(*after);
    const auto known = state.policies.find(name);
    if (known != state.policies.end() && known->second.version == version)
      return false;  // only its status or metadata has changed
    state.policies[name] = {.version = version,
                            .is_believed = state.is_restored && in_force(state),
                            .is_undecided = state.is_restored && state.difference};
    return state.is_restored;
  });
}

void GuardWatch::restore(std::optional<GuardLedger> ledger) {
  state_.with([&](State& state) {
    state.ledger = ledger;
    state.is_complete = true;
    evaluate(state);
    const TimePoint since = state.ledger ? state.ledger->since : TimePoint::max();
    const LiveGuard live{.objects = state.identities, .digest = digest_, .is_as_shipped = !state.difference};
    for (auto& [name, policy] : state.policies) {
      policy.is_believed = was_admitted(ledger, live, since, name, policy.version);
      policy.is_undecided = !policy.is_believed && state.difference;
    }
    state.is_restored = true;
  });
}

bool GuardWatch::believes(const api::ObjectMeta& policy) const {
  return state_.with([&](const State& state) {
    const auto known = state.policies.find(policy.name);
    if (known != state.policies.end() && known->second.version == identity_of(policy))
      return known->second.is_believed;
    return state.is_restored && in_force(state);  // the store changes just before observe_policy()
  });
}

void GuardWatch::evaluate(State& state) const {
  state.difference.reset();
  for (const auto& [id, hash] : hashes_) {
    const auto found = state.live.find(id);
    if (found == state.live.end())
      state.difference = describe_missing(id);
    else if (!found->second.empty())
      state.difference = describe_changed(id, found->second);
    if (state.difference) break;
  }
  if (!state.difference) {
    const LiveGuard live{.objects = state.identities, .digest = digest_};
    const auto before = std::exchange(state.ledger, next_ledger(state.ledger, live, clock_.now()));
    const bool is_continued = before && continues(*before, live, guards_with_holes());
    for (auto& [name, policy] : state.policies) {
      if (!std::exchange(policy.is_undecided, false)) continue;
      policy.is_believed =
          is_continued && was_admitted(before, live, state.ledger->since, name, policy.version);
    }
    state.is_complete = true;
  }
  if (!state.is_complete || state.said == state.difference) return;
  state.said = state.difference;
  if (state.difference)
    log::warn("guard not in force", {{"difference", *state.difference}});
  else
    log::info("guard in force", {{"digest", digest_}});
}

bool GuardWatch::in_force(const State& state) const {
  return !state.difference && state.ledger && clock_.now() >= state.ledger->since;
}

core::GuardState GuardWatch::state() const {
  return state_.with([&](const State& state) {
    core::GuardState guard;
    guard.since = state.ledger ? state.ledger->since : TimePoint::max();
    guard.in_force = in_force(state);
    if (state.difference)
      guard.difference = *state.difference;
    else if (!guard.in_force)
      guard.difference =
          "the guard was changed and put back: it counts again from " + format_rfc3339(guard.since);
    return guard;
  });
}

GuardLedger GuardWatch::ledger_of(const State& state) const {
  GuardLedger ledger = state.ledger.value_or(GuardLedger{});
  if (!state.is_restored) return ledger;
  ledger.policies.emplace();
  for (const auto& [name, policy] : state.policies) {
    auto& known = policy.is_believed ? ledger.policies->believed : ledger.policies->unbelieved;
    known.emplace(name, policy.version);
  }
  return ledger;
}

GuardLedger GuardWatch::ledger() const {
  return state_.with([this](const State& state) { return ledger_of(state); });
}

std::optional<GuardLedger> GuardWatch::ledger_to_save() const {
  return state_.with([this](const State& state) {
    return state.is_restored && in_force(state) ? std::optional(ledger_of(state)) : std::nullopt;
  });
}

std::optional<std::string> GuardWatch::difference() const {
  return state_.with([](const State& state) { return state.difference; });
}

}  // namespace curfew::guard
