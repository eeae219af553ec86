#include "housekeeping/unmanaged_bindings.hpp"

#include <utility>
#include <vector>

#include "api/managed_binding.hpp"
#include "api/names.hpp"
#include "core/decide/unmanaged_binding.hpp"
#include "core/grant.hpp"
#include "expiry/ending.hpp"
#include "kube/error.hpp"
#include "reconcile/reconstruct_request.hpp"
#include "util/log.hpp"

namespace curfew::housekeeping {
namespace {

using runtime::Outcome;

constexpr std::chrono::seconds kRecheck{1};
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
  if (request && has_name_of_grant && api::is_place_of(*request, key.ns))
    return {};  // the request's own reconcile handles it
  if (parts_.departed.contains(request_uid)) return {.after = kRecheck};
  if (!has_name_of_grant) {
    if (!request && !parts_.notes.knows_all_records())
      return {.after = kRecheck};  // the records may show whose it was
    const auto told =
        record_tampering(*binding, request.get(), core::describe_foreign(*binding, request_uid), stop);
    return told ? Outcome{} : retry("audit record not written", key, told.error());
  }
  const bool knew_all_records = parts_.notes.knows_all_records();
  const auto grant = look_up(*binding, request_uid, stop);
  if (!grant) return retry("binding's grant not looked up", key, grant.error());
  if (grant->is_somebodys) return {};
  if (grant->departed) {
    parts_.on_departed(grant->departed);
    return {};
  }
  // The records of what came before the grant may show that a crash kept it from being recorded.
  if (grant->is_unrecorded && !knew_all_records) return {.after = kRecheck};
  const auto told =
      record_tampering(*binding, request.get(), core::describe_forged(*binding, grant->difference), stop);
  if (!told) return retry("audit record not written", key, told.error());
  const auto deleted =
      expiry::delete_binding(parts_.endings, parts_.deletions, api::reference_to(*binding), std::move(stop));
  return deleted ? Outcome{.after = kRecheck} : retry("binding not deleted, retrying", key, deleted.error());
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
  if (!request->metadata.name.empty() && api::is_place_of(*request, key.ns)) {
    auto live = parts_.client.find<api::AccessRequest>(request->metadata.key(), stop);
    if (!live) return tl::unexpected(live.error());
    if (*live && (*live)->metadata.uid == request_uid && api::is_place_of(**live, key.ns)) {
      if (!(*live)->status.complete) return Grant{.is_somebodys = true};  // the watch will deliver that one
      return Grant{.departed = std::make_shared<const api::AccessRequest>(std::move(**live))};
    }
  }
  if (!*granted)
    return Grant{
        .difference =
            "no AuditRecord says that access was granted to an AccessRequest with the UID " + request_uid,
        .is_unrecorded = true};
  if (!api::is_place_of(*request, key.ns))
    return Grant{.difference = "the access that was granted to that request is " +
                               core::describe(core::scope_of(*request))};
  const auto ended = parts_.client.find<api::AuditRecord>(
      {"", api::record_name(request_uid, api::AuditAction::Revoked)}, stop);
  if (!ended) return tl::unexpected(ended.error());
  if (*ended) {
    // The request's own reconcile, of which a new leader learns a moment later, may have deleted it
    // meanwhile.
    const auto still = parts_.client.find<api::RoleBinding>(key, std::move(stop));
    if (!still) return tl::unexpected(still.error());
    if (!*still || (*still)->metadata.uid != binding.metadata.uid) return Grant{.is_somebodys = true};
    return Grant{.difference =
                     "the access of AccessRequest " + api::to_string(request->metadata.key()) + " had ended"};
  }
  parts_.notes.remember_granted(std::move(**granted));
  return Grant{.departed = std::move(request)};
}

Result<void> UnmanagedBindings::record_tampering(const api::RoleBinding& binding,
                                                 const api::AccessRequest* request, std::string message,
                                                 std::stop_token stop) const {
  const auto record = core::tampering_record(binding, request, std::move(message), parts_.clock.now());
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
