#include <memory>

#include "cli/describe.hpp"
#include "cli/session.hpp"
#include "client/facts.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"

namespace curfew::cli {
namespace {

struct Options {
  bool all = false;
  std::string output;
};

std::string namespaces_of(const api::AccessPolicy& policy) {
  const auto& where = policy.spec.namespaces;
  std::string text = core::joined(where.names);
  if (where.selector) text += std::string(text.empty() ? "" : ", ") + "by label";
  return text;
}

Exit run(const Options& options, Session& session) {
  const auto me = must(session.cluster.whoami());
  nlohmann::json list = empty_list();
  std::vector<std::vector<Cell>> rows;
  for (const auto& [policy, json] : must(session.cluster.list<api::AccessPolicy>({}))) {
    if (!options.all && !core::covers(policy.spec.requesters, me)) continue;
    list["items"].push_back(json);
    const auto problems = client::problems_of(policy);
    const bool is_suspended = policy.spec.suspend.value_or(false);
    const Cell state = is_suspended       ? Cell{"suspended", Colour::Yellow}
                       : problems.empty() ? Cell{"yes", Colour::Green}
                                          : Cell{"no: " + problems.front().message, Colour::Red};
    rows.push_back({{policy.metadata.name},
                    {core::describe(policy.spec.roles)},
                    {namespaces_of(policy)},
                    {policy.spec.max_duration},
                    {deciders(policy)},
                    state,
                    {policy.spec.description}});
  }
  if (!options.output.empty()) {
    session.terminal.print(as_text(list, options.output));
  } else if (rows.empty()) {
    session.terminal.print(Printable("there is no AccessPolicy under which ") + me.username.str() +
                           " may ask" +
                           (options.all ? Printable() : Printable("; --all shows those of others")) + "\n");
  } else {
    session.terminal.print(
        table(session.terminal,
              {"NAME", "ROLES", "NAMESPACES", "LONGEST", "DECIDED BY", "READY", "DESCRIPTION"}, rows));
  }
  return Exit::Done;
}

}  // namespace

Verb policies_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("policies", "What you may ask for, where, for how long, and who would decide");
  command->add_flag("--all", options->all, "Also those under which you may not ask");
  command->add_option("-o,--output", options->output, "json or yaml")->check(CLI::IsMember({"json", "yaml"}));
  return {command, [options](Session& session) { return run(*options, session); }};
}

}  // namespace curfew::cli
