#include "client/history.hpp"

#include <memory>

#include "cli/describe_records.hpp"
#include "cli/object_output.hpp"
#include "cli/verb.hpp"

namespace curfew::cli {
namespace {

struct Options {
  std::string name;
  std::string output;
};

Exit history(const Options& options, const Invocation& run) {
  const auto key = run.session.key_of(options.name);
  auto found = client::records_of(run.session, key);
  if (!found && found.error().kind == ErrorKind::Forbidden) {
    throw ExitError(
        Exit::Failed,
        Printable(
            "you may not read audit records: that takes ClusterRole curfew-auditor; 'kubectl describe ") +
            (key.ns.empty() ? "clusteraccessrequest " + key.name
                            : "accessrequest " + key.name + " -n " + key.ns) +
            "' shows how it stands");
  }
  const auto records = must(std::move(found));
  if (records.empty())
    throw ExitError(Exit::Failed, Printable("there are no audit records of ") + to_string(key));
  if (!options.output.empty()) {
    run.terminal.print(as_text(records, options.output));
    return Exit::Done;
  }
  const auto requests = client::by_request(records);
  run.session.remember(std::vector{client::SeenRequest{key, requests.back().uid}});
  for (const auto& request : requests) {
    run.terminal.print(run.terminal.paint(Colour::Bold, to_string(key)) +
                       run.terminal.paint(Colour::Faint, Printable("  ") + request.uid) + "\n");
    for (const auto& line : describe_records(request.records))
      run.terminal.print(Printable("  ") + line + "\n");
  }
  return Exit::Done;
}

}  // namespace

Verb history_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("history", "The audit records of a request as a story");
  command->add_option("name", options->name, "NAME or NAMESPACE/NAME; also of a request that is deleted")
      ->required();
  command->add_option("-o,--output", options->output, "json or yaml")->check(CLI::IsMember({"json", "yaml"}));
  return {command, [options](const Invocation& run) { return history(*options, run); }};
}

}  // namespace curfew::cli
