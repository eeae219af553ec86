#include "client/history.hpp"

#include <algorithm>

namespace curfew::client {

Result<std::vector<Read<api::AuditRecord>>> records_of(const Session& session, const api::ObjectKey& key) {
  // The name becomes a part of a field selector, and of a command that is printed to be copied.
  if (!can_exist(ref_of<api::AccessRequest>(key)))
    return fail(ErrorKind::NotFound, "there can be no " +
                                         std::string(api::kind_of<api::AccessRequest>(key.ns)) + " " +
                                         to_string(key) + ": that is no name");
  return session.cluster->list<api::AuditRecord>(
      {.ns = "", .fields = "request.namespace=" + key.ns + ",request.name=" + key.name, .labels = ""});
}

std::vector<RequestHistory> by_request(const std::vector<Read<api::AuditRecord>>& records) {
  std::vector<RequestHistory> result;
  for (const auto& [record, _] : records) {
    auto at = std::ranges::find(result, record.request.uid, &RequestHistory::uid);
    if (at == result.end()) at = result.insert(result.end(), {.uid = record.request.uid, .records = {}});
    at->records.push_back(record);
  }
  for (RequestHistory& one : result) std::ranges::stable_sort(one.records, {}, &api::AuditRecord::time);
  std::ranges::stable_sort(result, {}, [](const RequestHistory& one) { return one.records.front().time; });
  return result;
}

}  // namespace curfew::client
