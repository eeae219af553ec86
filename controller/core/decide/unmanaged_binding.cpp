#include "core/decide/unmanaged_binding.hpp"

#include <chrono>
#include <utility>

#include "api/names.hpp"
#include "core/decide/binding.hpp"

namespace curfew::core {
namespace {

constexpr const char* kUnknownRequest = "unknown";

std::int64_t seconds_of(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string describe_foreign(const api::RoleBinding& binding, std::string_view request_uid) {
  return describe(api::reference_to(binding)) + " bears the label " + std::string(api::kRequestUidLabel) +
         "=" + std::string(request_uid) + " and is not Curfew's: it is left alone; delete it";
}

std::string describe_forged(const api::RoleBinding& binding, std::string_view difference) {
  return std::string(api::kind_of<api::RoleBinding>(binding.metadata.ns)) + " " +
         api::to_string(binding.metadata.key()) + " was made by somebody: " + std::string(difference) +
         "; it is ended";
}

api::AuditRecord tampering_record(const api::RoleBinding& binding, const api::AccessRequest* request,
                                  std::string message, TimePoint now) {
  const api::ObjectMeta& meta = binding.metadata;
  api::AuditRecord record;
  record.action = api::AuditAction::Tampered;
  record.metadata.name = request != nullptr ? api::record_name(request->metadata.uid, record.action,
                                                               seconds_of(meta.creation_timestamp))
                                            : api::record_name(meta.uid, record.action);
  record.time = now;
  record.request = {.ns = request != nullptr ? request->metadata.ns : meta.ns,
                    .name = request != nullptr ? request->metadata.name : kUnknownRequest,
                    .uid = request != nullptr ? request->metadata.uid : std::string()};
  record.role = binding.role_ref;
  if (binding.subjects.size() == 1) record.subject = binding.subjects.front();
  record.binding = api::RecordedBinding{.name = meta.name, .uid = meta.uid};
  record.message = std::move(message);
  return record;
}

}  // namespace curfew::core
