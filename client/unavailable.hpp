#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "client/kubectl_output.hpp"
#include "util/result.hpp"

namespace curfew::client {

// What to do while the API server answers 503 Service Unavailable, as it does for some seconds after its
// start. Without `sleep`, calls are not repeated.
struct Patience {
  std::function<void(std::chrono::milliseconds)> sleep;  // blocks this thread for that long
  // Called before the first wait, with the API server's message and how long calls are repeated.
  std::function<void(const Error& error, std::chrono::seconds at_most)> on_wait;
};

// Runs `call`, and repeats it each second, ten times at most, while the API server answers 503. A call that
// reads is repeated whatever the message; one that writes only if the message shows that nothing was written.
// `arguments` are the call's, for kubectl.
Result<KubectlOutput> repeat_while_unavailable(const std::vector<std::string>& arguments,
                                               const std::function<Result<KubectlOutput>()>& call,
                                               const Patience& patience);

}  // namespace curfew::client
