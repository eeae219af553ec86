#pragma once

#include <chrono>
#include <stop_token>

namespace curfew::kube {

// Waits for `delay` or until stopped. False if it was stopped.
bool pause(std::chrono::milliseconds delay, const std::stop_token& stop);

}  // namespace curfew::kube
