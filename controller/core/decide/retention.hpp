#pragma once

#include <chrono>

#include "api/access_request.hpp"
#include "util/time.hpp"

namespace curfew::core {

// Until when a completed request is kept, where completed requests are kept for `keep`: requests that were
// rejected as a flood only long enough to be read.
TimePoint retain_until(const api::AccessRequest& request, std::chrono::seconds keep);

}  // namespace curfew::core
