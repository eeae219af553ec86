#pragma once

#include <string>
#include <string_view>

namespace curfew {

// As 64 hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace curfew
