#include "guard/ledger.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "guard/objects.hpp"

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
  Json json{{"objects", to_json(ledger.objects)},
            {"since", format_rfc3339_micro(ledger.since)},
            {"digest", ledger.digest}};
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
  GuardLedger ledger{.objects = std::move(*objects), .since = *since, .digest = {}, .policies = std::nullopt};
  if (const auto digest = json.find("digest"); digest != json.end() && digest->is_string())
    ledger.digest = digest->get<std::string>();
  if (!json.contains("policies")) return ledger;
  auto believed = read_identities(json, "policies");
  auto unbelieved = read_identities(json, "unbelievedPolicies");
  if (!believed || !unbelieved) return std::nullopt;
  ledger.policies =
      GuardLedger::Policies{.believed = std::move(*believed), .unbelieved = std::move(*unbelieved)};
  return ledger;
}

bool continues(const GuardLedger& before, const LiveGuard& live,
               std::span<const std::string_view> not_continued) {
  if (!live.is_as_shipped || before.objects.empty()) return false;
  if (std::ranges::find(not_continued, before.digest) != not_continued.end()) return false;
  return std::ranges::all_of(before.objects, [&](const auto& entry) {
    const auto& [id, known] = entry;
    if (is_optional(id)) return true;
    const auto found = live.objects.find(id);
    if (found == live.objects.end() || found->second.uid != known.uid) return false;
    const auto steps = found->second.generation - known.generation;
    return steps == 0 || steps == 1;
  });
}

std::span<const std::string_view> guards_with_holes() {
  return {};
}

GuardLedger next_ledger(const std::optional<GuardLedger>& before, const LiveGuard& live, TimePoint now) {
  GuardLedger next{.objects = live.objects, .since = {}, .digest = live.digest, .policies = std::nullopt};
  if (before && continues(*before, live, guards_with_holes())) {
    next.since = before->since;
    next.policies = before->policies;
    return next;
  }
  TimePoint youngest{};
  bool is_untouched = true;
  for (const auto& [id, identity] : live.objects) {
    youngest = std::max(youngest, identity.created);
    is_untouched = is_untouched && identity.generation <= 1;
  }
  next.since = before || !is_untouched ? now + kSettling : youngest + kTakesEffect;
  return next;
}

bool was_admitted(const std::optional<GuardLedger>& before, const LiveGuard& live, TimePoint since,
                  const std::string& policy, const GuardLedger::Identity& version) {
  // creationTimestamp has whole seconds only.
  if (!before) return version.created >= floor_to_second(since);
  if (continues(*before, live, guards_with_holes()))
    return !before->policies || !holds(before->policies->unbelieved, policy, version);
  if (before->policies) return holds(before->policies->believed, policy, version);
  return version.created >= floor_to_second(before->since);
}

}  // namespace curfew::guard
