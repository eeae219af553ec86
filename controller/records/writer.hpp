#pragma once

#include <stop_token>

#include "api/audit_record.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

namespace curfew::records {

// Writes audit records to the cluster. Their names derive from the request's own state, so that writing one
// twice is harmless.
class Writer {
 public:
  explicit Writer(kube::Client& client) : client_(client) {}

  // Returns the record as stored. An existing record of that name stays unchanged: for a Granted record
  // (whose times count) and for an end (which may be another) it is read and returned; for any other action
  // `record` is returned without reading the stored one.
  Result<api::AuditRecord> write(const api::AuditRecord& record, std::stop_token stop);

 private:
  kube::Client& client_;
};

}  // namespace curfew::records
