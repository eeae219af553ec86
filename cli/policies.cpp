#include "client/policies.hpp"

#include <memory>

#include "cli/describe.hpp"
#include "cli/object_output.hpp"
#include "cli/verb.hpp"
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
  if (api::is_cluster_wide(policy.spec)) return "cluster-wide";
  const auto& where = policy.spec.namespaces;
  std::string text = core::joined(where.names);
  if (where.selector) text += std::string(text.empty() ? "" : ", ") + "by label";
  return text;
}

std::vector<Cell> row_of(const api::AccessPolicy& policy) {
  const auto problems = client::problems_of(policy);
  const bool is_suspended = policy.spec.suspend.value_or(false);
  const Cell state = is_suspended       ? Cell{"suspended", Colour::Yellow}
                     : problems.empty() ? Cell{"yes", Colour::Green}
                                        : Cell{"no: " + problems.front().message, Colour::Red};
  return {{policy.metadata.name},
          {core::describe(policy.spec.roles)},
          {namespaces_of(policy)},
          {longest(policy)},
          {deciders(policy)},
          {reviewers(policy)},
          state,
          {policy.spec.description}};
}

Exit policies(const Options& options, const Invocation& run) {
  const auto [person, policies] = must(client::list_policies(run.session, options.all));
  if (!options.output.empty()) {
    run.terminal.print(as_text(policies, options.output));
  } else if (policies.empty()) {
    run.terminal.print(Printable("there is no AccessPolicy under which ") + person.username.str() +
                       " may ask" + (options.all ? Printable() : Printable("; --all shows those of others")) +
                       "\n");
  } else {
    std::vector<std::vector<Cell>> rows;
    rows.reserve(policies.size());
    for (const auto& policy : policies) rows.push_back(row_of(policy.object));
    run.terminal.print(
        table(run.terminal,
              {"NAME", "ROLES", "NAMESPACES", "LONGEST", "DECIDED BY", "REVIEWED BY", "READY", "DESCRIPTION"},
              rows));
  }
  return Exit::Done;
}

}  // namespace

Verb policies_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "policies", "What you may ask for, where, for how long, who would decide, and who reviews it");
  command->add_flag("--all", options->all, "Also those under which you may not ask");
  command->add_option("-o,--output", options->output, "json or yaml")->check(CLI::IsMember({"json", "yaml"}));
  return {command, [options](const Invocation& run) { return policies(*options, run); }};
}

}  // namespace curfew::cli
