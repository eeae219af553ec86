#include "http/cpprest_transport.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <cstdlib>

#include "http/cpprest_errors.hpp"
#include "http/cpprest_exchange.hpp"
#include "http/cpprest_receive.hpp"
#include "http/tls.hpp"
#include "http/token_source.hpp"
#include "util/guarded.hpp"

namespace curfew::http {
namespace {

// The library's threads never block (callers wait on their own threads), so that a few serve any number of
// requests.
constexpr std::size_t kLibraryThreads = 4;
constexpr int kUnansweredAttempts = 3;  // of a request whose connection broke before a response began
// A call without a response for this long casts doubt on the connections of others.
constexpr std::chrono::seconds kStaleAfter{2};
// For requests still in flight when the transport is destroyed.
constexpr std::chrono::seconds kShutdownGrace{2};

// Abandons the exchange on every exit: a sink may throw.
struct Leaving {
  Exchange& exchange;
  ~Leaving() { exchange.abandon(); }
};

web::http::method method_of(Method method) {
  return web::http::method(std::string(to_string(method)));
}

}  // namespace

void initialize_process() {
  static std::once_flag once;
  std::call_once(once, [] {
    // The library loads the system's CAs for every connection (20 ms of CPU), only for us to replace them.
    ::setenv("SSL_CERT_FILE", "/dev/null", 1);  // NOLINT(concurrency-mt-unsafe): no other thread yet
    crossplat::threadpool::initialize_with_threads(kLibraryThreads);
  });
}

class CpprestTransport::Impl {
 public:
  static Result<std::unique_ptr<Impl>> create(const ClientConfig& config);

  Impl(const ClientConfig& config, const web::uri& base, ServerName server, std::shared_ptr<TlsClient> tls)
      : server_(std::move(server)),
        server_name_(config.tls_server_name),
        tls_(std::move(tls)),
        tokens_(config.token, config.token_file),
        head_timeout_(config.head_timeout),
        make_clients_([this, base, request = config.request_timeout, idle = config.idle_timeout] {
          return std::make_shared<Clients>(
              Clients{{base, library_config(request)}, {base, library_config(idle)}});
        }),
        clients_(make_clients_()) {}

  ~Impl() {
    std::unique_lock lock(under_way_->mutex);
    under_way_->changed.wait_for(lock, kShutdownGrace, [this] { return under_way_->count == 0; });
  }

  Result<Response> send(const Request& request, std::chrono::milliseconds deadline,
                        const std::stop_token& stop);
  Result<Response> stream(const Request& request, const LineSink& sink, std::chrono::milliseconds idle,
                          const std::stop_token& stop);

 private:
  // Each client has its own pool of kept connections.
  struct Clients {
    web::http::client::http_client sender;
    web::http::client::http_client streamer;
  };
  struct UnderWay {
    std::mutex mutex;
    std::condition_variable changed;
    int count = 0;
  };

  web::http::client::http_client_config library_config(std::chrono::seconds timeout) const;
  void renew(const std::shared_ptr<Clients>& used);
  std::shared_ptr<Exchange> start(web::http::client::http_client& client, const Request& request,
                                  const std::string& token, bool is_streamed);
  Result<Response> exchange(web::http::client::http_client& client, const Call& call);

  const ServerName server_;
  const std::string server_name_;  // sent as Host, SNI and verified name; empty: the host
  const std::shared_ptr<TlsClient> tls_;
  TokenSource tokens_;
  const std::chrono::milliseconds head_timeout_;
  const std::shared_ptr<UnderWay> under_way_ = std::make_shared<UnderWay>();
  const std::function<std::shared_ptr<Clients>()> make_clients_;
  Guarded<std::shared_ptr<Clients>> clients_;
  StaleStreamDetector doubts_;
};

Result<std::unique_ptr<CpprestTransport::Impl>> CpprestTransport::Impl::create(const ClientConfig& config) {
  const auto unusable = [&] {
    return fail(ErrorKind::Invalid, config.peer + "'s address \"" + config.server +
                                        "\" is not usable; expected is https://HOST[:PORT]");
  };
  if (!web::uri::validate(config.server)) return unusable();
  const web::uri base(config.server);
  const bool secure = base.scheme() == "https";
  if ((!secure && base.scheme() != "http") || base.host().empty() || !base.query().empty()) return unusable();
  std::string host = base.host();
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  constexpr int kHighestPort = 65535;
  const int port = base.port() > 0 ? base.port() : (secure ? 443 : 80);
  if (port > kHighestPort) return unusable();

  std::shared_ptr<TlsClient> tls;
  if (secure) {
    auto created = TlsClient::create(config, config.tls_server_name.empty() ? host : config.tls_server_name);
    if (!created) return tl::unexpected(std::move(created.error()));
    tls = std::move(*created);
  }
  return std::make_unique<Impl>(config, base, ServerName{config.peer, host, static_cast<std::uint16_t>(port)},
                                std::move(tls));
}

web::http::client::http_client_config CpprestTransport::Impl::library_config(
    std::chrono::seconds timeout) const {
  web::http::client::http_client_config library;
  library.set_timeout(timeout);
  library.set_max_redirects(0);  // a redirect would carry our credentials to any host it names
  if (tls_)
    library.set_ssl_context_callback(
        [tls = tls_](boost::asio::ssl::context& context) { tls->configure(context.native_handle()); });
  return library;
}

std::shared_ptr<Exchange> CpprestTransport::Impl::start(web::http::client::http_client& client,
                                                        const Request& request, const std::string& token,
                                                        bool is_streamed) {
  auto exchange = std::make_shared<Exchange>(is_streamed);
  web::http::http_request message(method_of(request.method));
  message.set_request_uri(web::uri(request.target));
  message.headers().add("Accept", "application/json");
  message.headers().add("User-Agent", "curfew");
  if (!token.empty()) message.headers().add("Authorization", "Bearer " + token);
  if (!server_name_.empty()) message.headers().add("Host", server_name_);
  if (!request.body.empty()) message.set_body(request.body, request.content_type);
  const concurrency::streams::streambuf<std::uint8_t> buffer(std::make_shared<ExchangeBuffer>(exchange));
  message.set_response_stream(buffer.create_ostream());

  {
    const std::scoped_lock lock(under_way_->mutex);
    ++under_way_->count;
  }
  const auto done = [exchange, under_way = under_way_](std::exception_ptr thrown) {
    exchange->finish(std::move(thrown));
    const std::scoped_lock lock(under_way->mutex);
    --under_way->count;
    under_way->changed.notify_all();
  };
  try {
    client.request(message, exchange->token())
        .then([exchange](const web::http::http_response& response) {
          exchange->head(response);
          return response.content_ready();
        })
        // Observes every outcome: an unobserved one ends the process.
        .then([done](const pplx::task<web::http::http_response>& task) {
          try {
            task.get();
            done(nullptr);
          } catch (...) {
            done(std::current_exception());
          }
        });
  } catch (...) {
    done(std::current_exception());
  }
  return exchange;
}

Result<Response> CpprestTransport::Impl::exchange(web::http::client::http_client& client, const Call& call) {
  constexpr int kUnauthorized = 401;
  int unanswered = 0;
  bool token_is_fresh = false;
  while (true) {
    if (call.stop.stop_requested()) return fail(ErrorKind::Cancelled, "stopped");
    const auto token = tokens_.current();
    if (!token) return tl::unexpected(token.error());
    std::shared_ptr<Exchange> under_way;
    try {
      under_way = start(client, call.request, *token, call.sink != nullptr);
    } catch (const std::exception& error) {
      return fail(ErrorKind::Invalid,
                  fmt::format("\"{}\" cannot be requested: {}", call.request.target, error.what()));
    }
    const Leaving leaving{*under_way};
    if (call.sink) doubts_.add(under_way);
    auto result = receive(*under_way, call, server_, tls_.get());
    // Most likely the server had already closed this kept connection; the library itself retries only some of
    // these cases.
    if (!result && !under_way->response() && is_broken_connection(under_way->failure()) &&
        ++unanswered < kUnansweredAttempts)
      continue;
    if (result && result->status == kUnauthorized && !std::exchange(token_is_fresh, true) &&
        tokens_.refused(*token))
      continue;
    return result;
  }
}

Result<Response> CpprestTransport::Impl::send(const Request& request, std::chrono::milliseconds deadline,
                                              const std::stop_token& stop) {
  const auto began = std::chrono::steady_clock::now();
  const auto until = began + deadline;
  const auto clients = clients_.with([](const auto& current) { return current; });
  auto result =
      exchange(clients->sender, {.request = request,
                                 .sink = nullptr,
                                 .limit = [until](Exchange::Instant, bool) { return until; },
                                 .late = fmt::format("did not answer within {} ms", deadline.count()),
                                 .stop = stop});
  if (result) doubts_.answered();
  if (result || result.error().kind != ErrorKind::Timeout) return result;
  if (deadline >= kStaleAfter) doubts_.unanswered(began);
  renew(clients);
  return result;
}

// A connection without a response may be dead, and so may the others of its pool: the next call opens a new
// one.
void CpprestTransport::Impl::renew(const std::shared_ptr<Clients>& used) {
  auto fresh = make_clients_();
  clients_.with([&](auto& current) {
    if (current == used) current = std::move(fresh);
  });
}

Result<Response> CpprestTransport::Impl::stream(const Request& request, const LineSink& sink,
                                                std::chrono::milliseconds idle, const std::stop_token& stop) {
  const auto clients = clients_.with([](const auto& current) { return current; });
  bool has_begun = false;
  const auto to_begin = std::min(idle, head_timeout_);
  const auto limit = [&](Exchange::Instant last, bool begun) {
    has_begun = begun;
    return last + (begun ? idle : to_begin);
  };
  auto result = exchange(clients->streamer, {.request = request,
                                             .sink = &sink,
                                             .limit = limit,
                                             .late = fmt::format("said nothing for {} ms", idle.count()),
                                             .stop = stop});
  // Treat this connection and the others of its pool as dead.
  if (!result && result.error().kind == ErrorKind::Timeout && !has_begun) {
    renew(clients);
    result.error().message =
        fmt::format("{} did not begin to answer within {} ms", server_.text(), to_begin.count());
  }
  return result;
}

CpprestTransport::CpprestTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CpprestTransport::~CpprestTransport() = default;

Result<std::unique_ptr<CpprestTransport>> CpprestTransport::create(const ClientConfig& config) {
  initialize_process();
  auto impl = Impl::create(config);
  if (!impl) return tl::unexpected(std::move(impl.error()));
  return std::unique_ptr<CpprestTransport>(new CpprestTransport(std::move(*impl)));
}

Result<Response> CpprestTransport::send(const Request& request, std::chrono::milliseconds deadline,
                                        std::stop_token stop) {
  return impl_->send(request, deadline, stop);
}

Result<Response> CpprestTransport::stream(const Request& request, const LineSink& sink,
                                          std::chrono::milliseconds idle, std::stop_token stop) {
  return impl_->stream(request, sink, idle, stop);
}

}  // namespace curfew::http
