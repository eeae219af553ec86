#include "housekeeping/unmanaged_bindings.hpp"

#include <utility>
#include <vector>

#include "api/managed_binding.hpp"
#include "api/names.hpp"
#include "expiry/ending.hpp"
#include "kube/error.hpp"
#include "reconcile/reconstruct_request.hpp"
#include "util/log.hpp"

namespace curfew::housekeeping {
namespace {

using runtime::Outcome;

constexpr std::chrono::seconds kRecheck{1};
constexpr const char* kNobody = "unknown";

std::int64_t seconds_of(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::shared_ptr<const api::AccessRequest> UnmanagedBindings::live_request(
    const std::string& request_uid) const {
  for (const auto& request : parts_.stores.requests.list()) {
    if (request->metadata.uid == request_uid) return request;
  }
  return nullptr;
}

Outcome UnmanagedBindings::reconcile(const api::ObjectKey& key, std::stop_token stop) {
  const auto binding = parts_.stores.bindings.get(key);
  if (!binding || binding->metadata.deletion_timestamp) return {};
  if (!binding->metadata.labels.contains(std::string(api::kRequestUidLabel))) return {};
  const std::string request_uid = api::request_uid_of(*binding);
  const auto request = live_request(request_uid);
  const bool has_name_of_grant = api::has_name_of_grant(*binding);
  if (request && has_name_of_grant && key.ns == request->metadata.ns)
    return {};  // the request's own reconcile handles it
  if (parts_.departed.contains(request_uid)) return {.after = kRecheck};
  if (!has_name_of_grant) {
    if (!request && !parts_.notes.knows_all_records())
      return {.after = kRecheck};  // the records may show whose it was
    const auto told = record_tampering(*binding, request.get(),
                                       "RoleBinding " + key.name + " bears the label " +
                                           std::string(api::kRequestUidLabel) + "=" + request_uid +
                                           " and is not Curfew's: it is left alone; delete it",
                                       stop);
    return told ? Outcome{} : retry("audit record not written", key, told.error());
  }
  const auto grant = look_up(*binding, request_uid, stop);
  if (!grant) return retry("binding's grant not looked up", key, grant.error());
  if (grant->is_somebodys) return {};
  if (grant->departed) {
    parts_.on_departed(grant->departed);
    return {};
  }
  const auto told = record_tampering(
      *binding, request.get(),
      "RoleBinding " + api::to_string(key) + " was made by somebody: " + grant->difference + "; it is ended",
      stop);
  if (!told) return retry("audit record not written", key, told.error());
  const auto deleted =
      expiry::delete_binding(parts_.endings, parts_.deletions, key, binding->metadata.uid, std::move(stop));
  return deleted ? Outcome{.after = kRecheck}
                 : retry("binding not deleted, trying again", key, deleted.error());
}

// Reads from the API server, because the watches deliver a binding, its request and its end in any order,
// which must not be recorded as tampering.
Result<UnmanagedBindings::Grant> UnmanagedBindings::look_up(const api::RoleBinding& binding,
                                                            const std::string& request_uid,
                                                            std::stop_token stop) const {
  const api::ObjectKey key = binding.metadata.key();
  const auto stored = parts_.client.find<api::RoleBinding>(key, stop);
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored || (*stored)->metadata.uid != binding.metadata.uid) return Grant{.is_somebodys = true};
  auto granted = parts_.client.find<api::AuditRecord>(
      {"", api::record_name(request_uid, api::AuditAction::Granted)}, stop);
  if (!granted) return tl::unexpected(granted.error());
  auto request = *granted ? reconcile::request_of(std::vector{**granted}) : reconcile::request_of(binding);
  if (!request->metadata.name.empty() && request->metadata.ns == key.ns) {
    auto live = parts_.client.find<api::AccessRequest>(request->metadata.key(), stop);
    if (!live) return tl::unexpected(live.error());
    if (*live && (*live)->metadata.uid == request_uid) {
      if (!(*live)->status.complete) return Grant{.is_somebodys = true};  // the watch will deliver that one
      return Grant{.departed = std::make_shared<const api::AccessRequest>(std::move(**live))};
    }
  }
  if (!*granted)
    return Grant{.difference =
                     "no AuditRecord says that access was granted to an AccessRequest with the UID " +
                     request_uid};
  if (request->metadata.ns != key.ns)
    return Grant{.difference = "the access that was granted to that AccessRequest is in namespace " +
                               request->metadata.ns};
  const auto ended = parts_.client.find<api::AuditRecord>(
      {"", api::record_name(request_uid, api::AuditAction::Revoked)}, std::move(stop));
  if (!ended) return tl::unexpected(ended.error());
  if (*ended)
    return Grant{.difference =
                     "the access of AccessRequest " + api::to_string(request->metadata.key()) + " had ended"};
  parts_.notes.remember_granted(std::move(**granted));
  return Grant{.departed = std::move(request)};
}

Result<void> UnmanagedBindings::record_tampering(const api::RoleBinding& binding,
                                                 const api::AccessRequest* request, std::string message,
                                                 std::stop_token stop) const {
  const api::ObjectMeta& meta = binding.metadata;
  api::AuditRecord record;
  record.action = api::AuditAction::Tampered;
  // Named so that all records of a request are adjacent.
  record.metadata.name = request != nullptr ? api::record_name(request->metadata.uid, record.action,
                                                               seconds_of(meta.creation_timestamp))
                                            : api::record_name(meta.uid, record.action);
  record.time = parts_.clock.now();
  record.request = {.ns = request != nullptr ? request->metadata.ns : meta.ns,
                    .name = request != nullptr ? request->metadata.name : kNobody,
                    .uid = request != nullptr ? request->metadata.uid : std::string()};
  record.role = binding.role_ref;
  if (binding.subjects.size() == 1) record.subject = binding.subjects.front();
  record.binding = api::BindingRef{.name = meta.name, .uid = meta.uid};
  record.message = std::move(message);
  const auto written = parts_.audit.write(record, std::move(stop));
  if (!written) return tl::unexpected(written.error());
  return {};
}

Outcome UnmanagedBindings::retry(std::string_view what, const api::ObjectKey& key, const Error& error) const {
  parts_.metrics.reconcile_failed(error.kind);
  if (!kube::concerns_server(error.kind))
    log::warn(what, {{"binding", api::to_string(key)}, {"err", error.message}});
  return {.kind = Outcome::Kind::RetryRateLimited};
}

}  // namespace curfew::housekeeping
