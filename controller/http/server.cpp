#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

#include "http/server_session.hpp"

namespace curfew::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

// Mostly for a lack of file descriptors: long enough not to spin, short enough for a probe.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

class Server::Impl {
 public:
  Impl(const HostPort& at, std::map<std::string, Route> routes, ServerLimits limits)
      : state_{.routes = std::move(routes), .limits = limits}, acceptor_(context_), pause_(context_) {
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
      if (has_room()) std::make_shared<Session>(std::move(socket), state_)->read();
      accept();  // a socket without room is closed here, unread
    });
  }

  // Probes use the same address: connections that send no request must not keep them out.
  bool has_room() {
    if (state_.open < state_.limits.connections) return true;
    if (state_.waiting.empty()) return false;
    state_.waiting.front()->give_way();
    return true;
  }

  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  ServerState state_;
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
