#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace curfew {

inline constexpr std::chrono::seconds kMaxDuration = std::chrono::hours(8760);

// A duration as the API writes it: ([0-9]+h)?([0-9]+m)?([0-9]+s)?, not empty, 1s to 8760h. nullopt for
// anything else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

// The shortest form: 90s is "1m30s", 3600s is "1h"; 0s is "0s".
std::string format_duration(std::chrono::seconds duration);

}  // namespace curfew
