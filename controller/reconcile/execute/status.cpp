#include "reconcile/execute/status.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "api/codec.hpp"
#include "core/decide/decide.hpp"
#include "core/effective.hpp"
#include "reconcile/decoders.hpp"

namespace curfew::reconcile {

Step StatusExecutor::run(const core::Input& input, const core::UpdateStatus& action, std::stop_token stop) {
  const api::AccessRequest& request = *input.request;
  const api::AccessRequestStatus& status = action.status;
  const std::string& uid = request.metadata.uid;
  const nlohmann::json patch = kube::status_patch(request.metadata, api::encode_status_patch(status));
  if (status.complete) parts_.departed.expect(uid);
  // Before the write, whose answer may be lost.
  else if (status.ending)
    parts_.notes.remember_announced(uid, *status.ending);
  auto updated = parts_.client.patch_status<api::AccessRequest>(request.metadata.key(), patch, stop);
  if (!updated) {
    if (status.complete) parts_.departed.stop_expecting(uid);
    return failed(input, updated.error(), std::move(stop));
  }
  if (status.approved_at && !request.status.approved_at && !status.approved_by.empty())
    parts_.metrics.approval_took(*status.approved_at - request.metadata.creation_timestamp);
  if (!status.complete && core::had_policy(*updated))
    parts_.notes.remember_observed(uid, status.observed_decisions);
  if (status.complete && parts_.on_completed) parts_.on_completed(*updated);
  parts_.floods.written(*updated);
  drop_unread(updated->metadata);  // like the watch's decoder
  parts_.stores.requests.assume(std::move(*updated));
  if (core::is_over(status) && !core::is_over(request.status))
    parts_.metrics.request_completed(*status.phase);
  return std::nullopt;
}

Step StatusExecutor::failed(const core::Input& input, const Error& error, std::stop_token stop) {
  const api::ObjectMeta& meta = input.request->metadata;
  if (error.kind == ErrorKind::NotFound) return runtime::Outcome{};  // deleted: the watch reports it
  log_failure("status not written", input, error);
  // A status of a request that was deleted and recreated meanwhile is also rejected as invalid, because of
  // the UID.
  if (!is_refused_by_schema(error)) return parts_.failures.retry(error);
  const auto stored = parts_.client.get<api::AccessRequest>(meta.key(), std::move(stop));
  return stored && stored->metadata.uid == meta.uid ? parts_.failures.not_written(input, error)
                                                    : parts_.failures.retry(error);
}

}  // namespace curfew::reconcile
