#include "controller.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <sstream>

namespace curfew::test {
namespace {

using std::chrono::seconds;

static_assert(SIGSTOP == 19 && SIGCONT == 18);

}  // namespace

Controller::Controller(const Cluster& cluster, std::vector<std::string> flags,
                       std::map<std::string, std::string> environment,
                       const std::filesystem::path& kubeconfig)
    : command_{program(), "--kubeconfig",
               (kubeconfig.empty() ? cluster.curfew().kubeconfig() : kubeconfig).string(),
               "--metrics-address", "127.0.0.1:0"},
      environment_(std::move(environment)),
      log_(cluster.state() / "test" / (unique("controller") + ".log")) {
  command_.insert(command_.end(), flags.begin(), flags.end());
}

std::string Controller::program() {
  return CURFEW_PROGRAM;
}

void Controller::start() {
  log_begin_ = child_ ? child_->log().size() : 0;
  child_.emplace(command_, log_, environment_);
  const bool started =
      eventually(seconds(10), [&] { return has_said("started") || child_->wait(seconds(0)).has_value(); });
  INFO("log: " << child_->log().substr(log_begin_));
  REQUIRE(started);
  REQUIRE(!child_->wait(seconds(0)).has_value());
}

void Controller::start_leading() {
  start();
  // The former holder of the lease may have been killed: its 15 s must pass first.
  const bool led = eventually(seconds(40), [&] { return leads(); });
  INFO("log: " << child_->log().substr(log_begin_));
  REQUIRE(led);
  // An earlier test may have changed the guard, which then counts only after five seconds. A test without a
  // guard continues after this timeout.
  eventually(seconds(8),
             [&] { return get("/metrics").body.find("\ncurfew_guard_in_force 1") != std::string::npos; });
}

std::optional<int> Controller::stop() {
  child_->signal(SIGTERM);
  return child_->wait(seconds(5));
}

void Controller::kill() {
  child_->signal(SIGKILL);
  REQUIRE(child_->wait(seconds(5)).has_value());
}

std::vector<Json> Controller::log() const {
  std::vector<Json> lines;
  std::istringstream text(child_->log().substr(log_begin_));
  std::string line;
  while (std::getline(text, line) && !text.eof()) {  // the last one may be incomplete
    Json parsed = Json::parse(line, nullptr, false);
    INFO("not JSON in the log: " << line);
    REQUIRE(parsed.is_object());
    lines.push_back(std::move(parsed));
  }
  return lines;
}

bool Controller::has_said(const std::string& message) const {
  return times_said(message) > 0;
}

int Controller::times_said(const std::string& message) const {
  const auto lines = log();
  return static_cast<int>(
      std::ranges::count_if(lines, [&](const Json& line) { return line.value("msg", "") == message; }));
}

std::string Controller::metrics_address() const {
  for (const Json& line : log()) {
    if (line.contains("metrics_address")) return line["metrics_address"].get<std::string>();
  }
  FAIL("the controller has not logged its metrics_address");
  return {};
}

Page Controller::get(const std::string& path) const {
  return http_get(metrics_address(), path);
}

Page http_get(const std::string& host_and_port, const std::string& path) {
  const auto colon = host_and_port.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(host_and_port.substr(colon + 1))));
  ::inet_pton(AF_INET, host_and_port.substr(0, colon).c_str(), &address.sin_addr);
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(connection >= 0);
  if (connection < 0) return {};
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string answer;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: " + host_and_port + "\r\nConnection: close\r\n\r\n";
    std::array<char, 16384> buffer{};
    ::send(connection, request.data(), request.size(), MSG_NOSIGNAL);
    for (ssize_t count = 0; (count = ::recv(connection, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(connection);
  const auto body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || body == std::string::npos) return {};
  return {.status = std::stoi(answer.substr(9, 3)), .body = answer.substr(body + 4)};
}

}  // namespace curfew::test
