#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace curfew {

// RFC 3986: encodes everything except letters, digits and -._~ as %XX, for a path segment or a query.
std::string percent_encode(std::string_view text);

// The bytes that are encoded; nullopt if a '%' is not followed by two hexadecimal digits. Check what comes
// out: it can contain anything.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace curfew
