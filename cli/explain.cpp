#include "core/explain.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/facts.hpp"
#include "cli/session.hpp"
#include "cli/words.hpp"
#include "util/clock.hpp"

namespace curfew::cli {
namespace {

void print_head(const Session& session, const api::AccessRequest& request) {
  const auto& status = request.status;
  std::cout << session.terminal.paint(Colour::Bold, to_string(request.metadata.key())) << ": " << session.terminal.paint(colour_of(request), phase_text(request));
  if (status.phase == api::Phase::Active && status.expires_at) std::cout << ", " << time_left(*status.expires_at, SystemClock().now());
  std::cout << "\n  " << (request.spec.requester ? harmless(std::string(request.spec.requester->username)) : "somebody") << " asks for " << role_text(request) << " under AccessPolicy "
            << std::string(request.spec.policy);
  if (!request.spec.reason.empty()) std::cout << ": " << harmless(request.spec.reason);
  std::cout << "\n";
}

// What would have to change, in the order in which it counts.
void print_way(const std::vector<core::Finding>& findings) {
  const bool passes = std::ranges::none_of(findings, [](const core::Finding& finding) { return finding.outcome == core::Finding::Outcome::Failed; });
  if (passes) {
    std::cout << "Nothing that can be seen from here stands against it.\n";
    return;
  }
  std::cout << "To pass:\n";
  for (const auto& finding : findings) {
    if (finding.outcome == core::Finding::Outcome::Failed) std::cout << "  - " << harmless(finding.message) << "\n";
  }
}

Exit run(const std::string& name, Session& session) {
  const auto key = key_of(session, name);
  const auto request = must(session.cluster.get<api::AccessRequest>(key)).object;
  print_head(session, request);
  if (request.status.complete) {
    std::cout << "It is over: " << harmless(std::string(request.status.message)) << "\n'kubectl curfew history " << to_string(key) << "' tells how it went.\n";
    return Exit::Done;
  }
  const auto policy = session.cluster.get<api::AccessPolicy>({"", std::string(request.spec.policy)});
  if (!policy && policy.error().kind != ErrorKind::NotFound) throw Stop(Exit::Failed, policy.error().message);
  FactFinder finder(session.cluster);
  const auto findings = findings_of(finder.facts_of(request, policy ? std::make_shared<const api::AccessPolicy>(policy->object) : nullptr));
  std::cout << lines_of(session.terminal, findings);
  if (request.status.phase != api::Phase::Active) print_way(findings);
  if (!request.status.message.empty()) std::cout << "Curfew says: " << harmless(std::string(request.status.message)) << "\n";
  return Exit::Done;
}

}  // namespace

Verb explain_verb(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "Each check of a request, passed or failed, and what would make it pass");
  command->add_option("name", *name, "NAME or NAMESPACE/NAME")->required();
  return {command, [name](Session& session) { return run(*name, session); }};
}

}  // namespace curfew::cli
