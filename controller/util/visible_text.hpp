#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

// What a reader sees of a text, by Unicode's properties in utf8proc.
namespace curfew::utf8 {

// Whether the text has a letter, digit, punctuation mark or symbol that is not blank. White space, format
// characters, fillers, and combining marks on their own show nothing.
bool is_visible(std::string_view text);

// The text without white space, as defined by Unicode, at both ends.
std::string_view trimmed(std::string_view text);

// Replaces what a reader cannot see and what acts on the reader's screen: control and format characters,
// default-ignorable characters, blanks that are not white space, bytes that are not UTF-8, and a combining
// mark that follows no letter, digit or symbol, or more than seven others. `replacement` receives the code
// point, or nullopt for a byte. Unchanged where they change what is seen: variation selectors of emoji,
// joiners in emoji, beside a virama, and between Arabic letters (as in RFC 5892, appendix A).
std::string replace_invisible(std::string_view text,
                              const std::function<std::string(std::optional<std::uint32_t>)>& replacement);

// Writes the same as escape sequences: "\n", "\u202e", "\U000e0041"; "\ufffd" for a byte.
std::string escape_invisible(std::string_view text);

}  // namespace curfew::utf8
