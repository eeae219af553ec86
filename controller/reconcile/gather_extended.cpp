#include <algorithm>

#include "api/managed_binding.hpp"
#include "api/names.hpp"
#include "core/check/timing.hpp"
#include "core/decide/decide.hpp"
#include "core/effective.hpp"
#include "reconcile/gather.hpp"

// What a request extends, and what extends it.
namespace curfew::reconcile {
namespace {

// More links than a chain can have in practice: it ends after at most 8760h.
constexpr int kMaxLinks = 1000;

}  // namespace

// Of the live requests other than `request` that extend the request `extended` with that UID, the name of one
// that is granted; empty if there is none.
std::string Gatherer::granted_extension(const api::ObjectKey& extended, std::string_view uid,
                                        std::string_view except_uid) const {
  for (const api::ObjectKey& key : parts_.extensions.of(extended)) {
    const auto other = parts_.stores.requests.get(key);
    if (!other || other->metadata.uid == except_uid || core::is_over(other->status) ||
        !other->status.extends || other->status.extends->uid != uid)
      continue;
    if (other->status.phase == api::Phase::Active || parts_.notes.of(other->metadata.uid).granted ||
        parts_.stores.bindings.get({api::places_of(*other).front(), api::binding_name(*other)}))
      return key.name;
  }
  return {};
}

Result<void> Gatherer::find_extended(core::Input& input, const std::stop_token& stop) {
  const api::AccessRequest& request = *input.request;
  const std::string& uid = request.metadata.uid;
  if (core::is_over(request.status)) return {};
  const bool is_active = request.status.phase == api::Phase::Active;
  if (is_active) {
    input.is_warned = parts_.notes.of(uid).is_warned;
    input.is_extended = !granted_extension(request.metadata.key(), uid, uid).empty();
  }
  if (request.spec.extends.empty()) return {};

  const auto pinned = core::effective_extends(input);
  core::Extended& extended = input.extended.emplace();
  auto live = parts_.stores.requests.get(extended_key(request));
  const bool is_meant = live && !core::is_over(live->status) && live->metadata.uid != uid &&
                        (!pinned || live->metadata.uid == pinned->uid);
  if (is_meant) extended.request = std::move(live);
  if (!pinned && !extended.request) return {};
  const std::string extended_uid = pinned ? pinned->uid.str() : extended.request->metadata.uid;
  if (!extended.request) {
    if (const auto found = find_extended_end(input, extended_uid, stop); !found) return found;
  }
  if (is_active) return {};
  extended.extended_by = granted_extension(extended_key(request), extended_uid, uid);
  return find_extended_access(input, extended_uid, stop);
}

Result<void> Gatherer::find_extended_access(core::Input& input, const std::string& uid,
                                            const std::stop_token& stop) {
  core::Extended& extended = *input.extended;
  auto record = copy_of(parts_.notes.of(uid).granted);
  if (!record) {
    auto stored = stored_record(uid, api::AuditAction::Granted, stop);
    if (!stored) return tl::unexpected(stored.error());
    record = std::move(*stored);
    if (record && extended.request) parts_.notes.remember_granted(*record);
  }
  if (!record || !record->granted_at || !record->expires_at) return {};
  api::ExtendedRef access{.name = input.request->spec.extends,
                          .uid = uid,
                          .expires_at = *record->expires_at,
                          .since = record->extends ? record->extends->since : *record->granted_at};
  const auto binding = parts_.stores.bindings.get(
      {api::places_of(*input.request).front(), std::string(api::kBindingPrefix) + uid});
  if (binding) access.expires_at = *core::earlier(access.expires_at, api::stated_end(*binding));
  if (extended.request) {
    const api::AccessRequest& request = *extended.request;
    access.expires_at = *core::earlier(access.expires_at, request.status.expires_at);
    extended.is_active = request.status.phase == api::Phase::Active && !request.status.ending &&
                         !request.metadata.deletion_timestamp && binding &&
                         !binding->metadata.deletion_timestamp;
  }
  extended.access = std::move(access);
  return {};
}

// By the end records. An end by its time counts as one only if what the request extended itself ended so,
// too: its record may have come later.
Result<void> Gatherer::find_extended_end(core::Input& input, std::string uid, const std::stop_token& stop) {
  core::Extended& extended = *input.extended;
  const std::string& request_uid = input.request->metadata.uid;
  extended.end = copy_of(parts_.notes.of(request_uid).extended_end);
  for (int links = 0; !extended.end && links < kMaxLinks; ++links) {
    const auto record = stored_record(uid, api::AuditAction::Revoked, stop);
    if (!record) return tl::unexpected(record.error());
    extended.is_end_unknown = !*record;
    if (!*record) return {};
    const bool is_by_time = (*record)->action == api::AuditAction::Expired;
    if (is_by_time && (*record)->extends) {
      uid = (*record)->extends->uid;
      continue;
    }
    const auto first = is_by_time ? record : first_early_end(**record, stop);
    if (!first) return tl::unexpected(first.error());
    extended.end = core::Extended::End{
        .is_by_time = is_by_time, .name = (*first)->request.name, .message = (*first)->message};
    parts_.notes.remember_extended_end(request_uid, *extended.end);
  }
  return {};
}

// Access that ended before its time may have ended with what it extended. Returns the record of the first
// such end in the chain whose last one is `end`.
Result<std::optional<api::AuditRecord>> Gatherer::first_early_end(api::AuditRecord end,
                                                                  const std::stop_token& stop) {
  for (int links = 0; end.extends && links < kMaxLinks; ++links) {
    auto before = stored_record(end.extends->uid, api::AuditAction::Revoked, stop);
    if (!before) return before;
    if (!*before || (*before)->action == api::AuditAction::Expired || (*before)->time > end.time) break;
    end = std::move(**before);
  }
  return end;
}

}  // namespace curfew::reconcile
