#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "util/result.hpp"

// RFC 8785, the JSON Canonicalization Scheme: one text for a value, so that its hash is the same whoever
// computes it, in any language.
namespace curfew::audit {

// Nested deeper, a value is refused: writing it uses stack for each level.
inline constexpr std::size_t kMaxCanonicalDepth = 100;

// The canonical text of a value: no white space, members by the UTF-16 code units of their names (3.2.3),
// strings with the shortest escapes (3.2.2.2), numbers as ECMAScript writes them (3.2.2.3).
//
// Refused with Invalid: text that is not UTF-8; integers beyond 2^53 - 1, which readers that keep numbers as
// doubles would change, so that two values would have one text; NaN and infinity; binary values; more than
// kMaxCanonicalDepth levels. A number with a fraction or an exponent was rounded to a double when it was
// parsed, and its text is that of the double, as the RFC demands; from 2^53 on that can be an integer which
// parse_canonical_json() refuses.
Result<std::string> canonical_json(const nlohmann::json& value);

// The canonical text of an object with these members. They are not copied, which would use stack for each
// level of what may be nested too deeply. Names must differ.
struct Member {
  std::string_view name;
  const nlohmann::json* value = nullptr;
};
Result<std::string> canonical_object(std::span<const Member> members);

// Parses untrusted text that must be canonical: Decode if it is not JSON, has duplicate names, or differs in
// a single byte from what canonical_json() writes. The work is proportional to the size of the text.
Result<nlohmann::json> parse_canonical_json(std::string_view text);

}  // namespace curfew::audit
