#include "records/writer.hpp"

namespace curfew::records {

Result<api::AuditRecord> Writer::write(const api::AuditRecord& record, std::stop_token stop) {
  auto created = client_.create(record, stop);
  if (created || created.error().kind != ErrorKind::AlreadyExists) return created;
  if (record.action != api::AuditAction::Granted && !api::is_end(record.action)) return record;
  return client_.get<api::AuditRecord>(record.metadata.key(), stop);
}

}  // namespace curfew::records
