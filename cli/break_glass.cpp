#include <algorithm>
#include <memory>
#include <utility>

#include "cli/ask.hpp"
#include "cli/describe.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"

namespace curfew::cli {
namespace {

struct Options {
  RequestFlags flags;
  MadeFlags made{.wait = true, .timeout = "2m"};
  bool yes = false;
};

// Access at once, and a review afterwards.
bool is_for_emergencies(const client::Candidate& candidate) {
  const auto& spec = candidate.policy().spec;
  return spec.approval.required == 0 && spec.review;
}

// Why there would be no access at once; nullopt if nothing is known.
std::optional<std::string> obstacle(const Invocation& run, const client::Candidate& chosen) {
  using Outcome = core::Finding::Outcome;
  const client::Trial trial = client::try_candidates(run.session, {&chosen}).front();
  if (!trial.accepted) return trial.accepted.error().message;
  for (const core::Finding& finding : trial.candidate.findings) {
    const bool is_in_the_way = finding.outcome == Outcome::Failed || finding.outcome == Outcome::Waits;
    if (is_in_the_way && finding.check != "approvals" && finding.check != "guard-in-force")
      return finding.message;
  }
  return std::nullopt;
}

// What it gives, and what comes of it. Whether that is meant.
bool is_meant(const Invocation& run, const client::Candidate& chosen, bool yes) {
  const auto& request = chosen.request();
  const auto& review = *chosen.policy().spec.review;
  run.terminal.warn(
      Printable("This is for emergencies: it gives ") +
      (request.spec.subject ? core::describe(*request.spec.subject) : std::string("you")) + " " +
      core::describe(*request.spec.role) + " " + scope_text(request) + " at once, for " +
      core::effective_duration(request, &chosen.policy()) +
      ".\nNobody is asked before. After its end it is reviewed by " + core::describe(review.reviewers) +
      (review.block_while_overdue ? Printable("; while that is overdue, there is no more of it.\n")
                                  : Printable(".\n")));
  if (yes) return true;
  if (!run.terminal.interactive())
    throw ExitError(Exit::Usage, "nobody can answer here: say --yes if it is meant");
  const auto answer = run.terminal.ask("Is it one (y/N)? ");
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

Exit break_glass(const Options& options, const Invocation& run) {
  const auto timeout = timeout_of(options.made.timeout);
  const client::Candidate chosen =
      choose(run, options.flags,
             {.is_eligible = is_for_emergencies,
              .none = "no AccessPolicy gives emergency access " + scope_text(run.session) +
                      ": one that does requires no approval, and has a review"});
  if (const auto why = obstacle(run, chosen))
    throw ExitError(Exit::Failed, Printable("no access at once: ") + Printable::lines(*why, "  "));
  if (!is_meant(run, chosen, options.yes)) throw ExitError(Exit::Usage, "nothing was asked for");
  const Asked asked = ask(run, chosen);
  print_made(run.terminal, asked.made, options.made, Printable("asked for ") + choice_text(asked.chosen));
  return wait_until_active(run, asked.key(), timeout);
}

}  // namespace

Verb break_glass_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "break-glass", "Emergency access: at once, without approval, and reviewed after its end");
  add_request_flags(*command, options->flags);
  command->add_option("--name", options->flags.options.name,
                      "Name of the request (default: made of yours and the role's)");
  command->add_flag("-y,--yes", options->yes, "Do not ask whether it is an emergency");
  command->add_option("--timeout", options->made.timeout, "How long to wait for the access")
      ->capture_default_str();
  command->add_option("-o,--output", options->made.output, "What to print: name, json or yaml")
      ->check(CLI::IsMember({"name", "json", "yaml"}));
  return {command, [options](const Invocation& run) { return break_glass(*options, run); }};
}

}  // namespace curfew::cli
