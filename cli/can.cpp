#include <algorithm>
#include <memory>

#include "cli/describe.hpp"
#include "cli/request_flags.hpp"
#include "client/warnings.hpp"
#include "core/describe.hpp"
#include "core/grant.hpp"

namespace curfew::cli {
namespace {

using Outcome = core::Finding::Outcome;

// Leaves out approvals, which are always still to come, and the guard, which is the same for every requester.
std::vector<core::Finding> those(const client::Candidate& candidate, Outcome outcome) {
  std::vector<core::Finding> result;
  std::ranges::copy_if(candidate.findings, std::back_inserter(result), [&](const core::Finding& finding) {
    return finding.outcome == outcome && finding.check != "approvals" && finding.check != "guard-in-force";
  });
  return result;
}

void print(const Terminal& terminal, const client::Candidate& candidate) {
  const auto unknown = those(candidate, Outcome::NotChecked);
  terminal.print((unknown.empty() ? Printable("yes: ") : Printable("perhaps: ")) +
                 core::describe(*candidate.request().spec.role) + " " +
                 core::describe(core::scope_of(candidate.request())) + " under AccessPolicy " +
                 candidate.request().spec.policy + ", decided by " + deciders(candidate.policy()) + "\n");
  for (const auto& finding : those(candidate, Outcome::Failed))
    terminal.print(Printable("  not now: ") + finding.message + "\n");
  for (const auto& finding : those(candidate, Outcome::Waits))
    terminal.print(Printable("  waits: ") + finding.message + "\n");
  for (const auto& warning : client::warnings_of(candidate.policy(), candidate.request().spec.role))
    terminal.print(Printable("  warning: ") + warning + "\n");
  for (const auto& finding : unknown)
    terminal.print(Printable("  not known: whether ") + finding.rule + " (" + finding.message + ")\n");
}

Exit can(const RequestFlags& flags, const Invocation& run) {
  const auto options = options_of(flags);
  const auto all = must(client::find_candidates(run.session, options));
  std::vector<const client::Candidate*> fitting;
  try {
    fitting = fitting_candidates(run.session, all, options);
  } catch (const ExitError& stop) {
    throw ExitError(Exit::No, Printable("no: ") + stop.sentence());
  }
  std::string refused;
  bool is_accepted = false;
  for (const auto& trial : client::try_candidates(run.session, fitting)) {
    if (trial.accepted) {
      is_accepted = true;
      print(run.terminal, trial.candidate);
    } else {
      refused = trial.accepted.error().message;
    }
  }
  if (!is_accepted) throw ExitError(Exit::No, "no: " + Printable::lines(refused, "  "));
  return Exit::Done;
}

}  // namespace

Verb can_verb(CLI::App& app) {
  auto flags = std::make_shared<RequestFlags>();
  CLI::App* command = app.add_subcommand(
      "can", "Would that be granted, and who would decide? Nothing is created (exit code 0: yes, 3: no)");
  add_request_flags(*command, *flags);
  return {command, [flags](const Invocation& run) { return can(*flags, run); }};
}

}  // namespace curfew::cli
