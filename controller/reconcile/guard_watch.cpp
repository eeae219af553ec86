#include "reconcile/guard_watch.hpp"

#include <algorithm>
#include <utility>

#include "util/log.hpp"

namespace curfew::reconcile {
namespace {

using std::chrono::seconds;

// How long an admission policy takes to be in force everywhere, with room.
constexpr seconds kSettling{5};
// A guard that was never changed: what its last object needs to take effect.
constexpr seconds kTakesEffect{1};

}  // namespace

std::string encode(const GuardLedger& ledger) {
  nlohmann::json objects = nlohmann::json::object();
  for (const auto& [id, identity] : ledger.objects) objects[id] = {{"uid", identity.uid}, {"generation", identity.generation}};
  return nlohmann::json{{"objects", objects}, {"since", format_rfc3339_micro(ledger.since)}}.dump();
}

std::optional<GuardLedger> decode_ledger(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("objects") || !json["objects"].is_object()) return std::nullopt;
  if (!json.contains("since") || !json["since"].is_string()) return std::nullopt;
  const auto since = parse_rfc3339(json["since"].get<std::string>());
  if (!since) return std::nullopt;
  GuardLedger ledger{.objects = {}, .since = *since};
  for (const auto& [id, identity] : json["objects"].items()) {
    if (!identity.is_object() || !identity.contains("uid") || !identity.contains("generation")) return std::nullopt;
    if (!identity["uid"].is_string() || !identity["generation"].is_number_integer()) return std::nullopt;
    ledger.objects[id] = {.uid = identity["uid"].get<std::string>(), .generation = identity["generation"].get<std::int64_t>()};
  }
  return ledger;
}

GuardLedger next_ledger(const std::optional<GuardLedger>& before, const std::map<std::string, GuardLedger::Identity>& live, TimePoint now) {
  if (before && before->objects == live) return *before;
  const bool untouched = std::ranges::all_of(live, [](const auto& entry) { return entry.second.generation <= 1; });
  if (before || !untouched) return {.objects = live, .since = now + kSettling};
  TimePoint youngest{};
  for (const auto& [id, identity] : live) youngest = std::max(youngest, identity.created);
  return {.objects = live, .since = youngest + kTakesEffect};
}

GuardWatch::GuardWatch(GuardSpecs shipped, const Clock& clock, std::function<void()> on_change)
    : shipped_(std::move(shipped)), clock_(clock), on_change_(std::move(on_change)) {}

void GuardWatch::observe(const std::string& kind, const std::string& name, const std::shared_ptr<const kube::RawObject>& after) {
  const std::string id = kind + "/" + name;
  if (!shipped_.contains(id)) return;
  state_.with([&](State& state) {
    state.live.erase(id);
    state.identities.erase(id);
    if (after) {
      state.live[id] = with_defaults(after->json->value("spec", nlohmann::json::object()));
      state.identities[id] = {.uid = after->metadata.uid, .generation = after->metadata.generation, .created = after->metadata.creation_timestamp};
    }
    evaluate(state);
  });
  on_change_();
}

void GuardWatch::restore(std::optional<GuardLedger> ledger) {
  state_.with([&](State& state) {
    state.ledger = std::move(ledger);
    state.is_complete = true;
    evaluate(state);
  });
}

void GuardWatch::evaluate(State& state) const {
  state.difference = guard_difference(shipped_, state.live);
  if (!state.difference) {
    state.ledger = next_ledger(state.ledger, state.identities, clock_.now());
    state.is_complete = true;
  }
  if (!state.is_complete || state.said == state.difference) return;
  state.said = state.difference;
  if (state.difference) log::warn("guard not in force", {{"difference", *state.difference}});
  else log::info("guard in force");
}

core::GuardState GuardWatch::state() const {
  const TimePoint now = clock_.now();
  return state_.with([&](const State& state) {
    core::GuardState guard;
    guard.since = state.ledger ? state.ledger->since : TimePoint::max();
    if (state.difference) guard.difference = *state.difference;
    else if (now < guard.since) guard.difference = "the guard was changed and put back: it counts again from " + format_rfc3339(guard.since);
    guard.in_force = guard.difference.empty();
    return guard;
  });
}

GuardLedger GuardWatch::ledger() const {
  return state_.with([](const State& state) { return state.ledger.value_or(GuardLedger{}); });
}

std::optional<std::string> GuardWatch::difference() const {
  return state_.with([](const State& state) { return state.difference; });
}

}  // namespace curfew::reconcile
