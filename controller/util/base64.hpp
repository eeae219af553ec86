#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace curfew {

// RFC 4648, section 4, with padding and without line breaks.
std::string encode_base64(std::string_view bytes);

// The inverse of encode_base64(): nullopt for any text that it does not write, so that bytes have one
// encoding only.
std::optional<std::string> decode_base64(std::string_view text);

// As people and tools write it: line breaks and spaces are ignored, and so are bits that encode nothing.
// nullopt for anything else.
std::optional<std::string> decode_wrapped_base64(std::string_view text);

}  // namespace curfew
