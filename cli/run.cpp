#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/ask.hpp"
#include "cli/describe.hpp"
#include "cli/kept_access.hpp"
#include "client/command.hpp"
#include "client/decide.hpp"
#include "core/decide/decide.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

using std::chrono::milliseconds;

constexpr int kSignalled = 128;
// To give back, with growing pauses of half a minute in all: an API server may restart, and a person who is
// impatient interrupts these calls, too.
constexpr int kMaxAttempts = 8;
constexpr milliseconds kFirstPause{250};

struct Options {
  RequestFlags flags;
  std::string timeout = "1h";
  std::string extension;  // empty: access is not extended
  std::string output;
};

// A signal came before the command was started.
struct Interrupted {};

// What happens, on standard error: standard output is the command's.
class Progress {
 public:
  Progress(const Terminal& terminal, bool is_json)
      : terminal_(terminal), is_json_(is_json), states_(terminal) {}

  void say(const Printable& text) const {
    if (is_json_) return;
    clear();
    terminal_.warn(text + "\n");
  }

  // Also as JSON.
  void warn(const Printable& text) const {
    if (!is_json_) return say(text);
    auto object = json();
    object["warning"] = text.str();
    write(object);
  }

  void state(const api::AccessRequest& request) {
    request_ = request;
    if (!is_json_) {
      clear();
      return states_(request);
    }
    const auto now = json();
    if (now != last_) write(now);
    last_ = now;
  }

  void ended(int exit_code) const {
    if (!is_json_) return;
    auto object = json();
    object["exitCode"] = exit_code;
    write(object);
  }

  // Sleeps that long; shows meanwhile that it still waits.
  void pause(milliseconds time, const client::HeldSignals& signals) {
    constexpr milliseconds kFrame{100};
    for (milliseconds done{0}; done < time && !signals.caught(); done += kFrame) {
      std::this_thread::sleep_for(kFrame);
      waited_ += kFrame;
      if (!is_json_) show_waiting();
    }
  }

  void clear() const {
    if (terminal_.interactive() && !is_json_) terminal_.warn("\r\x1b[K");
  }

 private:
  void show_waiting() const {
    constexpr const char* kFrames = "|/-\\";
    constexpr milliseconds kFrame{200};
    constexpr std::chrono::minutes kLine{1};
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(waited_);
    if (terminal_.interactive()) {
      const char frame = kFrames[(waited_ / kFrame) % 4];
      terminal_.warn(Printable("\r") + std::string(1, frame) + " waiting for " + format_duration(elapsed));
    } else if (waited_ % kLine == milliseconds(0)) {
      terminal_.warn(Printable("still waiting after ") + format_duration(elapsed) + ": " +
                     request_.status.message + "\n");
    }
  }

  nlohmann::json json() const {
    const auto& status = request_.status;
    nlohmann::json object{{"request", to_string(request_.metadata.key())},
                          {"uid", request_.metadata.uid},
                          {"phase", phase_text(request_)},
                          {"message", status.message.str()}};
    if (status.expires_at) object["expiresAt"] = format_rfc3339(*status.expires_at);
    return object;
  }

  void write(const nlohmann::json& object) const {
    terminal_.warn(Printable::lines(escaped_in_quotes(object.dump(), Notation::Json), "") + "\n");
  }

  const Terminal& terminal_;
  const bool is_json_;
  WaitReport states_;
  api::AccessRequest request_;
  nlohmann::json last_;
  milliseconds waited_{0};
};

std::string end_of(int exit_code) {
  return exit_code > kSignalled && exit_code <= kSignalled + SIGRTMAX
             ? "the command was ended by signal " + std::to_string(exit_code - kSignalled)
             : "the command ended with exit code " + std::to_string(exit_code);
}

// Ends the access, or withdraws the request. Says so if that is impossible.
void give_back(const Invocation& run, const api::ObjectMeta& request, const std::string& comment,
               const Progress& progress) {
  const client::Target target{.key = request.key(), .uid = request.uid};
  Error error;
  milliseconds pause = kFirstPause;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt, pause *= 2) {
    if (attempt > 0) run.session.sleep(pause);
    const auto now = run.session.cluster->get<api::AccessRequest>(target.key);
    if (now && (now->object.metadata.uid != target.uid || core::is_over(now->object.status))) return;
    if (!now && now.error().kind == ErrorKind::NotFound) return;
    const auto person = run.session.cluster->whoami();
    if (!person) {
      error = person.error();
      continue;
    }
    const auto result = client::decide(
        run.session, target, {.verdict = api::Verdict::Revoke, .person = *person, .comment = comment}, {});
    if (result.outcome == client::DecisionResult::Outcome::Decided)
      return progress.say((result.withdraws ? Printable("withdrew ") : Printable("gave back ")) +
                          to_string(target.key));
    error = result.error;
  }
  progress.warn(Printable(to_string(target.key)) + " could not be given back: " + error.message +
                "; what was granted ends on time");
}

// Gives back what was made although the answer to its creation was lost, or interrupted.
void give_back_if_made(const Invocation& run, const api::AccessRequest& asked, TimePoint began,
                       const Progress& progress) {
  constexpr std::chrono::seconds kClockDifference{60};
  const auto made = run.session.cluster->get<api::AccessRequest>(asked.metadata.key());
  if (!made || made->object.metadata.creation_timestamp < began - kClockDifference) return;
  const auto& requester = made->object.spec.requester;
  if (!requester || requester->username != asked.spec.requester->username) return;
  give_back(run, made->object.metadata, "whether it was made was not known", progress);
}

bool is_refusal(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Forbidden:
    case ErrorKind::Invalid:
    case ErrorKind::AlreadyExists:
    case ErrorKind::NotFound:
    case ErrorKind::Unauthorized: return true;
    default: return false;
  }
}

// The request as it was made. Throws Interrupted, or ExitError, and then there is none.
Asked ask_for(const Invocation& run, client::Candidate chosen, const Progress& progress,
              const client::HeldSignals& signals) {
  const TimePoint began = run.session.clock->now();
  auto made = client::make_request(run.session, chosen);
  if (made) return {.chosen = std::move(chosen), .made = std::move(*made)};
  if (!is_refusal(made.error().kind)) give_back_if_made(run, chosen.request(), began, progress);
  if (signals.caught()) throw Interrupted();
  throw ExitError(made.error());
}

// The request as it is once there is access. Throws ExitError otherwise.
api::AccessRequest wait_for(const Invocation& run, const Asked& asked, std::chrono::seconds timeout,
                            Progress& progress, const client::HeldSignals& signals) {
  using Outcome = client::WaitResult::Outcome;
  client::Session session = run.session;
  session.sleep = [&](milliseconds time) { progress.pause(time, signals); };
  const auto waited = client::wait_for_access(session, asked.key(), timeout, [&](const auto& read) {
    if (signals.caught()) throw Interrupted();
    progress.state(read);
  });
  if (signals.caught()) throw Interrupted();  // kubectl was interrupted, too
  if (!waited) throw ExitError(waited.error());
  const auto& [outcome, request] = *waited;
  if (outcome == Outcome::Active) return request;
  progress.clear();
  const Printable name(to_string(asked.key()));
  if (outcome == Outcome::Ended)
    throw ExitError(Exit::RunEnded, name + " is " + phase_text(request) + ": " + request.status.message);
  throw ExitError(Exit::RunTimedOut, name + " is not decided after " + format_duration(timeout));
}

// Gives the extensions back, in any case: they outlast what they extend.
int run_with_access(const Invocation& run, const Options& options, const api::AccessRequest& granted,
                    const Progress& progress) {
  KeptAccess access({.session = run.session,
                     .granted = granted,
                     .extension = options.extension,
                     .say = [&](const Printable& text) { progress.warn(text); }});
  const int exit_code = client::run_command(run.command);
  for (const auto& extension : access.stop()) give_back(run, extension.metadata, end_of(exit_code), progress);
  return exit_code;
}

Exit run_command(const Options& options, const Invocation& run, std::chrono::seconds timeout) {
  client::Candidate chosen = client::with_own_name(choose(run, options.flags));
  Progress progress(run.terminal, options.output == "json");
  const client::HeldSignals signals;  // from here on there is something to give back
  std::optional<Asked> made;
  try {
    made = ask_for(run, std::move(chosen), progress, signals);
  } catch (const Interrupted&) {
    return static_cast<Exit>(kSignalled + *signals.caught());
  }
  const Asked& asked = *made;
  progress.say(Printable(to_string(asked.key())) + ": asked for " + choice_text(asked.chosen));
  if (options.output.empty()) warn_of(run.terminal, asked);
  std::optional<int> exit_code;
  std::string why = "not decided in time";
  try {
    const auto granted = wait_for(run, asked, timeout, progress, signals);
    exit_code = run_with_access(run, options, granted, progress);
    why = end_of(*exit_code);
  } catch (const Interrupted&) {
    progress.clear();
    exit_code = kSignalled + *signals.caught();
    why = "interrupted before the command ran";
  } catch (const ExitError& error) {
    if (error.exit() != Exit::RunTimedOut) why = "it could not be seen how the request stands";
    give_back(run, asked.made.object.metadata, why, progress);
    progress.ended(static_cast<int>(error.exit() == Exit::Failed ? Exit::RunFailed : error.exit()));
    throw;
  }
  give_back(run, asked.made.object.metadata, why, progress);
  progress.ended(*exit_code);
  return static_cast<Exit>(*exit_code);
}

Exit run(const Options& options, const Invocation& run) {
  if (run.command.empty()) {
    throw ExitError(Exit::Usage,
                    "run needs a command after --, as in 'kubectl curfew run view -- kubectl get pods'");
  }
  const auto timeout = timeout_of(options.timeout);
  if (!options.extension.empty() && !parse_duration(options.extension))
    throw ExitError(Exit::Usage,
                    Printable("--extend ") + options.extension + " is not a duration, as in 30m or 1h30m");
  if (const auto code = client::why_not_runnable(run.command.front()))
    throw ExitError(static_cast<Exit>(*code),
                    Printable(run.command.front()) + " cannot be run, so nothing was asked for");
  try {
    return run_command(options, run, timeout);
  } catch (const ExitError& error) {
    if (error.exit() != Exit::Failed) throw;
    throw ExitError(Exit::RunFailed, error.sentence());
  }
}

}  // namespace

Verb run_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "run",
      "Ask for access, run a command while there is access, and give the access back: run [ROLE] -- COMMAND ...");
  add_request_flags(*command, options->flags);
  command->add_option("--name", options->flags.options.name,
                      "Name of the request (default: made of yours and the role's)");
  command
      ->add_option("--timeout", options->timeout,
                   "How long to wait for the access; the request is withdrawn after that")
      ->capture_default_str();
  command->add_option("--extend", options->extension,
                      "Ask for that much more before the access ends, as often as the command still runs");
  command
      ->add_option("-o,--output", options->output,
                   "json: what happens as JSON, an object a line, on standard error")
      ->check(CLI::IsMember({"json"}));
  return {command, [options](const Invocation& invocation) { return run(*options, invocation); }};
}

}  // namespace curfew::cli
