#pragma once

#include <string>
#include <string_view>

namespace curfew {

// RFC 3986: encodes everything except letters, digits and -._~ as %XX, for a path segment or a query.
std::string percent_encode(std::string_view text);

}  // namespace curfew
