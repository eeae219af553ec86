#include "reconcile/grant_latency.hpp"

#include <optional>

namespace curfew::reconcile {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

bool awaits_access(const api::AccessRequest& request) {
  return !request.status.complete &&
         request.status.phase.value_or(api::Phase::Pending) == api::Phase::Pending;
}

}  // namespace

void GrantLatency::observe(const Pointer& before, const Pointer& after) {
  const SteadyTime now = clock_.steady();
  heard_.with([&](auto& heard) {
    const bool is_another = before && (!after || after->metadata.uid != before->metadata.uid);
    if (is_another) heard.erase(before->metadata.uid);
    if (!after) return;
    if (!awaits_access(*after))
      heard.erase(after->metadata.uid);
    else if (!before || is_another || before->decisions != after->decisions)
      heard.insert_or_assign(after->metadata.uid, now);
  });
}

void GrantLatency::granted(const std::string& request_uid) {
  const SteadyTime now = clock_.steady();
  const auto heard_at = heard_.with([&](auto& heard) -> std::optional<SteadyTime> {
    const auto entry = heard.extract(request_uid);
    if (entry.empty()) return std::nullopt;
    return entry.mapped();
  });
  if (heard_at) report_(std::chrono::duration_cast<std::chrono::microseconds>(now - *heard_at));
}

}  // namespace curfew::reconcile
