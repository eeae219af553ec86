#include "http/server_session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

#include "http/server_stream.hpp"
#include "util/log.hpp"

namespace curfew::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

}  // namespace

// The buffer has room for a header that is too long, so that the parser is what refuses it; beyond that only
// the header of a chunk could fill it.
Session::Session(asio::ip::tcp::socket socket, ServerState& server)
    : stream_(std::move(socket)), server_(server), buffer_(std::size_t{2} * server.limits.header_bytes) {
  ++server_.open;
}

Session::~Session() {
  stop_waiting();
  --server_.open;
}

void Session::read() {
  auto& parser = parser_.emplace();
  parser.header_limit(server_.limits.header_bytes);
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // until the header tells the route
  stream_.expires_after(server_.limits.read);
  place_ = server_.waiting.insert(server_.waiting.end(), this);
  bhttp::async_read_header(stream_, buffer_, parser,
                           [self = shared_from_this()](error_code error, std::size_t) {
                             if (!self->has_failed(error)) self->take_header();
                           });
}

void Session::give_way() {
  stop_waiting();
  stream_.close();
}

void Session::stop_waiting() {
  if (place_) server_.waiting.erase(*place_);
  place_.reset();
}

// Answers with what is wrong, if the client can still read it.
bool Session::has_failed(error_code error) {
  if (!error) return false;
  if (error == bhttp::error::body_limit)
    refuse(body_too_large(max_body_));
  else if (const auto refusal = refusal_for(error))
    refuse(*refusal);
  else
    stream_.close();
  return true;
}

void Session::take_header() {
  const auto& header = parser_->get();  // NOLINT(bugprone-unchecked-optional-access): read() made it
  auto request = read_request(header, server_.limits);
  if (!request) return refuse(request.error());
  request_ = std::move(*request);
  method_ = method_of(header.method());
  const Server::Route* target = route();
  max_body_ = target && is_accepted_by(*target) && method_ != Method::Get ? target->options.max_body : 0;
  if (parser_->is_done()) return answer();
  if (parser_->content_length().value_or(0) > max_body_) return refuse(body_too_large(max_body_));
  parser_->body_limit(max_body_);  // of chunks
  if (beast::iequals(header[bhttp::field::expect], "100-continue")) return allow_body();
  read_body();
}

// The client waits to be told that its body is welcome.
void Session::allow_body() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(kContinue),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      if (!self->has_failed(error)) self->read_body();
                    });
}

void Session::read_body() {
  bhttp::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
    if (!self->has_failed(error)) self->answer();
  });
}

const Server::Route* Session::route() const {
  const auto found = server_.routes.find(request_.path);
  return found == server_.routes.end() ? nullptr : &found->second;
}

bool Session::is_accepted_by(const Server::Route& route) const {
  const auto& methods = route.options.methods;
  return method_ && std::ranges::find(methods, *method_) != methods.end();
}

// Does not repeat the path: it is untrusted text.
std::string Session::not_found() const {
  std::string body = "no such page; there are:\n";
  for (const auto& [path, route] : server_.routes) body += path + "\n";
  return body;
}

Page Session::page_for(const Server::Route* route) const {
  if (!route) return {.status = 404, .body = not_found()};
  if (!is_accepted_by(*route)) return method_not_allowed(route->options.methods);
  Page page = route->handler(request_);
  if (page.stream && server_.streams >= server_.limits.streams)
    return {.status = 503,
            .body = "too many streams are open; try again later\n",
            .headers = {{"Retry-After", "5"}}};
  return page;
}

void Session::answer() {
  const auto& header = parser_->get();  // NOLINT(bugprone-unchecked-optional-access): read() made it
  request_.body = std::move(parser_->get().body());
  const bool is_head = header.method() == bhttp::verb::head;
  ResponseMessage response;
  try {
    Page page = page_for(route());
    const bool is_streamed = page.stream != nullptr;
    if (is_streamed && !is_head) return stream(std::move(page));
    response = response_message(std::move(page), header.version());
    if (is_streamed) response.content_length(boost::none);
  } catch (const std::exception& e) {
    log::error("route failed", {{"path", request_.path}, {"err", e.what()}});
    response = response_message({.status = 500, .body = "this route failed; the log has the reason\n"},
                                header.version());
  }
  response.keep_alive(header.keep_alive());
  if (is_head) response.body().clear();  // after the length was set: HEAD reports the length of the page
  write(std::move(response));
}

void Session::stream(Page page) {
  auto source = std::exchange(page.stream, nullptr);
  ResponseMessage response = response_message(std::move(page), parser_->get().version());
  stream_header(response);
  std::make_shared<StreamSession>(std::move(stream_), server_, std::move(response), std::move(source))
      ->start();
}

void Session::refuse(const Page& page) {
  ResponseMessage response = response_message(page, 11);
  response.keep_alive(false);
  write(std::move(response));
}

void Session::write(ResponseMessage response) {
  stop_waiting();
  response_ = std::move(response);
  stream_.expires_after(server_.limits.write);
  bhttp::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
    if (error || !self->response_.keep_alive()) return self->stream_.close();
    self->read();
  });
}

}  // namespace curfew::http
