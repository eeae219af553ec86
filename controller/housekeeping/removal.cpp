#include "housekeeping/removal.hpp"

#include <cstddef>

#include "expiry/revoker.hpp"

namespace curfew::housekeeping {

std::optional<std::string> access_left(const reconcile::Stores& stores, TimePoint now) {
  std::size_t bindings = 0;
  std::string one;
  for (const auto& binding : stores.bindings.list()) {
    if (!expiry::end_of(*binding, now)) continue;
    ++bindings;
    one = api::to_string(binding->metadata.key());
  }
  if (bindings > 0)
    return "bindings that are still there: " + std::to_string(bindings) + ", one of them " + one;
  for (const auto& request : stores.requests.list()) {
    if (request->status.phase == api::Phase::Active)
      return "the end of " + api::to_string(request->metadata.key()) + " is not recorded yet";
  }
  return std::nullopt;
}

}  // namespace curfew::housekeeping
