#pragma once

#include <chrono>
#include <functional>

namespace curfew::test {

// Asks every 25 ms until the answer is yes, at least once, and once more at the deadline. False: it never
// was.
bool eventually(std::chrono::milliseconds timeout, const std::function<bool()>& condition);

}  // namespace curfew::test
