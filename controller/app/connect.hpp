#pragma once

#include <memory>

#include "app/config.hpp"
#include "http/transport.hpp"
#include "kube/client.hpp"

namespace curfew::app {

// Throws ConfigError where the credentials cannot be read or used.
std::unique_ptr<http::Transport> connect(const Config& config);

// Asks the API server for Curfew's own kinds, once. Throws std::runtime_error, one line that says what to do,
// where it cannot be reached, refuses us, or does not know them (which is waited out for a few seconds: they
// may be on their way). Not where it only fails at them, or where there is access to end: that needs
// RoleBindings alone.
void check_access(kube::Client& client);

}  // namespace curfew::app
