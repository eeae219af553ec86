#include "fakeapi/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace curfew::fakeapi {

// A socket, plain or TLS. stop() may be called from another thread and wakes a blocked call.
class ScriptedServer::Connection {
 public:
  Connection(int socket, SSL_CTX* tls) : socket_(socket) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket);
  }
  ~Connection() {
    SSL_free(ssl_);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool handshake() { return ssl_ == nullptr || SSL_accept(ssl_) == 1; }

  // Returns the number of bytes read; 0 or less at the end.
  long read(char* buffer, std::size_t size) {
    return ssl_ != nullptr ? SSL_read(ssl_, buffer, static_cast<int>(size))
                           : ::recv(socket_, buffer, size, 0);
  }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const long sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                        : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    // connect() to AF_UNSPEC sends the RST now and leaves the descriptor to the destructor.
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    if (::connect(socket_, &nowhere, sizeof nowhere) != 0) stop();
  }

  void stop() { ::shutdown(socket_, SHUT_RDWR); }

 private:
  int socket_;
  SSL* ssl_ = nullptr;
};

namespace {

std::shared_ptr<SSL_CTX> server_context(const Identity& identity) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const std::shared_ptr<BIO> certificate_text(
      BIO_new_mem_buf(identity.certificate.data(), static_cast<int>(identity.certificate.size())), BIO_free);
  const std::shared_ptr<BIO> key_text(
      BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size())), BIO_free);
  const std::shared_ptr<X509> certificate(
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr), X509_free);
  const std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr),
                                      EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
    throw std::runtime_error("the scripted server's certificate cannot be used");
  return context;
}

// "Name: value" lines with a blank after the colon, which some clients omit.
std::string tidy(const std::string& head) {
  std::string tidied;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = std::min(head.find("\r\n", at), head.size());
    std::string line = head.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (at > 0 && colon != std::string::npos && line.substr(colon + 1, 1) != " ") line.insert(colon + 1, " ");
    tidied += line + "\r\n";
    at = end + 2;
  }
  return tidied;
}

std::string header_value(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

ScriptedServer::ScriptedServer(std::vector<Call> script, const Identity* tls) : script_(std::move(script)) {
  if (tls != nullptr) tls_ = server_context(*tls);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("the scripted server cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    for (const auto& connection : connections_) connection->stop();
  }
  changed_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& worker : workers_) worker.join();
  ::close(listener_);
}

std::string ScriptedServer::url() const {
  return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_);
}

std::vector<SeenRequest> ScriptedServer::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

int ScriptedServer::connections() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int>(workers_.size());
}

std::string ScriptedServer::trouble(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return played_ == script_.size() || !trouble_.empty(); });
  if (!trouble_.empty()) return trouble_;
  if (played_ < script_.size())
    return "nobody called " + script_[played_].method + " " + script_[played_].target;
  return {};
}

void ScriptedServer::accept_all() {
  // OpenSSL writes without MSG_NOSIGNAL. The connections' threads inherit this mask.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::scoped_lock lock(mutex_);
    if (socket < 0 || stopping_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    auto connection = std::make_shared<Connection>(socket, tls_.get());
    connections_.push_back(connection);
    workers_.emplace_back([this, connection] { serve(*connection); });
  }
}

void ScriptedServer::serve(Connection& connection) {
  constexpr std::size_t kBuffer = 65536;
  if (!connection.handshake()) return;
  std::string buffer;
  std::string piece(kBuffer, '\0');
  const auto read_more = [&] {
    const long count = connection.read(piece.data(), piece.size());
    if (count > 0) buffer.append(piece, 0, static_cast<std::size_t>(count));
    return count > 0;
  };
  while (true) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
      if (!read_more()) return;
    SeenRequest request;
    request.head = tidy(buffer.substr(0, end));
    buffer.erase(0, end + 4);
    request.method = request.head.substr(0, request.head.find(' '));
    const std::size_t target = request.method.size() + 1;
    request.target = request.head.substr(target, request.head.find(' ', target) - target);
    const std::string length = header_value(request.head, "Content-Length");
    const std::size_t expected = length.empty() ? 0 : std::stoul(length);
    while (buffer.size() < expected)
      if (!read_more()) return;
    request.body = buffer.substr(0, expected);
    buffer.erase(0, expected);
    if (!play(connection, next(request))) return;
  }
}

std::vector<Action> ScriptedServer::next(const SeenRequest& request) {
  const std::scoped_lock lock(mutex_);
  seen_.push_back(request);
  const std::string what = request.method + " " + request.target;
  if (played_ == script_.size()) {
    trouble_ += "a surplus call: " + what + "\n";
  } else if (const Call& call = script_[played_];
             call.method != request.method || !request.target.starts_with(call.target)) {
    trouble_ += "called " + what + " instead of " + call.method + " " + call.target + "\n";
  } else {
    ++played_;
    changed_.notify_all();
    return call.answer;
  }
  changed_.notify_all();
  return {Send{response(500, "not in the script")}};
}

// False if the connection has ended.
bool ScriptedServer::play(Connection& connection, const std::vector<Action>& answer) {
  for (const Action& action : answer) {
    const bool more =
        std::visit(Overloaded{
                       [&](const Send& send) { return connection.write(send.bytes); },
                       [&](const Wait& wait) {
                         std::unique_lock lock(mutex_);
                         return !changed_.wait_for(lock, wait.time, [this] { return stopping_; });
                       },
                       [&](const Hang&) {
                         char byte = 0;
                         while (connection.read(&byte, 1) > 0) {
                         }
                         return false;
                       },
                       [&](const Close&) { return connection.stop(), false; },
                       [&](const Reset&) { return connection.reset(), false; },
                   },
                   action);
    if (!more) return false;
  }
  return true;
}

std::string response(int status, std::string_view body, std::string_view headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Scripted\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

std::string chunked_head() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::string_view bytes) {
  char size[20];
  const int length = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size, static_cast<std::size_t>(length)) + std::string(bytes) + "\r\n";
}

std::string last_chunk() {
  return "0\r\n\r\n";
}

}  // namespace curfew::fakeapi
