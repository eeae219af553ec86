#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace curfew::kube {

// RFC 4648, padded; line breaks and blanks between are allowed. nullopt for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace curfew::kube
