#include "cli/request_flags.hpp"

#include <algorithm>

namespace curfew::cli {
namespace {

Printable nothing_fits(const std::vector<Candidate>& all, const RequestOptions& wish) {
  const std::string what = wish.role.empty() ? "" : wish.role + " ";
  Printable sentence = Printable("no policy lets you ask for ") + what + "in namespace " + wish.ns;
  if (all.empty()) {
    if (!wish.policy.empty())
      sentence += Printable(": AccessPolicy ") + wish.policy + " does not exist or does not offer that";
    return sentence + "; 'kubectl curfew policies' shows what there is";
  }
  for (const auto& candidate : all)
    sentence +=
        Printable("\n  AccessPolicy ") + candidate.request.spec.policy + ": " + candidate.obstacle()->message;
  return sentence;
}

}  // namespace

void add_request_flags(CLI::App& command, RequestOptions& wish) {
  command.add_option("role", wish.role,
                     "The role: NAME, ClusterRole/NAME or Role/NAME (default: what the policy offers)");
  command.add_option("--policy", wish.policy, "The AccessPolicy to ask under (default: the one that fits)");
  command.add_option("--for", wish.duration, "For how long, as in 30m or 1h30m (default: the policy's)");
  command.add_option("--reason", wish.reason, "Why, for those who decide and for the audit records");
  command.add_option("--start", wish.start_time,
                     "When it is to begin, as in 2026-11-24T20:00:00Z (default: when it is approved)");
  command.add_option("--subject", wish.subject,
                     "Who is to get it: User:NAME or ServiceAccount:NAMESPACE:NAME (default: you)");
}

std::vector<const Candidate*> fitting_of(const std::vector<Candidate>& all, const RequestOptions& wish) {
  std::vector<const Candidate*> fitting;
  std::vector<const Candidate*> near;
  for (const auto& candidate : all) {
    if (candidate.obstacle() == nullptr) fitting.push_back(&candidate);
    if (candidate.is_near()) near.push_back(&candidate);
  }
  if (std::ranges::any_of(fitting, &Candidate::is_certain))
    std::erase_if(fitting, [](const Candidate* candidate) { return !candidate->is_certain(); });
  if (!fitting.empty()) return fitting;
  if (near.size() == 1)
    throw ExitError(Exit::Failed, Printable(near.front()->obstacle()->message) +
                                      " (--reason and --for say why and for how long)");
  throw ExitError(Exit::Failed, nothing_fits(all, wish));
}

}  // namespace curfew::cli
