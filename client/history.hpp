#pragma once

#include <string>
#include <vector>

#include "client/session.hpp"

namespace curfew::client {

// The audit records of every request that had this name, in no particular order.
Result<std::vector<Read<api::AuditRecord>>> records_of(const Session& session, const api::ObjectKey& key);

// The records of one request in order of time.
struct RequestHistory {
  std::string uid;
  std::vector<api::AuditRecord> records;  // never empty
};

// Several requests may have had one name: each is listed separately, in order of their first records.
std::vector<RequestHistory> by_request(const std::vector<Read<api::AuditRecord>>& records);

}  // namespace curfew::client
