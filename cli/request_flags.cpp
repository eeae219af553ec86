#include "cli/request_flags.hpp"

#include "cli/describe.hpp"

namespace curfew::cli {
namespace {

Printable nothing_fits(const client::Session& session, const std::vector<client::Candidate>& all,
                       const client::RequestOptions& options) {
  const std::string what = options.role.empty() ? "access " : options.role + " ";
  Printable sentence = Printable("no policy lets you ask for ") + what + scope_text(session);
  if (all.empty()) {
    if (!options.policy.empty())
      sentence += Printable(": AccessPolicy ") + options.policy + " does not exist or does not offer that";
    return sentence + "; 'kubectl curfew policies' shows what there is";
  }
  for (const auto& candidate : all) {
    const std::string name = "AccessPolicy " + candidate.request().spec.policy.str();
    const std::string& message = candidate.obstacle()->message;
    sentence += Printable("\n  ") +
                (message.find(name) == std::string::npos ? Printable(name) + ": " : Printable()) + message;
  }
  return sentence;
}

std::optional<api::Subject> subject_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (kind == "User" && !rest.empty()) return api::Subject{.kind = kind, .name = rest, .ns = ""};
  const auto second = rest.find(':');
  if (kind == "ServiceAccount" && second != std::string::npos && second > 0 && second + 1 < rest.size()) {
    return api::Subject{.kind = kind, .name = rest.substr(second + 1), .ns = rest.substr(0, second)};
  }
  throw ExitError(Exit::Usage, Printable("--subject ") + text +
                                   " is nobody: write User:NAME or ServiceAccount:NAMESPACE:NAME");
}

}  // namespace

std::string scope_text(const client::Session& session) {
  api::AccessRequest asked;
  asked.metadata.ns = session.own_namespace();
  asked.spec.namespaces = session.namespaces;
  return scope_text(asked);
}

void add_request_flags(CLI::App& command, RequestFlags& flags) {
  client::RequestOptions& options = flags.options;
  command.add_option("role", options.role,
                     "The role: NAME, ClusterRole/NAME or Role/NAME (default: what the policy offers)");
  command.add_option("--policy", options.policy,
                     "The AccessPolicy to ask under (default: the one that fits)");
  command.add_option("--for", options.duration, "For how long, as in 30m or 1h30m (default: the policy's)");
  command.add_option("--reason", options.reason, "Why, for those who decide and for the audit records");
  command.add_option("--start", options.start_time,
                     "When it is to begin, as in 2026-11-24T20:00:00Z (default: when it is approved)");
  command.add_option("--subject", flags.subject,
                     "Who is to get it: User:NAME or ServiceAccount:NAMESPACE:NAME (default: you)");
}

client::RequestOptions options_of(const RequestFlags& flags) {
  client::RequestOptions options = flags.options;
  options.subject = subject_of(flags.subject);
  return options;
}

std::vector<const client::Candidate*> fitting_candidates(const client::Session& session,
                                                         const std::vector<client::Candidate>& all,
                                                         const client::RequestOptions& options) {
  auto fitting = client::fitting_of(all);
  if (!fitting.empty()) return fitting;
  if (const auto* nearest = client::nearest_of(all))
    throw ExitError(Exit::Failed, Printable(nearest->obstacle()->message) +
                                      " (--reason and --for say why and for how long)");
  throw ExitError(Exit::Failed, nothing_fits(session, all, options));
}

}  // namespace curfew::cli
