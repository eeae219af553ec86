#include "client/explain.hpp"

#include <algorithm>
#include <memory>

#include "cli/describe.hpp"
#include "cli/verb.hpp"
#include "core/decide/decide.hpp"
#include "core/decide/review.hpp"
#include "util/visible_text.hpp"

namespace curfew::cli {
namespace {

Printable head_of(const Terminal& terminal, const api::AccessRequest& request, TimePoint now) {
  const auto& status = request.status;
  Printable head = terminal.paint(Colour::Bold, to_string(request.metadata.key())) + ": " +
                   terminal.paint(colour_of(request), phase_text(request));
  if (status.phase == api::Phase::Active && status.expires_at)
    head += Printable(", ") + time_left(*status.expires_at, now);
  head += Printable("\n  ") + requester_text(request) + " asks for " + role_text(request) +
          scope_beside_name(request) + " under AccessPolicy " + request.spec.policy;
  if (!request.spec.extends.empty()) head += Printable(", to extend ") + request.spec.extends;
  if (const auto reason = utf8::trimmed(request.spec.reason); !reason.empty())
    head += Printable(": ") + reason;
  return head + "\n  uid " + request.metadata.uid + "\n";
}

// What has to change for the request to pass, in the order of the checks.
Printable way_of(const std::vector<core::Finding>& findings) {
  const bool passes = std::ranges::none_of(findings, [](const core::Finding& finding) {
    return finding.outcome == core::Finding::Outcome::Failed;
  });
  if (passes) return "Nothing that can be seen from here stands against it.\n";
  Printable way = "To pass:\n";
  for (const auto& finding : findings) {
    if (finding.outcome == core::Finding::Outcome::Failed) way += Printable("  - ") + finding.message + "\n";
  }
  return way;
}

Exit explain(const std::string& name, const Invocation& run) {
  const auto key = run.session.key_of(name);
  const auto found = must(client::explain(run.session, key));
  const auto& request = found.request;
  const Terminal& terminal = run.terminal;
  run.session.remember(std::vector{request});
  terminal.print(head_of(terminal, request, run.session.clock->now()));
  if (core::is_over(request.status)) {
    terminal.print(Printable("It is over: ") + request.status.message + "\n'kubectl curfew history " +
                   argument_of(key) + "' tells how it went.\n");
    if (core::awaits_review(request.status))
      terminal.print(Printable("Its reviewers say what they found: kubectl curfew review ") +
                     argument_of(key) + " --justified or --disputed, with -m and their words.\n");
    return Exit::Done;
  }
  if (found.policy_error && found.policy_error->kind != ErrorKind::NotFound)
    throw ExitError(*found.policy_error);
  terminal.print(lines_of(terminal, found.findings));
  if (request.status.phase != api::Phase::Active) terminal.print(way_of(found.findings));
  for (const auto& warning : found.warnings) terminal.print(Printable("The policy warns: ") + warning + "\n");
  if (!found.policy_can_exist) terminal.print(Printable(found.policy_error->message) + "\n");
  if (!request.status.message.empty())
    terminal.print(Printable("Curfew says: ") + request.status.message + "\n");
  return Exit::Done;
}

}  // namespace

Verb explain_verb(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("explain", "Each check of a request, passed or failed, and what would make it pass");
  command->add_option("name", *name, "NAME or NAMESPACE/NAME")->required();
  return {command, [name](const Invocation& run) { return explain(*name, run); }};
}

}  // namespace curfew::cli
