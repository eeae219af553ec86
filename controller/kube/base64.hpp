#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace curfew::kube {

// RFC 4648 with padding; line breaks and spaces are ignored. nullopt for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace curfew::kube
