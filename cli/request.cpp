#include <memory>

#include "cli/describe.hpp"
#include "cli/object_output.hpp"
#include "cli/request_flags.hpp"
#include "client/warnings.hpp"
#include "core/describe.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

struct Options {
  RequestFlags flags;
  bool wait = false;
  std::string timeout = "1h";
  std::string output;
};

Printable choice_text(const client::Candidate& candidate) {
  return Printable(core::describe(*candidate.request().spec.role)) + " under AccessPolicy " +
         candidate.request().spec.policy + ", decided by " + deciders(candidate.policy());
}

const client::Candidate& choose(const Terminal& terminal,
                                const std::vector<const client::Candidate*>& fitting) {
  if (fitting.size() == 1) return *fitting.front();
  Printable question = "Several policies allow that:\n";
  for (std::size_t i = 0; i < fitting.size(); ++i)
    question += Printable("  ") + std::to_string(i + 1) + "  " + choice_text(*fitting[i]) + "\n";
  if (!terminal.interactive()) {
    throw ExitError(Exit::Usage,
                    question + "say which with --policy NAME, and ROLE where one offers several");
  }
  const auto answer = terminal.ask(question + "Which (1 to " + std::to_string(fitting.size()) + ")? ");
  for (std::size_t i = 0; answer && i < fitting.size(); ++i) {
    if (*answer == std::to_string(i + 1)) return *fitting[i];
  }
  throw ExitError(Exit::Usage, "none of them was chosen, and nothing was asked for");
}

// Prints each state of a request once.
class WaitReport {
 public:
  explicit WaitReport(const Terminal& terminal) : terminal_(terminal) {}

  void operator()(const api::AccessRequest& request) {
    const std::string now =
        phase_text(request) + (request.status.message.empty() ? "" : ": " + request.status.message.str());
    if (now == last_) return;
    last_ = now;
    terminal_.warn(terminal_.paint(Colour::Faint, now) + "\n");
  }

 private:
  const Terminal& terminal_;
  std::string last_;
};

Exit wait_for(const Invocation& run, const api::ObjectKey& key, std::chrono::seconds timeout) {
  using Outcome = client::WaitResult::Outcome;
  WaitReport report(run.terminal);
  const auto [outcome, request] =
      must(client::wait_for_access(run.session, key, timeout, [&](const auto& read) { report(read); }));
  switch (outcome) {
    case Outcome::Active:
      run.terminal.print(Printable(to_string(key)) + " is Active until " +
                         format_rfc3339(*request.status.expires_at) + " (" +
                         time_left(*request.status.expires_at, run.session.clock->now()) + ")\n");
      return Exit::Done;
    case Outcome::Ended:
      throw ExitError(Exit::Ended, Printable(to_string(key)) + " is " + phase_text(request) + ": " +
                                       request.status.message);
    case Outcome::TimedOut: break;
  }
  throw ExitError(Exit::TimedOut, Printable(to_string(key)) + " is not decided after " +
                                      format_duration(timeout) + "; it stays: 'kubectl curfew explain " +
                                      to_string(key) + "' says what it waits for");
}

Exit request(const Options& options, const Invocation& run) {
  const auto timeout = parse_duration(options.timeout);
  if (!timeout)
    throw ExitError(Exit::Usage,
                    Printable("--timeout ") + options.timeout + " is not a duration, as in 30m or 1h30m");
  const auto asked = options_of(options.flags);
  const auto all = must(client::find_candidates(run.session, asked));
  const auto fitting = fitting_candidates(run.session, all, asked);
  const client::Candidate& chosen = choose(run.terminal, fitting);
  const auto made = must(client::make_request(run.session, chosen));
  const api::ObjectKey key = made.object.metadata.key();
  if (options.output == "name") {
    run.terminal.print(Printable(key.name) + "\n");
  } else if (!options.output.empty()) {
    run.terminal.print(as_text(made.json, options.output));
  } else {
    run.terminal.print(Printable(to_string(key)) + ": asked for " + choice_text(chosen) + "\n");
  }
  for (const auto& warning : client::warnings_of(chosen.policy(), chosen.request().spec.role))
    run.terminal.warn(Printable("warning: ") + warning + "\n");
  return options.wait ? wait_for(run, key, *timeout) : Exit::Done;
}

}  // namespace

Verb request_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("request", "Ask for access: finds the policy that allows it");
  add_request_flags(*command, options->flags);
  command->add_option("--name", options->flags.options.name,
                      "Name of the request (default: made of yours and the role's)");
  command->add_flag(
      "--wait", options->wait,
      "Wait until it is Active (exit code 0), has ended otherwise (4) or --timeout is over (5)");
  command->add_option("--timeout", options->timeout, "How long --wait waits")->capture_default_str();
  command->add_option("-o,--output", options->output, "What to print: name, json or yaml")
      ->check(CLI::IsMember({"name", "json", "yaml"}));
  return {command, [options](const Invocation& run) { return request(*options, run); }};
}

}  // namespace curfew::cli
