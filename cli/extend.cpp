#include "client/extend.hpp"

#include <memory>

#include "cli/ask.hpp"
#include "cli/object_output.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

struct Options {
  std::string extended;
  client::ExtendOptions asked;
  bool wait = false;
  std::string timeout = "1h";
  std::string output;
};

Exit extend(const Options& options, const Invocation& run) {
  const auto timeout = timeout_of(options.timeout);
  if (!parse_duration(options.asked.duration))
    throw ExitError(Exit::Usage,
                    Printable("--for ") + options.asked.duration + " is not a duration, as in 30m or 1h30m");
  const auto key = run.session.key_of(options.extended);
  const auto made = must(client::extend(run.session, key, options.asked));
  const auto made_key = made.object.metadata.key();
  if (options.output == "name") {
    run.terminal.print(Printable(made_key.name) + "\n");
  } else if (!options.output.empty()) {
    run.terminal.print(as_text(made.json, options.output));
  } else {
    run.terminal.print(Printable(to_string(made_key)) + ": asked for " + options.asked.duration +
                       " more than " + to_string(key) + " has\n");
  }
  return options.wait ? wait_until_active(run, made_key, timeout) : Exit::Done;
}

}  // namespace

Verb extend_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("extend", "Ask for more time, before access ends: without a gap between the two");
  command->add_option("request", options->extended, "The active request: NAME or NAMESPACE/NAME")->required();
  command
      ->add_option("--for", options->asked.duration,
                   "How much longer, from the end of that access on, as in 30m or 1h30m")
      ->required();
  command->add_option("--reason", options->asked.reason, "Why (default: the reason of that request)");
  command->add_option("--name", options->asked.name,
                      "Name of the new request (default: NAME-2, NAME-3 and so on)");
  command->add_flag(
      "--wait", options->wait,
      "Wait until it is Active (exit code 0), has ended otherwise (4) or --timeout is over (5)");
  command->add_option("--timeout", options->timeout, "How long --wait waits")->capture_default_str();
  command->add_option("-o,--output", options->output, "What to print: name, json or yaml")
      ->check(CLI::IsMember({"name", "json", "yaml"}));
  return {command, [options](const Invocation& run) { return extend(*options, run); }};
}

}  // namespace curfew::cli
