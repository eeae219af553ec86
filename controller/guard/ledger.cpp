#include "guard/ledger.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace curfew::guard {
namespace {

using std::chrono::seconds;
using Json = nlohmann::json;

// The time until an admission policy is in force on every API server, with a margin.
constexpr seconds kSettling{5};
// The time until the newest object of a guard that was never changed is in force.
constexpr seconds kTakesEffect{1};

Json to_json(const GuardLedger::Identities& identities) {
  Json json = Json::object();
  for (const auto& [id, identity] : identities)
    json[id] = {{"uid", identity.uid}, {"generation", identity.generation}};
  return json;
}

std::optional<GuardLedger::Identities> read_identities(const Json& json, const char* field) {
  const auto found = json.find(field);
  if (found == json.end() || !found->is_object()) return std::nullopt;
  GuardLedger::Identities identities;
  for (const auto& [id, identity] : found->items()) {
    if (!identity.is_object() || !identity.contains("uid") || !identity.contains("generation"))
      return std::nullopt;
    if (!identity["uid"].is_string() || !identity["generation"].is_number_integer()) return std::nullopt;
    identities[id] = {.uid = identity["uid"].get<std::string>(),
                      .generation = identity["generation"].get<std::int64_t>(),
                      .created = {}};
  }
  return identities;
}

bool holds(const GuardLedger::Identities& identities, const std::string& name,
           const GuardLedger::Identity& version) {
  const auto found = identities.find(name);
  return found != identities.end() && found->second == version;
}

}  // namespace

std::string encode(const GuardLedger& ledger) {
  Json json{{"objects", to_json(ledger.objects)}, {"since", format_rfc3339_micro(ledger.since)}};
  if (ledger.policies) {
    json["policies"] = to_json(ledger.policies->believed);
    json["unbelievedPolicies"] = to_json(ledger.policies->unbelieved);
  }
  return json.dump();
}

std::optional<GuardLedger> decode_ledger(const std::string& text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("since") || !json["since"].is_string()) return std::nullopt;
  auto objects = read_identities(json, "objects");
  const auto since = parse_rfc3339(json["since"].get<std::string>());
  if (!objects || !since) return std::nullopt;
  GuardLedger ledger{.objects = std::move(*objects), .since = *since, .policies = std::nullopt};
  if (!json.contains("policies")) return ledger;
  auto believed = read_identities(json, "policies");
  auto unbelieved = read_identities(json, "unbelievedPolicies");
  if (!believed || !unbelieved) return std::nullopt;
  ledger.policies =
      GuardLedger::Policies{.believed = std::move(*believed), .unbelieved = std::move(*unbelieved)};
  return ledger;
}

GuardLedger next_ledger(const std::optional<GuardLedger>& before, const GuardLedger::Identities& live,
                        TimePoint now) {
  if (before && before->objects == live) return *before;
  const bool untouched =
      std::ranges::all_of(live, [](const auto& entry) { return entry.second.generation <= 1; });
  if (before || !untouched) return {.objects = live, .since = now + kSettling, .policies = std::nullopt};
  TimePoint youngest{};
  for (const auto& [id, identity] : live) youngest = std::max(youngest, identity.created);
  return {.objects = live, .since = youngest + kTakesEffect, .policies = std::nullopt};
}

bool was_admitted(const std::optional<GuardLedger>& before, const GuardLedger::Identities& live,
                  TimePoint since, const std::string& policy, const GuardLedger::Identity& version) {
  // creationTimestamp has whole seconds only.
  if (!before) return version.created >= floor_to_second(since);
  if (before->objects == live)
    return !before->policies || !holds(before->policies->unbelieved, policy, version);
  if (before->policies) return holds(before->policies->believed, policy, version);
  return version.created >= floor_to_second(before->since);
}

}  // namespace curfew::guard
