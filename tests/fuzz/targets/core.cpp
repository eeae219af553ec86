#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "api/codec.hpp"
#include "api/managed_binding.hpp"
#include "api/text.hpp"
#include "core/decide/binding.hpp"
#include "core/decide/decide.hpp"
#include "core/decide/explain.hpp"
#include "core/policy/policy_status.hpp"
#include "fuzz/targets.hpp"
#include "kube/json.hpp"
#include "util/duration.hpp"

namespace curfew::fuzz {
namespace {

using nlohmann::json;

// root[FIELD] as T; null if it is absent or cannot be read.
template <class T>
std::shared_ptr<const T> object_at(const json& root, const char* field) {
  const auto found = root.find(field);
  if (found == root.end()) return nullptr;
  auto object = api::decode<T>(*found);
  return object ? std::make_shared<const T>(std::move(*object)) : nullptr;
}

std::string string_at(const json& root, const char* field) {
  const auto found = root.find(field);
  return found != root.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_set(const json& root, const char* field) {
  return root.contains(field) && root.at(field) == true;
}

std::vector<core::Denial> problems_of(const api::AccessPolicy& policy, bool roles_exist,
                                      const TimeZone* zone) {
  return core::policy_problems(
      policy, {.cluster_role_exists = [=](const std::string&) { return roles_exist; }, .time_zone = zone});
}

std::shared_ptr<const TimeZone> zone_of(const api::AccessPolicy& policy) {
  return policy.spec.schedule ? TimeZone::find(policy.spec.schedule->time_zone) : nullptr;
}

void read_policy(const json& root, core::Input& input) {
  input.policy = object_at<api::AccessPolicy>(root, "policy");
  if (!input.policy) return;
  input.time_zone = zone_of(*input.policy);
  input.policy_problems = problems_of(*input.policy, !is_set(root, "rolesAreMissing"), input.time_zone.get());
}

// {request, policy, namespace, binding, record: as the API server stores them; gone, rolesAreMissing,
// guardIsMissing: true; role: {uid, hash, isAggregated}; active: a number; lastEnd, guardSince, retryAt, now:
// times}. Only the request is required.
std::optional<core::Input> read_input(const json& root) {
  if (!root.is_object()) return std::nullopt;
  core::Input input;
  input.request = object_at<api::AccessRequest>(root, "request");
  if (!input.request) return std::nullopt;
  input.request_is_gone = is_set(root, "gone");
  read_policy(root, input);
  input.ns = object_at<api::Namespace>(root, "namespace");
  input.binding = object_at<api::RoleBinding>(root, "binding");
  if (input.binding) input.binding_uid = input.binding->metadata.uid;
  if (const auto record = object_at<api::AuditRecord>(root, "record")) input.granted_record = *record;
  if (const auto role = root.find("role"); role != root.end() && role->is_object()) {
    input.role = core::RoleFacts{.uid = string_at(*role, "uid"),
                                 .rules_hash = string_at(*role, "hash"),
                                 .is_aggregated = is_set(*role, "isAggregated")};
  }
  if (const auto active = root.find("active"); active != root.end() && active->is_number_unsigned())
    input.usage.active = active->get<std::uint16_t>();
  input.usage.last_end = parse_rfc3339(string_at(root, "lastEnd"));
  input.guard.in_force = !is_set(root, "guardIsMissing");
  if (!input.guard.in_force) input.guard.difference = "it is missing";
  input.guard.since = parse_rfc3339(string_at(root, "guardSince")).value_or(TimePoint{});
  if (const auto retry_at = parse_rfc3339(string_at(root, "retryAt")); retry_at)
    input.grant_failure = core::GrantFailure{"Forbidden", "no", *retry_at};
  input.now = parse_rfc3339(string_at(root, "now"))
                  .value_or(TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)));
  return input;
}

// The full text of a decision. dump() throws for text that is not UTF-8, which must never reach the API
// server.
struct Told {
  json operator()(const core::WriteRecord& action) const {
    return {"WriteRecord", api::encode(action.record)};
  }
  json operator()(const core::CreateBinding& action) const {
    return {"CreateBinding", core::describe(action.grant)};
  }
  json operator()(const core::DeleteBinding& action) const {
    return {"DeleteBinding", api::to_string(action.binding.key()), action.binding.uid};
  }
  json operator()(const core::FreeBinding& action) const {
    return {"FreeBinding", api::to_string(action.binding.key()), action.binding.uid};
  }
  json operator()(const core::ShortenBinding& action) const {
    return {"ShortenBinding", api::to_string(action.binding.key()), action.binding.uid,
            format_rfc3339_micro(action.expires_at)};
  }
  json operator()(const core::UpdateStatus& action) const {
    return {"UpdateStatus", api::encode_status_patch(action.status)};
  }
  json operator()(const core::EmitEvent& action) const {
    return {"EmitEvent", action.type, action.reason, action.action, action.note};
  }
};

std::string in_words(const core::Decision& decision) {
  json words = json::array();
  for (const auto& action : decision.actions) words.push_back(std::visit(Told(), action));
  words.push_back(decision.next.time() ? format_rfc3339_micro(*decision.next.time()) : "never");
  return words.dump();
}

const core::Grant* grant_made(const core::Decision& decision) {
  for (const auto& action : decision.actions)
    if (const auto* create = std::get_if<core::CreateBinding>(&action)) return &create->grant;
  return nullptr;
}

void check_grant(const core::Input& input, const core::Grant& grant,
                 const std::vector<core::Finding>& findings) {
  must(input.guard.in_force, "nothing is granted while the guard is not in force");
  must(input.policy != nullptr && input.policy_problems.empty(),
       "nothing is granted without a policy that works");
  const TimePoint end = grant.span.expires_at;
  must(end > input.now, "a grant ends, and has not ended");
  if (input.granted_record || input.binding) return;  // a grant in progress
  must(end <= input.now + kMaxDuration, "a grant is no longer than the longest");
  const bool any_failed = std::ranges::any_of(findings, [](const core::Finding& finding) {
    return finding.outcome == core::Finding::Outcome::Failed;
  });
  must(!any_failed, "what is granted is explained by no check that failed");
}

}  // namespace

void policies(std::string_view input) {
  const auto policy = api::decode<api::AccessPolicy>(kube::parse_json(input));
  if (!policy) return;
  const auto zone = zone_of(*policy);
  for (const bool roles_exist : {true, false}) {
    const auto problems = problems_of(*policy, roles_exist, zone.get());
    for (const core::Denial& problem : problems)
      must(!problem.reason.empty() && !problem.message.empty(), "a problem has a reason and words");
    core::PolicyInput facts{
        .policy = *policy,
        .facts = {.cluster_role_exists = [=](const std::string&) { return roles_exist; },
                  .time_zone = zone.get()},
        .outliving_powers = [](const api::RoleRef& role) { return std::vector<std::string>{role.name}; },
        .active_grants = 1,
        .pending_requests = 2,
        .now = TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 11 / 24))};
    api::AccessPolicy after = *policy;
    after.status = core::policy_status(facts);
    for (const api::Condition& condition : after.status.conditions) {
      const bool is_ours = api::find_condition(policy->status.conditions, condition.type) == nullptr;
      must(!is_ours || condition.message.size() <= api::kMaxMessageBytes, "a message fits");
    }
    must(!api::encode_status_patch(after.status).dump().empty(), "a status is UTF-8");
    const core::PolicyInput again{.policy = after,
                                  .facts = facts.facts,
                                  .outliving_powers = facts.outliving_powers,
                                  .active_grants = 1,
                                  .pending_requests = 2,
                                  .now = facts.now};
    must(core::policy_status(again) == after.status, "a status that is right stays");
  }
}

void decisions(std::string_view text) {
  const json root = kube::parse_json(text);
  const auto input = read_input(root);
  if (!input) return;
  const core::Decision decision = core::decide(*input);
  must(in_words(decision) == in_words(core::decide(*input)), "the same input is decided the same way");
  const auto findings = core::explain(*input);
  must(findings == core::explain(*input), "and explained the same way");
  if (const auto* binding = grant_made(decision)) check_grant(*input, *binding, findings);
}

}  // namespace curfew::fuzz
