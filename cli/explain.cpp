#include "core/decide/explain.hpp"

#include <algorithm>
#include <memory>

#include "cli/describe.hpp"
#include "cli/session.hpp"
#include "client/facts.hpp"
#include "util/clock.hpp"

namespace curfew::cli {
namespace {

Printable head_of(const Terminal& terminal, const api::AccessRequest& request) {
  const auto& status = request.status;
  Printable head = terminal.paint(Colour::Bold, to_string(request.metadata.key())) + ": " +
                   terminal.paint(colour_of(request), phase_text(request));
  if (status.phase == api::Phase::Active && status.expires_at)
    head += Printable(", ") + time_left(*status.expires_at, SystemClock().now());
  head += Printable("\n  ") + requester_text(request) + " asks for " + role_text(request) +
          " under AccessPolicy " + request.spec.policy;
  if (!request.spec.reason.empty()) head += Printable(": ") + request.spec.reason;
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

Exit run(const std::string& name, Session& session) {
  const auto key = key_of(session, name);
  const auto request = must(session.cluster.get<api::AccessRequest>(key)).object;
  const Terminal& terminal = session.terminal;
  session.remember(std::vector{request});
  terminal.print(head_of(terminal, request));
  if (request.status.complete) {
    terminal.print(Printable("It is over: ") + request.status.message + "\n'kubectl curfew history " +
                   to_string(key) + "' tells how it went.\n");
    return Exit::Done;
  }
  const api::ObjectKey policy_key{"", std::string(request.spec.policy)};
  const auto policy = session.cluster.get<api::AccessPolicy>(policy_key);
  if (!policy && policy.error().kind != ErrorKind::NotFound) throw ExitError(policy.error());
  client::FactFinder finder(session.cluster);
  const auto findings = client::findings_of(
      finder.facts_of(request, policy ? std::make_shared<const api::AccessPolicy>(policy->object) : nullptr));
  terminal.print(lines_of(terminal, findings));
  if (request.status.phase != api::Phase::Active) terminal.print(way_of(findings));
  if (!policy && !client::Cluster::can_exist<api::AccessPolicy>(policy_key))
    terminal.print(Printable(policy.error().message) + "\n");
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
  return {command, [name](Session& session) { return run(*name, session); }};
}

}  // namespace curfew::cli
