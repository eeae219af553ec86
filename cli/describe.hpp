#pragma once

#include <string>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "cli/terminal.hpp"
#include "core/decide/explain.hpp"

namespace curfew::cli {

// "59m left", "2d 3h left", "over": the largest two units, rounded down.
std::string time_left(TimePoint until, TimePoint now);
// "5m", "2d": the time since then, like kubectl's AGE.
std::string age(TimePoint since, TimePoint now);
// "2 of Group sre", "nobody: granted at once": who would decide.
std::string deciders(const api::AccessPolicy& policy);
// "1 of Group auditors within 72h", "-": who reviews access after its end.
std::string reviewers(const api::AccessPolicy& policy);
// "2h", "2h, extended to 8h": how long access lasts at most.
std::string longest(const api::AccessPolicy& policy);
// "-" for a request that Curfew has not reconciled yet.
std::string phase_text(const api::AccessRequest& request);
Colour colour_of(const api::AccessRequest& request);
// The first eight characters, which are enough to tell two requests apart.
std::string short_uid(const std::string& uid);
// One line per finding: the rule, and what is missing.
Printable lines_of(const Terminal& terminal, const std::vector<core::Finding>& findings);
// "in namespace payments", "cluster-wide"
std::string scope_text(const std::string& ns);
// Likewise of a request, also for several namespaces: "in namespaces payments and shop".
std::string scope_text(const api::AccessRequest& request);
// " cluster-wide", " in namespaces payments and shop": what the name of a ClusterAccessRequest does not say.
// Empty for an AccessRequest.
std::string scope_beside_name(const api::AccessRequest& request);
// For a column: "payments", "cluster-wide", "payments, shop", "payments and 3 more".
std::string place_text(const api::AccessRequest& request);
// The request as the arguments of another command: "payments/debug", "debug --cluster-wide".
std::string argument_of(const api::ObjectKey& key);
// The requester's username; "somebody" if the request has none.
std::string requester_text(const api::AccessRequest& request);
// "ClusterRole view"; "the policy's role" if the request names none.
std::string role_text(const api::AccessRequest& request);

}  // namespace curfew::cli
