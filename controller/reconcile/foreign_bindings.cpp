#include "reconcile/foreign_bindings.hpp"

#include "api/names.hpp"
#include "kube/error.hpp"
#include "reconcile/ending.hpp"
#include "reconcile/revoker.hpp"
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
  const auto end = end_of(*binding, record.time);
  record.message = message_about(*binding, label->second, end);
  if (const auto written = parts_.audit.write(record, stop); !written) return retry("audit record not written", key, written.error());
  if (!end || !parts_.ends_all) return {};
  const auto deleted = delete_binding(parts_.endings, parts_.memory, key, meta.uid, std::move(stop));
  return deleted ? Outcome{.after = kAgain} : retry("binding not deleted, trying again", key, deleted.error());
}

std::string ForeignBindings::message_about(const api::RoleBinding& binding, const std::string& request_uid, std::optional<TimePoint> end) const {
  const std::string who = "RoleBinding " + binding.metadata.name;
  if (!end) return who + " bears the label " + std::string(api::kRequestUidLabel) + "=" + request_uid + " and is not Curfew's: it is left alone; delete it";
  const std::string when = parts_.ends_all ? "now" : "at " + format_rfc3339(*end);
  return who + " has the name and the label of a grant and belongs to no AccessRequest: Curfew ends it " + when;
}

Outcome ForeignBindings::retry(std::string_view what, const api::ObjectKey& key, const Error& error) const {
  parts_.metrics.reconcile_failed(error.kind);
  if (!kube::concerns_server(error.kind)) log::warn(what, {{"binding", api::to_string(key)}, {"err", error.message}});
  return {.kind = Outcome::Kind::RetryRateLimited};
}

}  // namespace curfew::reconcile
