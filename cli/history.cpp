#include <memory>

#include "cli/describe_records.hpp"
#include "cli/session.hpp"

namespace curfew::cli {
namespace {

struct Options {
  std::string name;
  std::string output;
};

Exit run(const Options& options, Session& session) {
  const auto key = key_of(session, options.name);
  auto found = session.cluster.list<api::AuditRecord>(
      {.ns = "", .fields = "request.namespace=" + key.ns + ",request.name=" + key.name, .labels = ""});
  if (!found && found.error().kind == ErrorKind::Forbidden) {
    throw ExitError(
        Exit::Failed,
        Printable(
            "you may not read audit records: that takes ClusterRole curfew-auditor; 'kubectl describe accessrequest ") +
            key.name + " -n " + key.ns + "' shows how it stands");
  }
  const auto records = must(std::move(found));
  if (records.empty())
    throw ExitError(Exit::Failed, Printable("there are no audit records of ") + to_string(key));
  if (!options.output.empty()) {
    nlohmann::json list = empty_list();
    for (const auto& record : records) list["items"].push_back(record.json);
    session.terminal.print(as_text(list, options.output));
    return Exit::Done;
  }
  // Several requests may have had this name; each is shown separately.
  std::vector<std::pair<std::string, std::vector<api::AuditRecord>>> requests;
  for (const auto& record : records) {
    const std::string& uid = record.object.request.uid;
    auto at = std::ranges::find(requests, uid, &std::pair<std::string, std::vector<api::AuditRecord>>::first);
    if (at == requests.end()) at = requests.insert(requests.end(), {uid, {}});
    at->second.push_back(record.object);
  }
  std::ranges::sort(requests, {}, [](const auto& request) {
    return std::ranges::min(request.second, {}, &api::AuditRecord::time).time;
  });
  session.remember(std::vector{client::SeenRequest{key, requests.back().first}});
  for (const auto& [uid, of_one] : requests) {
    session.terminal.print(session.terminal.paint(Colour::Bold, to_string(key)) +
                           session.terminal.paint(Colour::Faint, Printable("  ") + uid) + "\n");
    for (const auto& line : describe_records(of_one)) session.terminal.print(Printable("  ") + line + "\n");
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
  return {command, [options](Session& session) { return run(*options, session); }};
}

}  // namespace curfew::cli
