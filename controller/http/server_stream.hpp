#pragma once

// Private to the server: a connection whose response is streamed. It ends with the response.

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/server_session.hpp"

namespace curfew::http {

// Turns a response into the header of a streamed one: chunked, or for HTTP/1.0 ended by the connection's end.
void stream_header(ResponseMessage& response);

// Asks the source for a piece only when the one before is written. Its pending operations own it.
class StreamSession : public std::enable_shared_from_this<StreamSession> {
 public:
  StreamSession(boost::beast::tcp_stream stream, ServerState& server, ResponseMessage header,
                Page::Source source);
  ~StreamSession();
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  void start();

 private:
  void watch_client();
  void next();
  void write_piece();
  void finish();
  void end();

  boost::beast::tcp_stream stream_;
  ServerState& server_;
  ResponseMessage header_;
  boost::beast::http::response_serializer<boost::beast::http::string_body> serializer_{header_};
  Page::Source source_;  // null when the stream has ended
  std::string piece_;
  boost::asio::steady_timer pause_;
  std::array<char, 512> ignored_{};  // what the client sends meanwhile
};

}  // namespace curfew::http
