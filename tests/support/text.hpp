#pragma once

#include <string>

namespace curfew::test {

inline std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace curfew::test
