#include <memory>

#include "cli/ask.hpp"
#include "cli/describe.hpp"
#include "cli/object_output.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

struct Options {
  RequestFlags flags;
  bool wait = false;
  std::string timeout = "1h";
  std::string output;
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
                                      argument_of(key) + "' says what it waits for");
}

Exit request(const Options& options, const Invocation& run) {
  const auto timeout = timeout_of(options.timeout);
  const Asked asked = ask(run, choose(run, options.flags));
  if (options.output == "name") {
    run.terminal.print(Printable(asked.key().name) + "\n");
  } else if (!options.output.empty()) {
    run.terminal.print(as_text(asked.made.json, options.output));
  } else {
    run.terminal.print(Printable(to_string(asked.key())) + ": asked for " + choice_text(asked.chosen) + "\n");
  }
  warn_of(run.terminal, asked);
  return options.wait ? wait_for(run, asked.key(), timeout) : Exit::Done;
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
