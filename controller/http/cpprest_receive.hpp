#pragma once

// Private to the transport: what the caller of a request does while its response arrives.

#include <functional>
#include <stop_token>
#include <string>

#include "http/cpprest_errors.hpp"
#include "http/cpprest_exchange.hpp"
#include "http/transport.hpp"
#include "util/result.hpp"

namespace curfew::http {

// A request, what takes its response, and how long that may take.
struct Call {
  const Request& request;
  const LineSink* sink;  // null: the body goes into the Response
  std::function<Exchange::Instant(Exchange::Instant last_arrival, bool has_begun)> limit;
  std::string late;  // for the message, if the limit is exceeded: "did not answer within 200 ms"
  std::stop_token stop;
};

// Waits for the response. A 2xx body goes to the sink line by line, if there is one.
Result<Response> receive(Exchange& exchange, const Call& call, const ServerName& server, TlsClient* tls);

}  // namespace curfew::http
