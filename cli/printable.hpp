#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "util/interned_string.hpp"

namespace curfew::cli {

enum class Colour { Plain, Green, Yellow, Red, Faint, Bold };

// Text that people or the cluster wrote, fit for a terminal. Shown as '?': control characters, characters
// that turn the direction of text around or have no width, and bytes that are no UTF-8.
std::string escape_control_characters(std::string_view text);

enum class Notation { Json, Yaml };
// The same characters in text of that notation, all in quoted strings, as "\u202e": another way to write the
// same text. Line breaks stay.
std::string escaped_in_quotes(std::string_view text, Notation notation);

// What can be printed: string literals of this program as they are, and any other text through
// escape_control_characters(). Terminal prints nothing else.
class Printable {
 public:
  Printable() = default;
  template <std::size_t N>
  Printable(const char (&literal)[N]) : text_(literal, N - 1) {}  // NOLINT(google-explicit-constructor)
  template <std::size_t N>
  Printable(char (&buffer)[N]) = delete;
  Printable(std::string_view text)
      : text_(escape_control_characters(text)) {}  // NOLINT(google-explicit-constructor)
  Printable(const std::string& text)
      : text_(escape_control_characters(text)) {}  // NOLINT(google-explicit-constructor)
  Printable(const InternedString& text)
      : text_(escape_control_characters(text.str())) {}  // NOLINT(google-explicit-constructor)

  // Text that has lines of its own: every one after the first begins with `indent`, so that none looks like a
  // line of this program.
  static Printable lines(std::string_view text, std::string_view indent);
  static Printable coloured(Colour colour, const Printable& text);

  bool empty() const { return text_.empty(); }
  const std::string& str() const { return text_; }

  Printable& operator+=(const Printable& more) {
    text_ += more.text_;
    return *this;
  }
  friend Printable operator+(Printable left, const Printable& right) {
    left += right;
    return left;
  }
  friend bool operator==(const Printable& a, std::string_view b) { return a.text_ == b; }

 private:
  std::string text_;
};

}  // namespace curfew::cli
