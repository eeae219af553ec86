#include "client/extend.hpp"

#include <memory>

#include "cli/ask.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

struct Options {
  std::string extended;
  client::ExtendOptions asked;
  MadeFlags made;
};

Exit extend(const Options& options, const Invocation& run) {
  const auto timeout = timeout_of(options.made.timeout);
  if (!parse_duration(options.asked.duration))
    throw ExitError(Exit::Usage,
                    Printable("--for ") + options.asked.duration + " is not a duration, as in 30m or 1h30m");
  const auto key = run.session.key_of(options.extended);
  const auto made = must(client::extend(run.session, key, options.asked));
  print_made(run.terminal, made, options.made,
             Printable("asked for ") + options.asked.duration + " more than " + to_string(key) + " has");
  return options.made.wait ? wait_until_active(run, made.object.metadata.key(), timeout) : Exit::Done;
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
  add_made_flags(*command, options->made);
  return {command, [options](const Invocation& run) { return extend(*options, run); }};
}

}  // namespace curfew::cli
