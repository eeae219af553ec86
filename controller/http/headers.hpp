#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "util/time.hpp"

namespace curfew::http {

// "Tue, 24 Nov 2026 20:00:00 GMT" (IMF-fixdate); nullopt for anything else, and for a leap second (:60).
std::optional<TimePoint> parse_http_date(std::string_view text);

// Whole seconds, at most an hour; nullopt for a date (Kubernetes never sends one) or nonsense.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text);

}  // namespace curfew::http
