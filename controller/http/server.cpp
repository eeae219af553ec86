#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "util/log.hpp"

namespace curfew::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using PageResponse = bhttp::response<bhttp::string_body>;

// Mostly for a lack of file descriptors: long enough not to spin, short enough for a probe.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string path_of(std::string_view target) {
  return std::string(target.substr(0, target.find('?')));
}

class Session;

// State shared by all sessions. Outlives them, because it outlives the io_context that holds them.
struct Shared {
  const std::map<std::string, Server::Route> routes;
  const ServerLimits limits;
  // The server's thread only:
  int open = 0;                 // sessions
  std::list<Session*> waiting;  // sessions whose request is outstanding, longest wait first

  Page page_for(const std::string& path) const {
    const auto route = routes.find(path);
    if (route == routes.end()) return {.status = 404, .body = not_found()};
    try {
      return route->second();
    } catch (const std::exception& e) {
      log::error("page failed", {{"path", path}, {"err", e.what()}});
      return {.status = 500, .body = "this page failed; the log has the reason\n"};
    }
  }

  // Does not repeat the path: it is untrusted text.
  std::string not_found() const {
    std::string body = "no such page; there are:\n";
    for (const auto& [path, route] : routes) body += path + "\n";
    return body;
  }
};

// One connection: read, answer, repeat. Its pending operation owns it; it ends when none is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.open;
  }
  ~Session() {
    stop_waiting();
    --shared_.open;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    auto& parser = parser_.emplace();
    parser.header_limit(shared_.limits.header_bytes);
    parser.body_limit(0);
    stream_.expires_after(shared_.limits.read);
    place_ = shared_.waiting.insert(shared_.waiting.end(), this);
    bhttp::async_read(stream_, buffer_, parser, [self = shared_from_this()](error_code error, std::size_t) {
      self->stop_waiting();
      self->answer(error);
    });
  }

  // Closes this idle connection in favour of one that may send a request.
  void give_way() {
    stop_waiting();
    stream_.close();
  }

 private:
  void stop_waiting() {
    if (place_) shared_.waiting.erase(*place_);
    place_.reset();
  }

  void answer(error_code error) {
    if (!error)
      return write(respond(parser_->get()));  // NOLINT(bugprone-unchecked-optional-access): read() made it
    const auto refusal = refusal_for(error);
    if (!refusal) return stream_.close();
    PageResponse response = make_response(*refusal, 11);
    response.keep_alive(false);
    write(std::move(response));
  }

  // nullopt: the peer is gone or too slow; send nothing.
  static std::optional<Page> refusal_for(error_code error) {
    if (error == bhttp::error::header_limit) return Page{.status = 431, .body = "the header is too long\n"};
    if (error == bhttp::error::body_limit || error == bhttp::error::unexpected_body)
      return Page{.status = 413, .body = "no body is accepted\n"};
    if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return std::nullopt;
    if (error.category() == make_error_code(bhttp::error::bad_method).category())
      return Page{.status = 400, .body = "this is not an HTTP/1.1 request\n"};
    return std::nullopt;
  }

  PageResponse respond(const bhttp::request<bhttp::empty_body>& request) const {
    const bool is_get = request.method() == bhttp::verb::get;
    const bool is_head = request.method() == bhttp::verb::head;
    Page page = is_get || is_head
                    ? shared_.page_for(path_of({request.target().data(), request.target().size()}))
                    : Page{.status = 405, .body = "only GET and HEAD are accepted\n"};
    PageResponse response = make_response(std::move(page), request.version());
    if (response.result_int() == 405) response.set(bhttp::field::allow, "GET, HEAD");
    response.keep_alive(request.keep_alive());
    if (is_head) response.body().clear();  // after the length was set: HEAD reports the length of the page
    return response;
  }

  static PageResponse make_response(Page page, unsigned version) {
    PageResponse response(static_cast<bhttp::status>(page.status), version);
    response.set(bhttp::field::content_type, page.content_type);
    response.set(bhttp::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.body() = std::move(page.body);
    response.prepare_payload();
    return response;
  }

  void write(PageResponse response) {
    response_ = std::move(response);
    stream_.expires_after(shared_.limits.write);
    bhttp::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error || !self->response_.keep_alive()) return self->stream_.close();
      self->read();
    });
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  std::optional<bhttp::request_parser<bhttp::empty_body>> parser_;
  PageResponse response_;
  std::optional<std::list<Session*>::iterator> place_;  // in shared_.waiting
};

}  // namespace

class Server::Impl {
 public:
  Impl(const HostPort& at, std::map<std::string, Route> routes, ServerLimits limits)
      : shared_{.routes = std::move(routes), .limits = limits}, acceptor_(context_), pause_(context_) {
    const Tcp::endpoint endpoint(asio::ip::make_address(at.host), at.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(Tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    accept();
    thread_ = std::jthread([this] { context_.run(); });
  }
  ~Impl() {
    context_.stop();  // before the thread is joined; pending sessions end with the context
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
      if (error) return accept_later();
      if (has_room()) std::make_shared<Session>(std::move(socket), shared_)->read();
      accept();  // a socket without room is closed here, unread
    });
  }

  // Probes use the same address: connections that send no request must not keep them out.
  bool has_room() {
    if (shared_.open < shared_.limits.connections) return true;
    if (shared_.waiting.empty()) return false;
    shared_.waiting.front()->give_way();
    return true;
  }

  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  Shared shared_;
  asio::io_context context_{1};
  Tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::jthread thread_;
};

Server::Server(std::string_view host_port, std::map<std::string, Route> routes, ServerLimits limits) {
  const HostPort at = parse_host_port(host_port);
  try {
    impl_ = std::make_unique<Impl>(at, std::move(routes), limits);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error("cannot listen on " + std::string(host_port) + ": " + e.code().message());
  }
}

Server::~Server() = default;

std::uint16_t Server::port() const {
  return impl_->endpoint().port();
}

std::string Server::address() const {
  const Tcp::endpoint at = impl_->endpoint();
  const std::string host = at.address().to_string();
  return (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port());
}

}  // namespace curfew::http
