#include "reconcile/apply.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "api/codec.hpp"
#include "api/names.hpp"
#include "core/decide/grant_failure.hpp"
#include "expiry/ending.hpp"
#include "kube/error.hpp"
#include "reconcile/decoders.hpp"
#include "reconcile/error_policy.hpp"
#include "util/log.hpp"

namespace curfew::reconcile {
namespace {

using runtime::Outcome;

// A deletion is repeated at this interval until the watch reports it.
constexpr std::chrono::seconds kDeletionCheck{1};

// A start may be thousands of years away, and the wall clock may step: requeue at least this often.
constexpr std::chrono::hours kMaxSleep{1};

constexpr Outcome kDone{};
constexpr Outcome kRateLimited{.kind = Outcome::Kind::RetryRateLimited};

// A requeue, not a failure.
Outcome again_in(std::chrono::steady_clock::duration delay) {
  return {.kind = Outcome::Kind::Done, .after = delay};
}

Outcome retry(const Error& error) {
  const Retry policy = error_policy(error);
  switch (policy.how) {
    case Retry::How::Soon: return {.kind = Outcome::Kind::RetryNow};
    case Retry::How::After: return {.kind = Outcome::Kind::RetryAfter, .after = policy.after};
    case Retry::How::RateLimited:
    case Retry::How::Never: return kRateLimited;
  }
  return kRateLimited;
}

void log_failure(std::string_view what, const core::Input& input, const Error& error) {
  if (error.kind == ErrorKind::Conflict || kube::concerns_server(error.kind)) return;
  log::warn(what, {{"request", api::to_string(input.request->metadata.key())},
                   {"uid", input.request->metadata.uid},
                   {"kind", to_string(error.kind)},
                   {"err", error.message}});
}

bool carries_the_same_grant(const api::RoleBinding& stored, const api::RoleBinding& wanted) {
  return stored.metadata.labels == wanted.metadata.labels &&
         stored.metadata.annotations == wanted.metadata.annotations &&
         stored.metadata.owner_references == wanted.metadata.owner_references &&
         stored.role_ref == wanted.role_ref && stored.subjects == wanted.subjects;
}

// One record of a flood stands for the ends of many requests.
bool is_end_of(const api::AuditRecord& record, const std::string& request_uid) {
  return api::is_end(record.action) && !api::is_flood_record(record.metadata.name) &&
         record.request.uid == request_uid;
}

// Whether the CRD's schema rejects the object, by the API server's message. A rejection by someone else's
// admission policy or webhook may be temporary, whatever its status code.
bool is_refused_by_schema(const Error& error) {
  return error.kind == ErrorKind::Invalid && error.message.find(" is invalid: ") != std::string::npos &&
         error.message.find("denied") == std::string::npos;
}

// These actions end access and are never held back; all others are the leader's alone.
bool only_ends_access(const core::Action& action) {
  return std::holds_alternative<core::DeleteBinding>(action) ||
         std::holds_alternative<core::FreeBinding>(action) ||
         std::holds_alternative<core::ShortenBinding>(action);
}

}  // namespace

Outcome Applier::apply(const core::Input& input, const core::Decision& decision, std::stop_token stop) {
  bool awaits_deletion = false;
  for (const core::Action& action : decision.actions) {
    if (stop.stop_requested()) return kDone;
    if (!only_ends_access(action) && !parts_.may_grant()) return kDone;
    const Step step = std::visit([&](const auto& known) { return run(input, known, stop); }, action);
    if (step) return *step;
    // Later actions of the decision wait only until the API server accepts the deletion.
    awaits_deletion = awaits_deletion || std::holds_alternative<core::DeleteBinding>(action);
  }
  if (awaits_deletion) return again_in(kDeletionCheck);
  if (input.request_is_gone && !input.binding) {
    finished(input);
    // Later requests may have, or have had, the same name; their changes arrived while the key stood for the
    // departed request.
    const api::ObjectKey key = input.request->metadata.key();
    return parts_.departed.first(key) || parts_.stores.requests.get(key)
               ? again_in(std::chrono::milliseconds(1))
               : kDone;
  }
  const auto next = decision.next.time();
  if (!next) return kDone;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - parts_.clock.now());
  return again_in(std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(1), kMaxSleep));
}

// A replica of an earlier term may have recorded the end of a request and died before it wrote the status.
// Until all records from earlier terms are known, read the end record before a grant starts or resumes.
Applier::Step Applier::look_for_end(const core::Input& input, std::stop_token stop) {
  if (parts_.notes.knows_all_records()) return std::nullopt;
  auto stored = parts_.client.find<api::AuditRecord>(
      {"", api::record_name(input.request->metadata.uid, api::AuditAction::Revoked)}, std::move(stop));
  if (!stored) return failed(stored.error());
  if (!*stored) return std::nullopt;
  parts_.notes.remember_end(std::move(**stored));
  return again_in(std::chrono::milliseconds(1));
}

Applier::Step Applier::run(const core::Input& input, const core::WriteRecord& action, std::stop_token stop) {
  if (action.record.action == api::AuditAction::Granted) {
    if (auto ended = look_for_end(input, stop)) return ended;
  }
  auto stored = parts_.audit.write(action.record, stop);
  if (!stored) {
    log_failure("audit record not written", input, stored.error());
    return not_written(input, stored.error());
  }
  parts_.usage.recorded(*stored);
  parts_.floods.recorded(*stored);
  if (is_end_of(*stored, input.request->metadata.uid)) {
    // The request has ended now, whatever decisions arrive before its status shows the end.
    const bool is_another = stored->action != action.record.action;
    parts_.notes.remember_end(std::move(*stored));
    if (is_another)
      return again_in(std::chrono::milliseconds(1));  // ended in another way: decide again with that end
    return std::nullopt;
  }
  if (action.record.action != api::AuditAction::Granted) return std::nullopt;
  const bool is_ours = stored->granted_at == action.record.granted_at &&
                       stored->expires_at == action.record.expires_at && stored->role == action.record.role &&
                       stored->subject == action.record.subject;
  parts_.notes.remember_granted(std::move(*stored));
  if (is_ours) return std::nullopt;
  return again_in(std::chrono::milliseconds(1));  // an earlier attempt's record counts: decide again with it
}

Applier::Step Applier::run(const core::Input& input, const core::CreateBinding& action,
                           std::stop_token stop) {
  if (input.granted_record) {
    if (auto ended = look_for_end(input, stop)) return ended;
  }
  auto created = parts_.client.create(action.binding, stop);
  if (!created) {
    if (created.error().kind == ErrorKind::AlreadyExists) return adopt_or_fail(input, action.binding, stop);
    return grant_failed(input, created.error());
  }
  log::info("access granted", {{"request", api::to_string(input.request->metadata.key())},
                               {"uid", input.request->metadata.uid},
                               {"binding", created->metadata.name},
                               {"role", created->role_ref.kind + " " + created->role_ref.name}});
  parts_.grant_latency.granted(input.request->metadata.uid);
  parts_.notes.remember_granted_binding(input.request->metadata.uid, created->metadata.uid);
  parts_.stores.bindings.assume(std::move(*created));
  return std::nullopt;
}

// A binding of that name exists: created by an earlier attempt whose answer was lost, or by someone else.
Applier::Step Applier::adopt_or_fail(const core::Input& input, const api::RoleBinding& wanted,
                                     std::stop_token stop) {
  auto stored = parts_.client.get<api::RoleBinding>(wanted.metadata.key(), stop);
  if (!stored) return failed(stored.error());
  if (stored->metadata.deletion_timestamp) return kRateLimited;
  if (!carries_the_same_grant(*stored, wanted)) {
    return grant_failed(input, {.kind = ErrorKind::AlreadyExists,
                                .message = "a RoleBinding named " + wanted.metadata.name +
                                           " is there already and is not this grant: delete it"});
  }
  parts_.grant_latency.granted(input.request->metadata.uid);
  parts_.notes.remember_granted_binding(input.request->metadata.uid, stored->metadata.uid);
  parts_.stores.bindings.assume(std::move(*stored));
  return std::nullopt;
}

Applier::Step Applier::grant_failed(const core::Input& input, const Error& error) {
  log_failure("binding not created", input, error);
  parts_.metrics.reconcile_failed(error.kind);
  auto failure = core::grant_failure(error, parts_.clock.now());
  if (!failure) return retry(error);
  parts_.notes.remember_failure(input.request->metadata.uid, std::move(*failure));
  return again_in(std::chrono::milliseconds(1));  // decide again to write the failure to the status
}

Applier::Step Applier::run(const core::Input& input, const core::DeleteBinding& action,
                           std::stop_token stop) {
  const auto outcome = expiry::delete_binding(parts_.endings, parts_.deletions, action.key, action.uid, stop);
  if (outcome) return std::nullopt;
  log_failure("binding not deleted", input, outcome.error());
  parts_.metrics.reconcile_failed(outcome.error().kind);
  if (outcome.error().kind == ErrorKind::Conflict) return Outcome{.kind = Outcome::Kind::RetryNow};
  return again_in(kDeletionCheck);
}

Applier::Step Applier::run(const core::Input& input, const core::FreeBinding& action, std::stop_token stop) {
  const auto freed = expiry::free_binding(parts_.endings, action.key, action.uid, stop);
  if (!freed) {
    log_failure("finalizers of a held binding not removed", input, freed.error());
    parts_.metrics.reconcile_failed(freed.error().kind);
  }
  return again_in(kDeletionCheck);
}

Applier::Step Applier::run(const core::Input& input, const core::ShortenBinding& action,
                           std::stop_token stop) {
  auto shortened = expiry::shorten_binding(parts_.endings, action.key, action.uid, action.expires_at, stop);
  if (!shortened) {
    if (shortened.error().kind == ErrorKind::NotFound) return kDone;  // deleted: the watch reports it
    log_failure("binding not shortened", input, shortened.error());
    // If Curfew may no longer bind the role, it can only delete the binding, not change it: the status holds
    // the end, and the leader enforces it.
    if (shortened.error().kind == ErrorKind::Forbidden) return std::nullopt;
    return failed(shortened.error());
  }
  parts_.stores.bindings.assume(std::move(*shortened));
  return std::nullopt;
}

Applier::Step Applier::run(const core::Input& input, const core::UpdateStatus& action, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  const nlohmann::json patch = kube::status_patch(request.metadata, api::encode_status_patch(action.status));
  if (action.status.complete) parts_.departed.expect(request.metadata.uid);
  auto updated = parts_.client.patch_status<api::AccessRequest>(request.metadata.key(), patch, stop);
  if (!updated) {
    if (action.status.complete) parts_.departed.stop_expecting(request.metadata.uid);
    if (updated.error().kind == ErrorKind::NotFound) return kDone;  // deleted: the watch reports it
    log_failure("status not written", input, updated.error());
    // A status of a request that was deleted and recreated meanwhile is also rejected as invalid, because of
    // the UID.
    if (!is_refused_by_schema(updated.error())) return failed(updated.error());
    const auto stored = parts_.client.get<api::AccessRequest>(request.metadata.key(), std::move(stop));
    return stored && stored->metadata.uid == request.metadata.uid ? not_written(input, updated.error())
                                                                  : failed(updated.error());
  }
  if (action.status.approved_at && !request.status.approved_at && !action.status.approved_by.empty()) {
    parts_.metrics.approval_took(*action.status.approved_at - request.metadata.creation_timestamp);
  }
  if (!action.status.complete)
    parts_.notes.remember_observed(request.metadata.uid, action.status.observed_decisions);
  if (action.status.complete && parts_.on_completed) parts_.on_completed(*updated);
  drop_unread(updated->metadata);  // like the watch's decoder
  parts_.stores.requests.assume(std::move(*updated));
  if (action.status.complete) {
    parts_.metrics.request_completed(*action.status.phase);
    finished(input);
  }
  return std::nullopt;
}

Applier::Step Applier::run(const core::Input& input, const core::EmitEvent& action, std::stop_token) {
  const api::ObjectMeta& regarding = input.request->metadata;
  api::Event event;
  event.time = parts_.clock.now();
  event.type = action.type;
  event.reason = action.reason;
  event.action = action.action;
  event.note = action.note;
  event.regarding = {.api_version = std::string(api::kGroupVersion),
                     .kind = std::string(api::AccessRequest::kKind),
                     .ns = regarding.ns,
                     .name = regarding.name,
                     .uid = regarding.uid};
  event.related = action.related;
  parts_.events.record(std::move(event));
  return std::nullopt;
}

// Retrying does not make an invalid object valid: the request ends, unless its end is what was rejected.
Applier::Step Applier::not_written(const core::Input& input, const Error& error) {
  if (!is_refused_by_schema(error) || input.unstorable) return failed(error);
  parts_.metrics.reconcile_failed(error.kind);
  parts_.notes.remember_unstorable(input.request->metadata.uid, error.message);
  return again_in(std::chrono::milliseconds(1));  // decide again
}

Outcome Applier::failed(const Error& error) {
  parts_.metrics.reconcile_failed(error.kind);
  return retry(error);
}

void Applier::finished(const core::Input& input) {
  const std::string& uid = input.request->metadata.uid;
  parts_.deletions.remove(parts_.notes.of(uid).last_binding_uid);
  parts_.notes.forget(uid);
  if (input.request_is_gone)
    parts_.departed.remove(input.request->metadata.key(), input.request->metadata.uid);
}

}  // namespace curfew::reconcile
