#include <memory>

#include "cli/ask.hpp"
#include "cli/object_output.hpp"

namespace curfew::cli {
namespace {

struct Options {
  RequestFlags flags;
  bool wait = false;
  std::string timeout = "1h";
  std::string output;
};

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
  return options.wait ? wait_until_active(run, asked.key(), timeout) : Exit::Done;
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
