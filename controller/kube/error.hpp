#pragma once

#include <nlohmann/json_fwd.hpp>

#include "http/transport.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Trouble with the API server as a whole, or in reaching it: the ContactMonitor speaks of it, once, and
// nobody else does.
bool concerns_server(ErrorKind kind);

// What a response outside 2xx means, with the server's own message where its body is a metav1.Status.
Error error_from_response(const http::Response& response);

// The same for a Status inside a watch stream (an ERROR event), whose HTTP status was 200.
Error error_from_status(const nlohmann::json& status);

}  // namespace curfew::kube
