#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

#include "app/config.hpp"
#include "http/transport.hpp"
#include "kube/client.hpp"
#include "kube/pause.hpp"

namespace curfew::app {

// Throws ConfigError if the credentials cannot be read or used.
std::unique_ptr<http::Transport> connect(const Config& config);

// Blocks for that long, or until stopped.
using Pause = std::function<void(std::chrono::milliseconds, const std::stop_token&)>;

// Waits until the API server can be reached, and checks that it serves Curfew's own kinds. Returns early when
// stopped. Throws std::runtime_error, with one line that says what to do, if the API server refuses access or
// does not know the kinds. Kinds are waited for for ten seconds, since they may be about to be installed, and
// so is access if the API server could not be reached before: one that has just started knows neither
// accounts nor roles. Does not throw if the API server only fails to serve the kinds, or if there is access
// to end, because that needs RoleBindings alone.
void check_access(kube::Client& client, const std::stop_token& stop = {}, const Pause& pause = &kube::pause);

}  // namespace curfew::app
