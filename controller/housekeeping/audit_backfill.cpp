#include "housekeeping/audit_backfill.hpp"

#include <algorithm>

#include "reconcile/reconstruct_request.hpp"
#include "util/heap.hpp"

namespace curfew::housekeeping {

Result<void> AuditBackfill::run(std::stop_token stop) {
  std::vector<api::AuditRecord> of_one_request;
  kube::ListParams params;
  live_.clear();
  note_live();
  do {
    auto page = client_.list<api::AuditRecord>({}, params, stop);
    if (!page) return tl::unexpected(page.error());
    if (params.continue_token.empty()) note_live();
    for (api::AuditRecord& record : page->items) {
      if (!of_one_request.empty() && of_one_request.front().request.uid != record.request.uid) {
        settle(of_one_request);
        of_one_request.clear();
      }
      of_one_request.push_back(std::move(record));
    }
    params.continue_token = page->continue_token;
  } while (!params.continue_token.empty());
  settle(of_one_request);
  live_.clear();
  trim_heap();
  notes_.know_all_records();
  for (const auto& request : stores_.requests.list()) {
    const bool is_unrecorded =
        request->status.phase == api::Phase::Active && !notes_.of(request->metadata.uid).granted;
    if (is_unrecorded) triggers_.changed(request, request);
  }
  return {};
}

// All pages show the records as of the first page, which is outdated for a request that was live then. The
// watch reports the end of such a request, and that end may be recorded already; ending it from old records
// would add a second end record (Withdrawn, for example, after Revoked).
void AuditBackfill::note_live() {
  for (const auto& request : stores_.requests.list()) live_.insert(request->metadata.uid);
}

// A request with an end record but a status without the end: the replica that wrote the record died in
// between.
void AuditBackfill::settle_recorded(const api::AuditRecord& end) {
  const auto live = stores_.requests.get({end.request.ns, end.request.name});
  if (!live || live->metadata.uid != end.request.uid || live->status.complete) return;
  notes_.remember_end(end);
  triggers_.changed(live, live);
}

void AuditBackfill::settle(const std::vector<api::AuditRecord>& of_one_request) {
  if (of_one_request.empty() || of_one_request.front().request.uid.empty()) return;
  const auto end = std::ranges::find_if(of_one_request, api::is_end, &api::AuditRecord::action);
  if (end != of_one_request.end()) {
    // Deleted, or said to be complete by others, while no replica led.
    const bool is_there =
        stores_.requests.get({end->request.ns, end->request.name}) || live_.contains(end->request.uid);
    if (!is_there && reconcile::is_review_open(of_one_request))
      return triggers_.departed(reconcile::request_of(of_one_request));
    return settle_recorded(*end);
  }
  const auto request = reconcile::request_of(of_one_request);
  const auto live = stores_.requests.get(request->metadata.key());
  const bool is_live = live && live->metadata.uid == request->metadata.uid;
  if (is_live ? live->status.phase != api::Phase::Active : live_.contains(request->metadata.uid)) return;
  bool is_recorded = false;
  for (const api::AuditRecord& record : of_one_request) {
    is_recorded = is_recorded || record.action == api::AuditAction::Requested;
    if (record.action == api::AuditAction::Granted) notes_.remember_granted(record);
  }
  if (!is_live) {
    // Curfew writes the record of an end before the status: a request that is complete nevertheless is not
    // over.
    if (is_recorded) notes_.remember_recorded(request->metadata.uid);
    return triggers_.departed(request);
  }
  if (live->status.expires_at != request->status.expires_at)
    triggers_.changed(live, live);  // shortened, or changed by someone else
}

}  // namespace curfew::housekeeping
