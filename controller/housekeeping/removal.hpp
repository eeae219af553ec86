#pragma once

#include <optional>
#include <string>

#include "reconcile/stores.hpp"
#include "util/time.hpp"

namespace curfew::housekeeping {

// Before Curfew is removed: describes access that still exists or is not recorded as ended; nullopt if none.
std::optional<std::string> access_left(const reconcile::Stores& stores, TimePoint now);

}  // namespace curfew::housekeeping
