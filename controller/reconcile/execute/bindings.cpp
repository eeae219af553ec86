#include "reconcile/execute/bindings.hpp"

#include <string>
#include <utility>

#include "core/decide/binding.hpp"
#include "core/decide/grant_failure.hpp"
#include "expiry/ending.hpp"
#include "util/log.hpp"

namespace curfew::reconcile {
namespace {

using runtime::Outcome;

bool carries_the_same_grant(const api::RoleBinding& stored, const api::RoleBinding& wanted) {
  return stored.metadata.labels == wanted.metadata.labels &&
         stored.metadata.annotations == wanted.metadata.annotations &&
         stored.metadata.owner_references == wanted.metadata.owner_references &&
         stored.role_ref == wanted.role_ref && stored.subjects == wanted.subjects;
}

}  // namespace

Step BindingExecutor::run(const core::Input& input, const core::CreateBinding& action, std::stop_token stop) {
  if (auto ended = parts_.records.look_for_end(input, stop)) return ended;
  if (auto granted = parts_.records.look_for_grant(input, stop)) return granted;
  std::vector<api::BindingRef> made;
  for (const std::string& where : api::places_of(*input.request)) {
    const api::RoleBinding wanted = core::binding_for(*input.request, action.grant, where);
    if (auto failed = create(input, wanted, stop)) {
      take_back(input, made, stop);
      return failed;
    }
    made.push_back(api::reference_to(wanted));
    made.back().uid = parts_.notes.of(input.request->metadata.uid).binding_in(where).granted_uid;
  }
  return std::nullopt;
}

Step BindingExecutor::create(const core::Input& input, const api::RoleBinding& wanted,
                             const std::stop_token& stop) {
  auto created = parts_.client.create(wanted, stop);
  if (!created) {
    if (created.error().kind == ErrorKind::AlreadyExists) return adopt_or_fail(input, wanted, stop);
    return grant_failed(input, created.error());
  }
  log::info("access granted", {{"request", api::to_string(input.request->metadata.key())},
                               {"uid", input.request->metadata.uid},
                               {"binding", api::to_string(created->metadata.key())},
                               {"role", created->role_ref.kind + " " + created->role_ref.name}});
  granted(input, std::move(*created));
  return std::nullopt;
}

// All or none: one that cannot be made takes the others back. What cannot be deleted now, the next decision
// deletes, which finds it without a record.
void BindingExecutor::take_back(const core::Input& input, const std::vector<api::BindingRef>& made,
                                const std::stop_token& stop) {
  for (const api::BindingRef& binding : made) {
    const auto deleted = expiry::delete_binding(parts_.endings, parts_.deletions, binding, stop);
    if (!deleted) log_failure("binding not deleted", input, deleted.error());
  }
}

// A binding of that name exists: created by an earlier attempt whose answer was lost, or by someone else.
Step BindingExecutor::adopt_or_fail(const core::Input& input, const api::RoleBinding& wanted,
                                    std::stop_token stop) {
  auto stored = parts_.client.get<api::RoleBinding>(wanted.metadata.key(), std::move(stop));
  if (!stored) return parts_.failures.retry(stored.error());
  if (stored->metadata.deletion_timestamp) return Outcome{.kind = Outcome::Kind::RetryRateLimited};
  if (!carries_the_same_grant(*stored, wanted)) {
    if (core::is_named_for(*input.request, *stored)) {  // by another replica, at another time
      parts_.stores.bindings.assume(std::move(*stored));
      return decide_again();
    }
    return grant_failed(input, {.kind = ErrorKind::AlreadyExists,
                                .message = "a RoleBinding named " + wanted.metadata.name +
                                           " is there already and is not this grant: delete it"});
  }
  granted(input, std::move(*stored));
  return std::nullopt;
}

void BindingExecutor::granted(const core::Input& input, api::RoleBinding stored) {
  parts_.grant_latency.granted(input.request->metadata.uid);
  parts_.notes.remember_granted_binding(input.request->metadata.uid, stored.metadata.ns, stored.metadata.uid);
  parts_.stores.bindings.assume(std::move(stored));
}

Step BindingExecutor::grant_failed(const core::Input& input, const Error& error) {
  log_failure("binding not created", input, error);
  auto failure =
      core::grant_failure(error, parts_.clock.now(), core::scope_of(*input.request).is_cluster_wide());
  if (!failure) return parts_.failures.retry(error);
  parts_.failures.count(error);
  parts_.notes.remember_failure(input.request->metadata.uid, std::move(*failure));
  return decide_again();  // to write the failure to the status
}

Step BindingExecutor::run(const core::Input& input, const core::DeleteBinding& action, std::stop_token stop) {
  // Before the call, whose answer may be lost.
  if (action.why) parts_.notes.remember_deleted_for(input.request->metadata.uid, *action.why);
  const auto deleted =
      expiry::delete_binding(parts_.endings, parts_.deletions, action.binding, std::move(stop));
  if (deleted) return std::nullopt;
  log_failure("binding not deleted", input, deleted.error());
  parts_.failures.count(deleted.error());
  if (deleted.error().kind == ErrorKind::Conflict) return Outcome{.kind = Outcome::Kind::RetryNow};
  return again_in(kDeletionCheck);
}

Step BindingExecutor::run(const core::Input& input, const core::FreeBinding& action, std::stop_token stop) {
  const auto freed = expiry::free_binding(parts_.endings, action.binding, std::move(stop));
  if (!freed) {
    log_failure("finalizers of a held binding not removed", input, freed.error());
    parts_.failures.count(freed.error());
  }
  return again_in(kDeletionCheck);
}

Step BindingExecutor::run(const core::Input& input, const core::ShortenBinding& action,
                          std::stop_token stop) {
  auto shortened =
      expiry::shorten_binding(parts_.endings, action.binding, action.expires_at, std::move(stop));
  if (!shortened) {
    if (shortened.error().kind == ErrorKind::NotFound) return Outcome{};  // deleted: the watch reports it
    log_failure("binding not shortened", input, shortened.error());
    // If Curfew may no longer bind the role, it can only delete the binding, not change it: the status holds
    // the end, and the leader enforces it.
    if (shortened.error().kind == ErrorKind::Forbidden) return std::nullopt;
    return parts_.failures.retry(shortened.error());
  }
  parts_.stores.bindings.assume(std::move(*shortened));
  return std::nullopt;
}

}  // namespace curfew::reconcile
