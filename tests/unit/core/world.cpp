#include "world.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "core/decide/binding.hpp"
#include "core/effective.hpp"

namespace curfew::core::test {
namespace {

// A request ends when its binding is gone, which only the next decision can see: an accepted deletion is not
// an end.
void check_no_end_with_a_deletion(const Decision& decision) {
  bool deletes = false;
  for (const Action& action : decision.actions) {
    deletes = deletes || std::holds_alternative<DeleteBinding>(action) ||
              std::holds_alternative<FreeBinding>(action);
    const auto* update = std::get_if<UpdateStatus>(&action);
    CHECK_FALSE((deletes && update != nullptr && update->status.complete));
  }
}

}  // namespace

Decision World::step(std::size_t most_actions) {
  gather();
  const Decision decision = decide(s.input());
  check_no_end_with_a_deletion(decision);
  std::size_t done = 0;
  for (const Action& action : decision.actions) {
    if (done++ == most_actions) break;
    if (!std::visit([this](const auto& known) { return run(known); }, action)) break;
  }
  return decision;
}

// Looks up what Gatherer does in the controller.
void World::gather() {
  const api::AccessRequestStatus& status = s.request.status;
  const std::string& uid = s.request.metadata.uid;
  const bool is_active = status.phase == api::Phase::Active;
  if (s.binding && is_active && s.granted_binding_uid.empty())
    s.granted_binding_uid = s.binding->metadata.uid;
  const bool is_ended = is_over(status) && !status.complete;
  const auto granted = records.find(api::record_name(uid, api::AuditAction::Granted));
  const bool is_asked_for = !s.granted_record && (s.binding || is_active || s.gone_binding || is_ended);
  if (is_asked_for && granted != records.end()) s.granted_record = granted->second;
  s.is_unrecorded = is_asked_for && !s.granted_record;
  const auto end = records.find(api::record_name(uid, api::AuditAction::Revoked));
  if (is_ended && end != records.end()) s.end_record = end->second;
  s.review_records.clear();
  for (const auto& [name, record] : records) s.review_records.push_back(name);
  presence_ = observe_presence(s.input(), presence_);
  s.absence = presence_.absence;
  s.recorded_approvers.clear();
  s.recorded_decisions = 0;
  for (std::size_t i = 0; i < s.request.decisions.size() && may_have_unseen_records(s.input()); ++i) {
    const api::Decision& decision = s.request.decisions[i];
    const bool approves = decision.verdict == api::Verdict::Approve;
    const auto action = approves ? api::AuditAction::Approved : api::AuditAction::ApprovalWithdrawn;
    if (!records.contains(api::record_name(uid, action, static_cast<std::int64_t>(i)))) continue;
    s.recorded_decisions = i + 1;
    const std::string who(decision.person.username);
    std::erase(s.recorded_approvers, who);
    if (approves) s.recorded_approvers.push_back(who);
  }
  s.is_end_unrecorded = is_over(status) && (s.granted_record || s.observed_decisions) && !s.gone &&
                        !records.contains(api::record_name(uid, api::AuditAction::Revoked));
}

void World::settle() {
  constexpr int kPlenty = 20;
  for (int i = 0; i < kPlenty; ++i) {
    if (step().actions.empty()) return;
  }
  FAIL("decide and apply reach no fixed point");
}

void World::restart() {
  presence_ = {};
  s.granted_record.reset();
  s.end_record.reset();
  s.failure.reset();
  s.deleted_for.reset();
  s.is_deleted_here = false;
  s.gone_binding.reset();
  s.binding_gone_at.reset();
  s.is_warned = false;
  s.granted_binding_uid.clear();
  s.observed_decisions.reset();
  if (had_policy(s.request) && !s.request.status.complete)
    s.observed_decisions = s.request.status.observed_decisions;
  const int decisions = static_cast<int>(s.request.decisions.size());
  s.unwatched_decisions = decisions > s.observed_decisions.value_or(0) ? decisions : 0;
  for (const auto& [name, record] : records) {  // as the sweep of the records does
    if (api::is_end(record.action)) s.end_record = record;
  }
}

void World::lose_binding() {
  s.gone_binding = s.binding;
  s.binding_gone_at = s.now;
  s.binding.reset();
}

bool World::has(api::AuditAction action) const {
  return std::any_of(records.begin(), records.end(),
                     [&](const auto& entry) { return entry.second.action == action; });
}

const api::AuditRecord& World::record(api::AuditAction action) const {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const auto& entry) { return entry.second.action == action; });
  INFO("no record " << api::to_string(action));
  REQUIRE(found != records.end());
  return found->second;
}

std::string World::condition(std::string_view type) const {
  const auto* found = api::find_condition(status().conditions, type);
  return found == nullptr ? "" : found->status + " " + found->reason;
}

std::vector<std::string> World::told() const {
  std::vector<std::string> reasons;
  reasons.reserve(events.size());
  for (const auto& event : events) reasons.push_back(event.reason);
  return reasons;
}

bool World::run(const WriteRecord& action) {
  auto record = testing::read_back(action.record);
  if (record.action == api::AuditAction::Granted && record.binding->uid.empty())
    record.binding->uid = s.granted_binding_uid;
  const auto [stored, is_new] = records.emplace(record.metadata.name, record);
  if (stored->second.action != action.record.action) {
    s.end_record = stored->second;
    return false;
  }
  if (action.record.action != api::AuditAction::Granted) return true;
  s.granted_record = stored->second;
  return is_new;
}

bool World::run(const CreateBinding& action) {
  if (bindings_are_forbidden) {
    s.failure = GrantFailure{.reason = "BindingForbidden",
                             .message = "forbidden: make it grantable",
                             .first_at = s.failure ? s.failure->first_at : s.now,
                             .tried_at = s.now,
                             .retry_at = s.now + 60s};
    return false;
  }
  if (s.binding) return false;
  s.binding = testing::read_back(binding_for(s.request, action.grant, s.request.metadata.ns));
  s.binding->metadata.uid = s.last_binding_uid = s.granted_binding_uid =
      "binding-" + std::to_string(++bindings_made_);
  s.binding->metadata.creation_timestamp = floor_to_second(s.now);
  if (binding_is_held) s.binding->metadata.finalizers = {"somebody/else"};
  s.failure.reset();
  return true;
}

bool World::run(const DeleteBinding& action) {
  if (action.why) s.deleted_for = action.why;
  s.is_deleted_here = true;
  if (!s.binding || s.binding->metadata.uid != action.binding.uid) return true;
  if (s.binding->metadata.finalizers.empty()) {
    lose_binding();
  } else {
    s.binding->metadata.deletion_timestamp = s.now;
  }
  return true;
}

bool World::run(const FreeBinding& action) {
  if (s.binding && s.binding->metadata.uid == action.binding.uid) lose_binding();
  return true;
}

// As the guard requires: the end only becomes earlier.
bool World::run(const ShortenBinding& action) {
  if (!s.binding || s.binding->metadata.uid != action.binding.uid) return false;
  std::string& end = s.binding->metadata.annotations["curfew.dev/expires-at"];
  CHECK(format_rfc3339(action.expires_at) < end);
  end = format_rfc3339(action.expires_at);
  return true;
}

bool World::run(const UpdateStatus& action) {
  CHECK_FALSE(s.gone);
  CHECK((action.status != s.request.status || s.is_ending_false));
  s.request.status = action.status;
  s.request = testing::read_back(s.request);
  if (s.request.status.complete)
    s.observed_decisions.reset();
  else if (had_policy(s.request))
    s.observed_decisions = s.request.status.observed_decisions;
  return true;
}

bool World::run(const EmitEvent& action) {
  events.push_back(action);
  if (action.reason == api::kExpiresSoon) s.is_warned = true;
  return true;
}

World approved_world() {
  World w;
  w.settle();
  w.s.by(approve(sre("bob")));
  return w;
}

World approved_after_ten_seconds() {
  World w;
  w.s.at(kNow + 100ms);
  w.settle();
  w.s.by(approve(sre("bob"))).at(kNow + 10s + 250ms);
  return w;
}

World active_world() {
  World w = approved_world();
  w.settle();
  REQUIRE(w.phase() == api::Phase::Active);
  REQUIRE(w.status().expires_at == kEnd);
  return w;
}

World expired_world() {
  World w = active_world();
  w.s.at(kEnd);
  w.settle();
  REQUIRE(w.phase() == api::Phase::Expired);
  return w;
}

}  // namespace curfew::core::test
