#include "audit/canonical_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "util/utf8.hpp"

namespace curfew::audit {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxInteger = (std::int64_t{1} << 53) - 1;  // Number.MAX_SAFE_INTEGER

// ECMA-262, Number::toString, for a finite number. The shortest digits that read as the same double are those
// of std::to_chars; of several such, both choose the nearest to the value.
std::string ecmascript_number(double number) {
  if (number == 0) return "0";  // -0 too
  constexpr int kMaxPlainDigits = 21;
  constexpr int kMinPlainExponent = -6;
  char text[32];
  const auto end =
      std::to_chars(std::begin(text), std::end(text), std::abs(number), std::chars_format::scientific).ptr;
  const std::string_view written(text, static_cast<std::size_t>(end - text));  // D[.DDD]e+XX
  const std::size_t e = written.find('e');
  std::string digits(written.substr(0, 1));
  if (e > 2) digits += written.substr(2, e - 2);
  int exponent = 0;
  const std::size_t sign = written[e + 1] == '+' ? 2 : 1;  // std::from_chars reads no plus sign
  std::from_chars(text + e + sign, end, exponent);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // where the decimal point is, counted in digits from the left
  const std::string minus = number < 0 ? "-" : "";
  if (count <= point && point <= kMaxPlainDigits)
    return minus + digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (0 < point && point <= kMaxPlainDigits)
    return minus + digits.insert(static_cast<std::size_t>(point), 1, '.');
  if (kMinPlainExponent < point && point <= 0)
    return minus + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (count > 1) digits.insert(1, 1, '.');
  return fmt::format("{}{}e{:+}", minus, digits, exponent);
}

// UTF-8 that is valid, as UTF-16.
std::u16string utf16(std::string_view text) {
  constexpr std::uint32_t kFirstOfTwoUnits = 0x10000;
  std::u16string units;
  while (!text.empty()) {
    const utf8::Character character = utf8::first_character(text);
    text.remove_prefix(character.bytes);
    std::uint32_t code = character.code.value_or(0);
    if (code < kFirstOfTwoUnits) {
      units += static_cast<char16_t>(code);
      continue;
    }
    code -= kFirstOfTwoUnits;
    units += static_cast<char16_t>(0xd800 + (code >> 10U));
    units += static_cast<char16_t>(0xdc00 + (code & 0x3ffU));
  }
  return units;
}

class Canonicalizer {
 public:
  // False after the first thing that cannot be written.
  bool write(const json& value, std::size_t depth) {
    switch (value.type()) {
      case json::value_t::null: return append("null");
      case json::value_t::boolean: return append(value.get<bool>() ? "true" : "false");
      case json::value_t::string: return write_text(value.get_ref<const std::string&>());
      case json::value_t::number_integer: {
        const auto number = value.get<std::int64_t>();
        return write_integer(number, number >= -kMaxInteger && number <= kMaxInteger);
      }
      case json::value_t::number_unsigned: {
        const auto number = value.get<std::uint64_t>();
        return write_integer(number, number <= static_cast<std::uint64_t>(kMaxInteger));
      }
      case json::value_t::number_float: {
        const double number = value.get<double>();
        return std::isfinite(number) ? append(ecmascript_number(number))
                                     : refuse("JSON has no number for infinity or NaN");
      }
      case json::value_t::array: return is_within(depth) && write_array(value, depth);
      case json::value_t::object: return is_within(depth) && write_members(value, depth);
      case json::value_t::binary:
      case json::value_t::discarded: break;
    }
    return refuse("the value is not JSON");
  }

  bool write_object(std::span<const Member> members, std::size_t depth) {
    std::vector<std::pair<std::u16string, const Member*>> sorted;
    sorted.reserve(members.size());
    for (const Member& member : members) sorted.emplace_back(utf16(member.name), &member);
    std::ranges::sort(sorted, {}, [](const auto& member) -> const std::u16string& { return member.first; });
    text_ += '{';
    bool first = true;
    for (const auto& [order, member] : sorted) {
      if (!std::exchange(first, false)) text_ += ',';
      if (!write_text(member->name)) return false;
      text_ += ':';
      if (!write(*member->value, depth + 1)) return false;
    }
    return append("}");
  }

  Result<std::string> done() {
    if (problem_) return fail(ErrorKind::Invalid, "canonical JSON cannot be written: " + *problem_);
    return std::move(text_);
  }

 private:
  bool append(std::string_view text) {
    text_ += text;
    return true;
  }

  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool is_within(std::size_t depth) {
    return depth < kMaxCanonicalDepth ||
           refuse(fmt::format("the value has more than {} levels", kMaxCanonicalDepth));
  }

  template <class Integer>
  bool write_integer(Integer number, bool is_exact) {
    return is_exact ? append(std::to_string(number))
                    : refuse(fmt::format("the integer {} is beyond 2^53 - 1", number));
  }

  bool write_text(std::string_view text) {
    if (!utf8::is_valid(text)) return refuse("a text is not UTF-8");
    text_ += '"';
    for (const char c : text) write_escaped(c);
    text_ += '"';
    return true;
  }

  void write_escaped(char c) {
    constexpr unsigned char kFirstPrintable = 0x20;
    switch (c) {
      case '"': text_ += "\\\""; return;
      case '\\': text_ += "\\\\"; return;
      case '\b': text_ += "\\b"; return;
      case '\t': text_ += "\\t"; return;
      case '\n': text_ += "\\n"; return;
      case '\f': text_ += "\\f"; return;
      case '\r': text_ += "\\r"; return;
      default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < kFirstPrintable)
      fmt::format_to(std::back_inserter(text_), "\\u{:04x}", byte);
    else
      text_ += c;
  }

  bool write_array(const json& array, std::size_t depth) {
    text_ += '[';
    bool first = true;
    for (const json& element : array) {
      if (!std::exchange(first, false)) text_ += ',';
      if (!write(element, depth + 1)) return false;
    }
    return append("]");
  }

  bool write_members(const json& object, std::size_t depth) {
    std::vector<Member> members;
    members.reserve(object.size());
    for (auto member = object.begin(); member != object.end(); ++member)
      members.push_back({member.key(), &*member});
    return write_object(members, depth);
  }

  std::string text_;
  std::optional<std::string> problem_;
};

}  // namespace

Result<std::string> canonical_json(const json& value) {
  Canonicalizer canonicalizer;
  canonicalizer.write(value, 0);
  return canonicalizer.done();
}

Result<std::string> canonical_object(std::span<const Member> members) {
  Canonicalizer canonicalizer;
  canonicalizer.write_object(members, 0);
  return canonicalizer.done();
}

Result<json> parse_canonical_json(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return fail(ErrorKind::Decode, "the text is not JSON");
  const auto canonical = canonical_json(value);
  if (!canonical) return fail(ErrorKind::Decode, canonical.error().message);
  if (*canonical != text)
    return fail(ErrorKind::Decode, "the text is JSON, but not in its canonical form (RFC 8785)");
  return value;
}

}  // namespace curfew::audit
