#pragma once

#include <boost/flyweight.hpp>
#include <compare>
#include <ostream>
#include <string>
#include <string_view>

namespace curfew {

// A string that many objects share, stored once while any of them uses it: ten thousand requests share the
// names of a few policies, roles and groups, and the same few sentences. Eight bytes; equal strings share one
// copy. Immutable except for assignment; as thread-safe as std::string.
class InternedString {
 public:
  InternedString() = default;
  // Conversions are implicit in both directions: an InternedString stands for its string.
  InternedString(const std::string& text) : text_(text) {}              // NOLINT(google-explicit-constructor)
  InternedString(std::string_view text) : text_(std::string(text)) {}   // NOLINT(google-explicit-constructor)
  InternedString(const char* text) : text_(std::string(text)) {}        // NOLINT(google-explicit-constructor)
  operator const std::string&() const noexcept { return text_.get(); }  // NOLINT(google-explicit-constructor)
  operator std::string_view() const noexcept { return text_.get(); }    // NOLINT(google-explicit-constructor)

  const std::string& str() const noexcept { return text_.get(); }
  bool empty() const noexcept { return text_.get().empty(); }
  std::size_t size() const noexcept { return text_.get().size(); }
  void clear() { *this = InternedString(); }

  friend bool operator==(const InternedString& a, const InternedString& b) noexcept {
    return a.text_ == b.text_;
  }
  friend bool operator==(const InternedString& a, const std::string& b) noexcept { return a.str() == b; }
  friend bool operator==(const InternedString& a, std::string_view b) noexcept { return a.str() == b; }
  friend bool operator==(const InternedString& a, const char* b) noexcept { return a.str() == b; }
  friend std::strong_ordering operator<=>(const InternedString& a, const InternedString& b) noexcept {
    return a.str() <=> b.str();
  }

  friend std::string operator+(const InternedString& a, const InternedString& b) { return a.str() + b.str(); }
  friend std::string operator+(const InternedString& a, const std::string& b) { return a.str() + b; }
  friend std::string operator+(const InternedString& a, const char* b) { return a.str() + b; }
  friend std::string operator+(std::string a, const InternedString& b) { return std::move(a) + b.str(); }
  friend std::string operator+(const char* a, const InternedString& b) { return a + b.str(); }

  friend std::ostream& operator<<(std::ostream& out, const InternedString& text) { return out << text.str(); }

  // nlohmann/json finds this function by its name.
  template <class Json>
  friend void to_json(Json& json, const InternedString& text) {
    json = text.str();
  }

 private:
  boost::flyweight<std::string> text_;
};

}  // namespace curfew

template <>
struct std::hash<curfew::InternedString> {
  std::size_t operator()(const curfew::InternedString& text) const noexcept {
    return std::hash<std::string>{}(text.str());
  }
};
