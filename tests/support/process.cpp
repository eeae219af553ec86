#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "support/eventually.hpp"

namespace curfew::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

// First our end, then the child's. A socket and not a pipe, because writing to a socket whose reader is gone
// need not raise SIGPIPE.
std::pair<Descriptor, Descriptor> connected() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail(errno, "socketpair");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<std::string> merged(const std::map<std::string, std::string>& extra) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!extra.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : extra) result.push_back(std::string(name).append("=").append(value));
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Streams {
  int in;
  int out;
  int err;
};

// Starts the program in its own process group, so that its children can be killed with it.
pid_t spawn(std::vector<std::string> argv, const std::map<std::string, std::string>& environment,
            const Streams& streams) {
  if (argv.empty()) fail(EINVAL, "nothing to run");
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, streams.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.err, STDERR_FILENO);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  std::vector<std::string> variables = merged(environment);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0].c_str(), &actions, &attributes, pointers(argv).data(),
                                 pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(error, "cannot run " + argv[0]);
  return pid;
}

int as_exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<int> poll_exit(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  return as_exit_code(status);
}

void send_some(Descriptor& to, const std::string& text, std::size_t& sent) {
  if (to.get() < 0) return;
  const ssize_t count = ::send(to.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count > 0) sent += static_cast<std::size_t>(count);
  if (sent == text.size() || (count < 0 && errno != EAGAIN && errno != EINTR)) to.close();
}

void receive_some(Descriptor& from, std::string& text) {
  if (from.get() < 0) return;
  std::array<char, 16384> buffer{};
  const ssize_t count = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) from.close();
}

// Writes the input and reads the outputs until both are closed. False if the deadline passes first.
bool converse(Descriptor& in, Descriptor& out, Descriptor& err, const std::string& input,
              ProcessResult& result, Clock::time_point deadline) {
  std::size_t sent = 0;
  if (input.empty()) in.close();
  while (out.get() >= 0 || err.get() >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 3> waits{{{in.get(), POLLOUT, 0}, {out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), static_cast<int>(left)) < 0 && errno != EINTR) fail(errno, "poll");
    if (waits[0].revents != 0) send_some(in, input, sent);
    if (waits[1].revents != 0) receive_some(out, result.out);
    if (waits[2].revents != 0) receive_some(err, result.err);
  }
  return true;
}

}  // namespace

ProcessResult run(const std::vector<std::string>& argv, const ProcessOptions& options) {
  const auto deadline = Clock::now() + options.timeout;
  auto [in, child_in] = connected();
  auto [out, child_out] = connected();
  auto [err, child_err] = connected();
  const pid_t pid = spawn(argv, options.environment, {child_in.get(), child_out.get(), child_err.get()});
  child_in.close();
  child_out.close();
  child_err.close();

  ProcessResult result;
  result.timed_out = !converse(in, out, err, options.input, result, deadline);
  if (result.timed_out) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = as_exit_code(status);
  return result;
}

Child::Child(const std::vector<std::string>& argv, const std::filesystem::path& log,
             const std::map<std::string, std::string>& environment)
    : log_(log) {
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0) fail(errno, "cannot write " + log.string());
  pid_ = spawn(argv, environment, {nothing.get(), file.get(), file.get()});
}

Child::~Child() {
  if (exit_code_) return;
  signal(SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

std::string Child::log() const {
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  return text.str();
}

void Child::signal(int number) const {
  if (!exit_code_) ::kill(-pid_, number);
}

std::optional<int> Child::wait(std::chrono::milliseconds timeout) {
  if (!exit_code_) eventually(timeout, [this] { return (exit_code_ = poll_exit(pid_)).has_value(); });
  return exit_code_;
}

}  // namespace curfew::test
