#pragma once

#include <string_view>

// What a reader sees of a text, by Unicode's properties in utf8proc.
namespace curfew::utf8 {

// Whether the text has a letter, digit, punctuation mark or symbol that is not blank. White space, format
// characters, fillers, and combining marks on their own show nothing.
bool is_visible(std::string_view text);

}  // namespace curfew::utf8
