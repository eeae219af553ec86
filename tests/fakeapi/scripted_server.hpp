#pragma once

#include <openssl/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

namespace curfew::fakeapi {

struct Send {
  std::string bytes;
};
struct Wait {
  std::chrono::milliseconds time;
};
struct Hang {};   // until the peer closes
struct Close {};  // orderly (FIN)
struct Reset {};  // RST
using Action = std::variant<Send, Wait, Hang, Close, Reset>;

// One expected call and its answer. The request must have `method`, and its target must begin with `target`.
struct Call {
  std::string method;
  std::string target;
  std::vector<Action> answer;
};

struct SeenRequest {
  std::string method;
  std::string target;
  std::string head;  // the request line and the header lines
  std::string body;

  bool has_header(std::string_view line) const {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
  }
};

// A TLS server's certificate and key, as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

// A server on 127.0.0.1 that plays a script over raw sockets, call by call in order, regardless of the
// connection. A call that is surplus or differs from the script is an error and is answered with 500.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Call> script, const Identity* tls = nullptr);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const;
  std::uint16_t port() const { return port_; }
  std::vector<SeenRequest> seen() const;
  int connections() const;

  // Waits for the rest of the script. Empty if all of it was played and nothing else was requested; otherwise
  // a description of the errors.
  std::string trouble(std::chrono::milliseconds patience = std::chrono::seconds(5));

 private:
  class Connection;
  void accept_all();
  void serve(Connection& connection);
  std::vector<Action> next(const SeenRequest& request);
  bool play(Connection& connection, const std::vector<Action>& answer);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::shared_ptr<SSL_CTX> tls_;
  mutable std::mutex mutex_;  // protects all below
  std::condition_variable changed_;
  std::vector<Call> script_;
  std::size_t played_ = 0;
  std::vector<SeenRequest> seen_;
  std::string trouble_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::thread> workers_;
  bool stopping_ = false;
  std::thread acceptor_;
};

// "HTTP/1.1 STATUS ..." with a Content-Length. `headers`: lines that each end in CRLF.
std::string response(int status, std::string_view body, std::string_view headers = "");
std::string chunked_head();
std::string chunk(std::string_view bytes);
std::string last_chunk();

}  // namespace curfew::fakeapi
