#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "util/interned_string.hpp"

namespace curfew::cli {

enum class Colour { Plain, Green, Yellow, Red, Faint, Bold };

// Makes text from people or the cluster safe for a terminal: replaces by '?' what utf8::replace_invisible()
// finds, which includes control characters and those that change the direction of text.
std::string escape_control_characters(std::string_view text);

enum class Notation { Json, Yaml };
// Escapes the same characters, as in "\u202e", in text of that notation, where they occur only in quoted
// strings: the text keeps its meaning. Line breaks stay.
std::string escaped_in_quotes(std::string_view text, Notation notation);

// Printable text: string literals of this program unchanged, any other text through
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

  // Text of several lines: every line after the first begins with `indent`, so that none looks like this
  // program's own output.
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
