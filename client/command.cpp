#include "client/command.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/process/search_path.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>

namespace curfew::client {
namespace {

constexpr std::array kHeld{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr int kSignalled = 128;

std::atomic<int> first_signal{0};
std::atomic<pid_t> running{0};
static_assert(std::atomic<pid_t>::is_always_lock_free);

std::array<struct sigaction, kHeld.size()> before;

void hold(int signal, siginfo_t* info, void* /*context*/) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  const pid_t command = running.load();
  // Sent by a process, or by a terminal that hung up, which tells the leader of its session only.
  if (command > 0 && (info->si_code <= 0 || signal == SIGHUP)) ::kill(command, signal);
}

int failed_with(int error) {
  return error == ENOENT ? kNotFound : kNotExecutable;
}

// This process ignores SIGPIPE; a command must not.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

HeldSignals::HeldSignals() {
  first_signal = 0;
  struct sigaction action{};
  action.sa_sigaction = hold;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kHeld.size(); ++i) {
    ::sigaction(kHeld.at(i), &action, &before.at(i));
    // As nohup and a shell's background jobs want it, for this process and the command.
    if (before.at(i).sa_handler == SIG_IGN) ::sigaction(kHeld.at(i), &before.at(i), nullptr);
  }
}

HeldSignals::~HeldSignals() {
  for (std::size_t i = 0; i < kHeld.size(); ++i) ::sigaction(kHeld.at(i), &before.at(i), nullptr);
}

std::optional<int> HeldSignals::caught() const {
  const int signal = first_signal;
  return signal == 0 ? std::nullopt : std::optional(signal);
}

std::optional<int> why_not_runnable(const std::string& program) {
  if (program.find('/') == std::string::npos)
    return boost::process::search_path(program).empty() ? std::optional(kNotFound) : std::nullopt;
  if (::access(program.c_str(), X_OK) != 0) return failed_with(errno);
  std::error_code ignored;
  return std::filesystem::is_directory(program, ignored) ? std::optional(kNotExecutable) : std::nullopt;
}

int run_command(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const Attributes attributes;
  pid_t child = 0;
  if (const int error =
          ::posix_spawnp(&child, argv.front(), nullptr, attributes.get(), argv.data(), ::environ);
      error != 0)
    return failed_with(error);
  running = child;
  if (const int signal = first_signal; signal != 0)
    ::kill(child, signal);  // it came before `running` was set
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  running = 0;
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

std::chrono::seconds warning_lead(std::chrono::seconds span) {
  constexpr std::chrono::minutes kLead{10};
  constexpr int kQuarter = 4;
  return std::min<std::chrono::seconds>(kLead, span / kQuarter);
}

}  // namespace curfew::client
