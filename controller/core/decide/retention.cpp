#include "core/decide/retention.hpp"

#include <algorithm>

#include "api/names.hpp"

namespace curfew::core {
namespace {

constexpr std::chrono::seconds kKeepOfFlood{60};

bool is_of_flood(const api::AccessRequest& request) {
  const auto& ending = request.status.ending;
  return request.status.phase == api::Phase::Rejected && ending &&
         ending->reason == api::reason::kTooManyRequests;
}

}  // namespace

TimePoint retain_until(const api::AccessRequest& request, std::chrono::seconds keep) {
  const auto kept = is_of_flood(request) ? std::min(keep, kKeepOfFlood) : keep;
  return request.status.ended_at.value_or(request.metadata.creation_timestamp) + kept;
}

}  // namespace curfew::core
