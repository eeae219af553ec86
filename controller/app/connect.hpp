#pragma once

#include <memory>

#include "app/config.hpp"
#include "http/transport.hpp"
#include "kube/client.hpp"

namespace curfew::app {

// Throws ConfigError if the credentials cannot be read or used.
std::unique_ptr<http::Transport> connect(const Config& config);

// Checks once that the API server serves Curfew's own kinds. Throws std::runtime_error, with one line that
// says what to do, if the API server cannot be reached, refuses access, or does not know the kinds (retried
// for a few seconds, since they may be about to be installed). Does not throw if the API server only fails to
// serve them, or if there is access to end, because that needs RoleBindings alone.
void check_access(kube::Client& client);

}  // namespace curfew::app
