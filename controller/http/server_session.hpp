#pragma once

// Private to the server: its connections. Everything here runs on the server's one thread.

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "http/server.hpp"
#include "http/server_message.hpp"

namespace curfew::http {

class Session;

// State shared by all connections. Outlives them, because it outlives the io_context that holds them.
struct ServerState {
  const std::map<std::string, Server::Route> routes;
  const ServerLimits limits;
  int open = 0;                 // connections
  int streams = 0;              // of these
  std::list<Session*> waiting;  // those whose request is outstanding, longest wait first
};

// One connection: read, answer, repeat. Its pending operation owns it; it ends when none is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, ServerState& server);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read();
  // Closes this idle connection in favour of one that may send a request.
  void give_way();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void take_header();
  void allow_body();
  void read_body();
  bool has_failed(boost::system::error_code error);
  void refuse(const Page& page);
  void answer();
  Page page_for(const Server::Route* route) const;
  const Server::Route* route() const;
  bool is_accepted_by(const Server::Route& route) const;
  std::string not_found() const;
  void stream(Page page);
  void write(ResponseMessage response);
  void stop_waiting();

  boost::beast::tcp_stream stream_;
  ServerState& server_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Method> method_;  // of the request; nullopt: none that a route can declare
  Server::Request request_;
  std::size_t max_body_ = 0;  // of the request
  ResponseMessage response_;
  std::optional<std::list<Session*>::iterator> place_;  // in server_.waiting
};

}  // namespace curfew::http
