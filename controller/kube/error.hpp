#pragma once

#include <nlohmann/json_fwd.hpp>

#include "http/transport.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Whether the error concerns the API server as a whole or the way to it: the ContactMonitor logs it once,
// and callers leave it out of their own messages.
bool concerns_server(ErrorKind kind);

// The error for a response outside 2xx, with the server's own message if its body is a metav1.Status.
Error error_from_response(const http::Response& response);

// Like error_from_response(), for a Status in a watch stream (an ERROR event), whose HTTP status was 200.
Error error_from_status(const nlohmann::json& status);

}  // namespace curfew::kube
