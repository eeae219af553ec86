#pragma once

#include <stop_token>

#include "api/audit_record.hpp"
#include "kube/client.hpp"
#include "util/result.hpp"

namespace curfew::audit {

// Puts audit records into the cluster. Their names come from the request's own state, so writing one twice is
// harmless.
class Writer {
 public:
  explicit Writer(kube::Client& client) : client_(client) {}

  // The record as it is stored. Where one of that name exists already, what is stored stays, and is returned
  // for a Granted record (whose times count) and for an end (which may be another); for any other action the
  // one asked for is returned unread.
  Result<api::AuditRecord> write(const api::AuditRecord& record, std::stop_token stop);

 private:
  kube::Client& client_;
};

}  // namespace curfew::audit
