#include "reconcile/reconstruct_request.hpp"

#include <algorithm>
#include <utility>

#include "api/managed_binding.hpp"
#include "api/names.hpp"

namespace curfew::reconcile {
namespace {

std::string policy_of(const api::RoleBinding& binding) {
  const auto policy = binding.metadata.annotations.find(std::string(api::kPolicyAnnotation));
  return policy == binding.metadata.annotations.end() ? std::string() : policy->second;
}

// The approvals that count, and those taken back.
std::vector<api::Decision> decisions_of(std::vector<api::AuditRecord> records) {
  std::ranges::sort(records, {}, &api::AuditRecord::time);
  std::vector<api::Decision> decisions;
  for (api::AuditRecord& record : records) {
    const bool takes_back = record.action == api::AuditAction::ApprovalWithdrawn;
    if (!record.actor || (record.action != api::AuditAction::Approved && !takes_back)) continue;
    decisions.push_back({.verdict = takes_back ? api::Verdict::Revoke : api::Verdict::Approve,
                         .person = std::move(*record.actor),
                         .comment = std::move(record.comment)});
  }
  return decisions;
}

}  // namespace

std::shared_ptr<const api::AccessRequest> request_of(const api::RoleBinding& binding) {
  api::AccessRequest request;
  request.metadata.ns = binding.metadata.ns;
  request.metadata.uid = api::request_uid_of(binding);
  for (const api::OwnerReference& owner : binding.metadata.owner_references) {
    if (owner.uid != request.metadata.uid) continue;
    request.metadata.name = owner.name;
    if (owner.kind != api::AccessRequest::kClusterKind) continue;
    request.metadata.ns.clear();
    if (!binding.metadata.ns.empty()) request.spec.namespaces = {binding.metadata.ns};
  }
  request.spec.policy = policy_of(binding);
  request.spec.role = binding.role_ref;
  request.status.phase = api::Phase::Active;
  request.status.policy = api::PolicyRef{.name = request.spec.policy};
  request.status.role_ref = binding.role_ref;
  if (!binding.subjects.empty()) request.status.subject = binding.subjects.front();
  request.status.granted_at = floor_to_second(binding.metadata.creation_timestamp);
  request.status.expires_at = api::stated_end(binding);
  request.status.binding_name = binding.metadata.name;
  return std::make_shared<const api::AccessRequest>(std::move(request));
}

std::shared_ptr<const api::AccessRequest> request_of(const std::vector<api::AuditRecord>& records) {
  api::AccessRequest request;
  request.decisions = decisions_of(records);
  request.status.observed_decisions = static_cast<int>(request.decisions.size());
  request.status.phase = api::Phase::Pending;
  for (const api::AuditRecord& record : records) {
    request.metadata.ns = record.request.ns;
    request.metadata.name = record.request.name;
    request.metadata.uid = record.request.uid;
    if (!record.namespaces.empty()) request.spec.namespaces = record.namespaces;
    // Not every record contains every field.
    if (!record.reason.empty()) request.spec.reason = record.reason;
    if (record.action == api::AuditAction::Requested) request.spec.requester = record.actor;
    if (record.policy) {
      request.spec.policy = record.policy->name;
      request.status.policy = record.policy;
    }
    if (record.role) request.spec.role = request.status.role_ref = record.role;
    if (record.subject) request.status.subject = record.subject;
    if (!record.duration.empty()) request.status.duration = record.duration;
    if (!record.start_time.empty()) request.spec.start_time = record.start_time;
    if (record.extends) {
      request.spec.extends = record.extends->name;
      request.status.extends = record.extends;
    }
    if (record.review) request.status.review = record.review;
    if (record.action == api::AuditAction::Reviewed && record.actor && record.verdict)
      request.reviews.push_back(
          {.verdict = *record.verdict, .person = *record.actor, .comment = record.comment});
    if (record.action != api::AuditAction::Granted) continue;
    request.status.phase = api::Phase::Active;
    request.status.granted_at = record.granted_at;
    request.status.expires_at = record.expires_at;
    request.status.binding_name = record.binding ? record.binding->name : std::string();
  }
  for (const api::AuditRecord& record : records) {
    const bool has_expired = record.action == api::AuditAction::Expired;
    if (!has_expired && record.action != api::AuditAction::Revoked) continue;
    request.status.phase = has_expired ? api::Phase::Expired : api::Phase::Revoked;
    request.status.ended_at = floor_to_second(record.time);
  }
  return std::make_shared<const api::AccessRequest>(std::move(request));
}

bool is_review_open(const std::vector<api::AuditRecord>& records) {
  int required = 0;
  int reviewed = 0;
  for (const api::AuditRecord& record : records) {
    if (record.action == api::AuditAction::ReviewEvaded) return false;
    if (record.action == api::AuditAction::ReviewRequested && record.review)
      required = record.review->required;
    if (record.action == api::AuditAction::Reviewed) ++reviewed;
  }
  return reviewed < required;
}

}  // namespace curfew::reconcile
