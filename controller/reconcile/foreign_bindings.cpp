#include "reconcile/foreign_bindings.hpp"

#include "api/names.hpp"
#include "kube/error.hpp"
#include "util/log.hpp"

namespace curfew::reconcile {
namespace {

using runtime::Outcome;

constexpr std::chrono::seconds kAgain{1};
constexpr const char* kNobody = "unknown";

std::int64_t seconds_of(TimePoint time) { return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count(); }

}  // namespace

// One that was orphaned while nobody ran is its request's, which the records will tell, and which is then ended as gone.
bool ForeignBindings::may_be_known_soon(const std::string& request_uid) const {
  if (!parts_.memory.knows_all_records()) return true;
  return parts_.memory.is_departed(request_uid);
}

std::shared_ptr<const api::AccessRequest> ForeignBindings::live_request(const std::string& request_uid) const {
  for (const auto& request : parts_.stores.requests.list()) {
    if (request->metadata.uid == request_uid) return request;
  }
  return nullptr;
}

Outcome ForeignBindings::reconcile(const api::ObjectKey& key, std::stop_token stop) {
  const auto binding = parts_.stores.bindings.get(key);
  if (!binding || binding->metadata.deletion_timestamp) return {};
  const api::ObjectMeta& meta = binding->metadata;
  const auto label = meta.labels.find(std::string(api::kRequestUidLabel));
  if (label == meta.labels.end()) return {};
  const auto request = live_request(label->second);
  if (request && key == api::ObjectKey{request->metadata.name_space, api::binding_name(*request)}) return {};  // the request's own decisions tell
  if (may_be_known_soon(label->second)) return {.after = kAgain};

  api::AuditRecord record;
  record.action = api::AuditAction::Tampered;
  // All records of a request stand together, by name.
  record.metadata.name = request ? api::record_name(request->metadata.uid, record.action, seconds_of(meta.creation_timestamp)) : api::record_name(meta.uid, record.action);
  record.time = parts_.clock.now();
  record.request = {.name_space = key.name_space, .name = request ? request->metadata.name : kNobody, .uid = request ? request->metadata.uid : std::string()};
  record.role = binding->role_ref;
  if (binding->subjects.size() == 1) record.subject = binding->subjects.front();
  record.binding = api::BindingRef{.name = meta.name, .uid = meta.uid};
  record.message = "RoleBinding " + meta.name + " bears the label " + std::string(api::kRequestUidLabel) + "=" + label->second + " and is not Curfew's: it is left alone; delete it";
  const auto written = parts_.audit.write(record, std::move(stop));
  if (written) return {};
  parts_.metrics.reconcile_failed(written.error().kind);
  if (!kube::concerns_server(written.error().kind)) log::warn("audit record not written", {{"binding", api::to_string(key)}, {"err", written.error().message}});
  return {.kind = Outcome::Kind::RetryRateLimited};
}

}  // namespace curfew::reconcile
