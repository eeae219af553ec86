#pragma once

// Private to the server: requests checked and decoded, responses checked and encoded, without I/O.

#include <boost/beast/http.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "http/server.hpp"

namespace curfew::http {

using ResponseMessage = boost::beast::http::response<boost::beast::http::string_body>;

// The request of this header, without its body; otherwise the response that refuses it. Refuses what two
// parsers could read differently: more than one length, an encoding other than chunked, a path whose encoded
// characters change its meaning.
tl::expected<Server::Request, Page> read_request(const boost::beast::http::request_header<>& header,
                                                 const ServerLimits& limits);

// nullopt: no route can declare it.
std::optional<Method> method_of(boost::beast::http::verb verb);

// The response to a request that could not be parsed; nullopt: the client is gone or too slow, send nothing.
std::optional<Page> refusal_for(boost::system::error_code error);

Page body_too_large(std::size_t limit);
Page method_not_allowed(const std::vector<Method>& accepted);

// Throws std::invalid_argument if the status or a header cannot be sent as it is.
ResponseMessage response_message(Page page, unsigned version);

}  // namespace curfew::http
