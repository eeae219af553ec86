#include <memory>

#include "cli/ask.hpp"

namespace curfew::cli {
namespace {

struct Options {
  RequestFlags flags;
  MadeFlags made;
};

Exit request(const Options& options, const Invocation& run) {
  const auto timeout = timeout_of(options.made.timeout);
  const Asked asked = ask(run, choose(run, options.flags));
  print_made(run.terminal, asked.made, options.made, Printable("asked for ") + choice_text(asked.chosen));
  warn_of(run.terminal, asked);
  return options.made.wait ? wait_until_active(run, asked.key(), timeout) : Exit::Done;
}

}  // namespace

Verb request_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("request", "Ask for access: finds the policy that allows it");
  add_request_flags(*command, options->flags);
  command->add_option("--name", options->flags.options.name,
                      "Name of the request (default: made of yours and the role's)");
  add_made_flags(*command, options->made);
  return {command, [options](const Invocation& run) { return request(*options, run); }};
}

}  // namespace curfew::cli
