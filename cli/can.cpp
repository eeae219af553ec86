#include <algorithm>
#include <memory>

#include "cli/describe.hpp"
#include "cli/request_flags.hpp"
#include "cli/session.hpp"
#include "core/describe.hpp"

namespace curfew::cli {
namespace {

using Outcome = core::Finding::Outcome;

// Leaves out approvals, which are always still to come, and the guard, which is the same for every requester.
std::vector<core::Finding> those(const Candidate& candidate, Outcome outcome) {
  std::vector<core::Finding> result;
  std::ranges::copy_if(candidate.findings, std::back_inserter(result), [&](const core::Finding& finding) {
    return finding.outcome == outcome && finding.check != "approvals" && finding.check != "guard-in-force";
  });
  return result;
}

void print(const Terminal& terminal, const Candidate& candidate) {
  const auto unknown = those(candidate, Outcome::NotChecked);
  terminal.print((unknown.empty() ? Printable("yes: ") : Printable("perhaps: ")) +
                 core::describe(*candidate.request.spec.role) + " in " + candidate.request.metadata.ns +
                 " under AccessPolicy " + candidate.request.spec.policy + ", decided by " +
                 deciders(*candidate.policy) + "\n");
  for (const auto& finding : those(candidate, Outcome::Failed))
    terminal.print(Printable("  not now: ") + finding.message + "\n");
  for (const auto& finding : unknown)
    terminal.print(Printable("  not known: whether ") + finding.rule + " (" + finding.message + ")\n");
}

Exit run(RequestOptions wish, Session& session) {
  wish.ns = session.own_namespace();
  const auto me = must(session.cluster.whoami());
  const auto all = candidates(session.cluster, wish, me, must(session.cluster.list<api::AccessPolicy>({})));
  std::vector<const Candidate*> fitting;
  try {
    fitting = fitting_of(all, wish);
  } catch (const ExitError& stop) {
    throw ExitError(stop.exit() == Exit::Failed ? Exit::No : stop.exit(),
                    Printable("no: ") + stop.sentence());
  }
  std::string refused;
  bool can = false;
  for (const auto* candidate : fitting) {
    const auto tried = session.cluster.create(candidate->request, "can-", true);
    if (!tried) {
      refused = tried.error().message;
      continue;
    }
    can = true;
    print(session.terminal, *candidate);
  }
  if (!can) throw ExitError(Exit::No, "no: " + Printable::lines(refused, "  "));
  return Exit::Done;
}

}  // namespace

Verb can_verb(CLI::App& app) {
  auto wish = std::make_shared<RequestOptions>();
  CLI::App* command = app.add_subcommand(
      "can", "Would that be granted, and who would decide? Nothing is created (exit code 0: yes, 3: no)");
  add_request_flags(*command, *wish);
  return {command, [wish](Session& session) { return run(*wish, session); }};
}

}  // namespace curfew::cli
