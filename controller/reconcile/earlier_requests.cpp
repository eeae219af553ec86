#include "reconcile/earlier_requests.hpp"

#include <map>
#include <string>

#include "core/check/timing.hpp"
#include "core/effective.hpp"
#include "util/duration.hpp"

namespace curfew::reconcile {
namespace {

// What the audit records show about one earlier request.
struct Earlier {
  // Empty if the request was gone before Curfew reconciled it; then no one can have ended it for a reason.
  std::string requester;
  std::string start_time;
  std::string duration;
  std::optional<api::AuditRecord> end;
};

void consider(std::map<std::string, Earlier>& earlier, const api::AccessRequest& request,
              api::AuditRecord record) {
  const std::string uid = record.request.uid;
  const bool is_of_this_name =
      record.request.name == request.metadata.name && record.request.ns == request.metadata.ns;
  if (uid.empty() || uid == request.metadata.uid || !is_of_this_name ||
      api::is_flood_record(record.metadata.name))
    return;
  Earlier& known = earlier[uid];
  if (record.action == api::AuditAction::Requested && record.actor) known.requester = record.actor->username;
  if (!record.start_time.empty()) known.start_time = record.start_time;
  if (!record.duration.empty()) known.duration = record.duration;
  if (api::is_end(record.action)) known.end = std::move(record);
}

bool has_same_span(const Earlier& earlier, const api::AccessRequest& request,
                   const api::AccessPolicy& policy) {
  const auto start = parse_rfc3339(earlier.start_time);
  const auto requested_start = core::requested_start(request);
  if (!start || !requested_start || floor_to_second(*start) != *requested_start) return false;
  const auto duration = parse_duration(earlier.duration);
  return !duration || duration == parse_duration(core::effective_duration(request, &policy));
}

// A name or a span that one requester has used up stays free for others.
bool is_of_same_requester(const Earlier& earlier, const api::AccessRequest& request) {
  return !earlier.requester.empty() && request.spec.requester &&
         request.spec.requester->username == earlier.requester;
}

// A request without an end record is over too, because a newer one has its name: it was deleted while no
// replica ran.
bool counts(const Earlier& earlier, bool is_once_by_name) {
  if (!earlier.end) return true;
  switch (earlier.end->action) {
    case api::AuditAction::Denied:
    case api::AuditAction::Revoked:
    case api::AuditAction::Withdrawn: return true;
    case api::AuditAction::Expired: return is_once_by_name;
    default: return false;
  }
}

core::EarlierRequest describe(const std::string& uid, const Earlier& earlier) {
  if (!earlier.end) return {.uid = uid, .message = "it was deleted", .time = std::nullopt};
  return {.uid = uid, .message = earlier.end->message, .time = earlier.end->time};
}

}  // namespace

kube::Selection records_of_name(const api::ObjectKey& key) {
  return {.ns = {}, .labels = {}, .fields = "request.namespace=" + key.ns + ",request.name=" + key.name};
}

Result<std::optional<core::EarlierRequest>> find_earlier_request(kube::Client& client,
                                                                 const api::AccessRequest& request,
                                                                 const api::AccessPolicy& policy,
                                                                 const std::stop_token& stop) {
  const bool is_once_by_name = policy.spec.limits && policy.spec.limits->once_by_name;
  if (request.spec.start_time.empty() && !is_once_by_name) return std::nullopt;
  std::map<std::string, Earlier> earlier;
  kube::ListParams params;
  do {
    auto page = client.list<api::AuditRecord>(records_of_name(request.metadata.key()), params, stop);
    if (!page) return tl::unexpected(page.error());
    for (api::AuditRecord& record : page->items) consider(earlier, request, std::move(record));
    params.continue_token = page->continue_token;
  } while (!params.continue_token.empty());
  std::optional<core::EarlierRequest> latest;
  for (const auto& [uid, known] : earlier) {
    if (!is_of_same_requester(known, request) || !counts(known, is_once_by_name) ||
        !(is_once_by_name || has_same_span(known, request, policy)))
      continue;
    if (!latest || !known.end || (latest->time && known.end->time > *latest->time))
      latest = describe(uid, known);
  }
  return latest;
}

}  // namespace curfew::reconcile
