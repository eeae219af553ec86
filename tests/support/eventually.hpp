#pragma once

#include <chrono>
#include <functional>

namespace curfew::test {

// Checks every 25 ms until the condition is true, at least once, and once more at the deadline. False if it
// never was.
bool eventually(std::chrono::milliseconds timeout, const std::function<bool()>& condition);

}  // namespace curfew::test
