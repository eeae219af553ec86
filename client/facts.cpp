#include "client/facts.hpp"

#include <algorithm>
#include <set>

#include "api/names.hpp"
#include "core/decide/review.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"
#include "core/policy/policy_status.hpp"
#include "core/policy/role_rules.hpp"
#include "core/policy/selector.hpp"

namespace curfew::client {
namespace {

template <class Role>
core::RoleFacts facts_of_role(const Role& role) {
  core::RoleFacts facts{
      .uid = role.metadata.uid, .rules_hash = core::rules_hash(role.rules), .is_aggregated = false};
  if constexpr (std::is_same_v<Role, api::ClusterRole>) facts.is_aggregated = role.is_aggregated;
  return facts;
}

// nullopt if the role does not exist.
template <class Role>
Result<std::optional<core::RoleFacts>> find(const Objects& objects, const api::ObjectKey& key) {
  const auto role = objects.get<Role>(key);
  if (!role && role.error().kind == ErrorKind::NotFound) return std::nullopt;
  if (!role) return tl::unexpected(role.error());
  return facts_of_role(*role);
}

// Not every person may read the guard; the request's status says when the controller finds it not in force.
core::GuardState guard_of(const api::AccessRequest& request) {
  core::GuardState guard{.in_force = true, .since = {}, .difference = {}};
  const auto* granted = api::find_condition(request.status.conditions, api::kGranted);
  if (granted != nullptr && granted->status == "False" && granted->reason == api::reason::kGuardNotInForce) {
    guard.in_force = false;
    guard.difference = granted->message;
  }
  return guard;
}

// Whether the labels of that namespace decide if the policy covers it.
bool depends_on_labels(const core::Input& input, const core::Place& place) {
  if (!input.policy || !input.policy->spec.namespaces.selector || place.where.empty()) return false;
  return !core::reaches(input.policy->spec.namespaces, place.where, nullptr);
}

// An empty selector matches every namespace, whatever its labels.
bool selects_every_namespace(const api::AccessPolicy& policy) {
  return *policy.spec.namespaces.selector == api::LabelSelector{};
}

ObjectRef ref_of_role(const core::Input& input, const api::RoleRef& role) {
  return role.kind == "Role" ? ref_of<api::Role>({input.request->metadata.ns, role.name})
                             : ref_of<api::ClusterRole>({"", role.name});
}

std::vector<ObjectRef> refs_of(const core::Input& input) {
  std::vector<ObjectRef> refs;
  for (const core::Place* place : core::places(input)) {
    if (depends_on_labels(input, *place) && !selects_every_namespace(*input.policy))
      refs.push_back(ref_of<api::Namespace>({"", place->where}));
  }
  if (const auto role = core::effective_role(*input.request, input.policy.get()))
    refs.push_back(ref_of_role(input, *role));
  return refs;
}

void add_namespace(Facts& facts, const Objects& objects, core::Place& place) {
  const core::Input& input = facts.input;
  if (!depends_on_labels(input, place)) return;
  if (selects_every_namespace(*input.policy)) {
    place.ns = std::make_shared<const api::Namespace>();
    return;
  }
  if (auto found = objects.get<api::Namespace>({"", place.where})) {
    place.ns = std::make_shared<const api::Namespace>(std::move(*found));
  } else {
    facts.unseen["namespace-allowed"] =
        "you may not look at namespace " + place.where + ", whose labels decide";
  }
}

void add_namespaces(Facts& facts, const Objects& objects) {
  add_namespace(facts, objects, facts.input);
  for (core::Place& other : facts.input.others) add_namespace(facts, objects, other);
}

void add_role(Facts& facts, const Objects& objects) {
  core::Input& input = facts.input;
  const auto role = core::effective_role(*input.request, input.policy.get());
  if (!role) return;
  const ObjectRef ref = ref_of_role(input, *role);
  auto found =
      role->kind == "Role" ? find<api::Role>(objects, ref.key) : find<api::ClusterRole>(objects, ref.key);
  if (found) {
    input.role = std::move(*found);
    return;
  }
  input.role = core::RoleFacts{.uid = input.request->status.role_uid,
                               .rules_hash = input.request->status.role_rules_hash,
                               .is_aggregated = false};
  // A policy that names a ClusterRole which does not exist is not Ready.
  if (role->kind == "Role" || !input.policy || !input.policy_problems.empty())
    facts.unseen["role-exists"] = "you may not look at that role";
  if (!input.request->status.role_uid.empty())
    facts.unseen["role-unchanged"] = "you may not look at that role";
}

Facts facts_of(const RequestAndPolicy& one, TimePoint now) {
  Facts facts;
  core::Input& input = facts.input;
  input.request = one.request;
  input.policy = one.policy;
  const auto places = api::places_of(*one.request);
  input.where = places.front();
  for (std::size_t i = 1; i < places.size(); ++i) {
    core::Place other;
    other.where = places[i];
    // Whether they exist, the controller finds out.
    input.ns = other.ns = std::make_shared<const api::Namespace>();
    input.others.push_back(std::move(other));
  }
  input.guard = guard_of(*one.request);
  input.now = now;
  if (input.guard.in_force) facts.unseen["guard-in-force"] = "only Curfew can tell";
  if (input.policy) {
    if (input.policy->spec.schedule) input.time_zone = TimeZone::find(input.policy->spec.schedule->time_zone);
    input.policy_problems =
        problems_of(*input.policy, core::effective_role(*input.request, input.policy.get()));
  }
  return facts;
}

bool blocks_while_overdue(const api::AccessPolicy& policy) {
  return policy.spec.review && policy.spec.review->block_while_overdue;
}

// Whether the policy's checks are about the subject's other requests.
bool has_limits(const Facts* facts) {
  const auto& policy = facts->input.policy;
  return policy && (policy->spec.limits || blocks_while_overdue(*policy));
}

// Field selectors have no OR: a list for several policies is one of all policies.
std::string fields_of(const std::vector<Facts*>& limited) {
  std::set<std::string> names;
  bool needs_ended = false;
  for (const Facts* facts : limited) {
    names.insert(facts->input.policy->metadata.name);
    const auto& spec = facts->input.policy->spec;
    needs_ended = needs_ended || blocks_while_overdue(*facts->input.policy) ||
                  (spec.limits && !spec.limits->cooldown.empty());
  }
  std::string fields = names.size() == 1 ? "spec.policy=" + *names.begin() : "";
  if (!needs_ended) fields += std::string(fields.empty() ? "" : ",") + "status.phase=Active";
  return fields;
}

// The subject's other requests under the policy, by UID.
struct Other {
  api::ObjectKey key;
  api::AccessRequestStatus status;
};
using Others = std::map<std::string, Other>;

void collect(const core::Input& input, const api::AccessRequest& other, Others& others) {
  const auto& status = other.status;
  const auto subject = core::effective_subject(*input.request);
  if (other.spec.policy != input.policy->metadata.name || other.metadata.uid == input.request->metadata.uid ||
      !status.subject || !subject || core::username_of(*status.subject) != core::username_of(*subject))
    return;
  others.insert_or_assign(other.metadata.uid, Other{.key = other.metadata.key(), .status = status});
}

// What the request extends, and what that extends, does not count.
core::Usage usage_of(const api::AccessRequest& request, Others others) {
  for (auto extends = request.status.extends; extends;) {
    const auto found = others.find(extends->uid);
    extends = found == others.end() ? std::nullopt : found->second.status.extends;
    if (found != others.end()) others.erase(found);
  }
  core::Usage usage;
  for (const auto& [uid, other] : others) {
    const api::AccessRequestStatus& status = other.status;
    if (status.phase == api::Phase::Active) ++usage.active;
    if (status.granted_at && status.ended_at)
      usage.last_end = std::max(usage.last_end.value_or(*status.ended_at), *status.ended_at);
  }
  return usage;
}

// Of what is there to be seen: a request that was deleted before its review, only the records tell of.
std::optional<core::OverdueReview> overdue_review_of(const Others& others, TimePoint now) {
  std::optional<core::OverdueReview> first;
  for (const auto& [uid, other] : others) {
    if (!core::awaits_review(other.status) || now < *other.status.review->due_at) continue;
    if (first && first->since <= *other.status.review->due_at) continue;
    first = {.request = api::to_string(other.key), .since = *other.status.review->due_at, .blocks_until = {}};
  }
  return first;
}

}  // namespace

namespace {

void cut_out(std::string& text, std::string_view part) {
  const auto at = text.find(part);
  if (!part.empty() && at != std::string::npos) text.erase(at, part.size());
}

// Whether Curfew tries to grant this role although the policy is not Ready: it is so only because roles other
// than this one do not exist, or because Curfew may not bind a role.
bool is_tried_nevertheless(const api::AccessPolicy& policy, const api::Condition& ready,
                           const api::RoleRef& role) {
  if (ready.reason != api::reason::kRoleNotFound && ready.reason != api::reason::kRoleNotBindable)
    return false;
  std::string rest = ready.message;
  const auto* unbindable = api::find_condition(policy.status.conditions, api::kRoleNotBindable);
  if (unbindable != nullptr) cut_out(rest, unbindable->message.str());
  for (const api::RoleRef& other : policy.spec.roles) {
    if (other != role) cut_out(rest, core::describe_missing_role(other));
  }
  return rest.find_first_not_of("; ") == std::string::npos;
}

}  // namespace

std::vector<core::Denial> problems_of(const api::AccessPolicy& policy,
                                      const std::optional<api::RoleRef>& role) {
  const auto* ready = api::find_condition(policy.status.conditions, api::kReady);
  if (ready == nullptr)
    return {{.reason = std::string(api::reason::kPolicyNotReady),
             .message = "Curfew has not looked at it yet",
             .may_pass = true}};
  if (ready->status == "True" || (role && is_tried_nevertheless(policy, *ready, *role))) return {};
  return {{.reason = ready->reason, .message = ready->message, .may_pass = false}};
}

std::vector<Facts> gather_facts(const Session& session, const std::vector<RequestAndPolicy>& requests) {
  std::vector<Facts> result;
  std::vector<ObjectRef> refs;
  const TimePoint now = session.clock->now();
  for (const auto& one : requests) {
    result.push_back(facts_of(one, now));
    std::ranges::move(refs_of(result.back().input), std::back_inserter(refs));
  }
  const Objects objects = session.cluster->get_all(refs);
  for (Facts& facts : result) {
    add_namespaces(facts, objects);
    add_role(facts, objects);
  }
  return result;
}

void gather_usage(const Session& session, const std::vector<Facts*>& facts) {
  std::vector<Facts*> limited;
  std::ranges::copy_if(facts, std::back_inserter(limited), has_limits);
  if (limited.empty()) return;
  std::vector<Others> others(limited.size());
  // A policy is for requests of one scope.
  const auto listed = session.cluster->list_pages<api::AccessRequest>(
      {.ns = "",
       .fields = fields_of(limited),
       .labels = "",
       .is_cluster_scoped = limited.front()->input.request->metadata.ns.empty()},
      [&](const Page<api::AccessRequest>& page) {
        for (std::size_t i = 0; i < limited.size(); ++i) {
          if (page.is_first) others[i].clear();
          for (const auto& other : page.items) collect(limited[i]->input, other.object, others[i]);
        }
      });
  for (std::size_t i = 0; i < limited.size(); ++i) {
    Facts* one = limited[i];
    if (blocks_while_overdue(*one->input.policy))
      one->input.overdue_review = overdue_review_of(others[i], session.clock->now());
    one->input.usage = usage_of(*one->input.request, std::move(others[i]));
    if (listed && core::effective_subject(*one->input.request)) continue;
    for (const char* check : {"active-limit", "cooldown", "reviews-not-overdue"})
      one->unseen[check] = "you may not look at the requests of all namespaces";
  }
}

std::vector<core::Finding> findings_of(const Facts& facts) {
  auto findings = core::explain(facts.input);
  for (core::Finding& finding : findings) {
    const auto unseen = facts.unseen.find(std::string(finding.check));
    if (unseen == facts.unseen.end() || finding.outcome == core::Finding::Outcome::NotChecked) continue;
    finding.outcome = core::Finding::Outcome::NotChecked;
    finding.message = unseen->second;
  }
  return findings;
}

}  // namespace curfew::client
