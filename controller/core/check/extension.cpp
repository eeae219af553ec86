#include <algorithm>

#include "api/names.hpp"
#include "core/check/checks.hpp"
#include "core/check/timing.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "core/grant.hpp"
#include "core/identity.hpp"

namespace curfew::core::checks {
namespace {

namespace reason = api::reason;

std::string which(const Input& in) {
  return in.request->spec.extends + ", which this extends,";
}

bool is_of_same_requester(const api::AccessRequest& request, const api::AccessRequest& other) {
  return request.spec.requester && other.spec.requester &&
         request.spec.requester->username == other.spec.requester->username;
}

std::string describe_end(const Input& in) {
  const Extended& extended = *in.extended;
  if (const auto last = last_moment_to_extend(in); last && in.now >= *last)
    return which(in) + " ends at " + format_rfc3339(extended.access->expires_at) + ": ask for access anew";
  return which(in) + " is over: ask for access anew";
}

}  // namespace

std::optional<Denial> extensions_are_allowed(const Input& in) {
  if (!in.policy->spec.max_total.empty()) return std::nullopt;
  return denial(reason::kExtensionNotAllowed,
                describe(*in.policy) + " allows no extensions: it has no spec.duration.maxTotal");
}

std::optional<Denial> extended_has_not_ended_early(const Input& in) {
  if (!in.extended || !in.extended->end || in.extended->end->is_by_time) return std::nullopt;
  const Extended::End& end = *in.extended->end;
  const std::string direct = in.request->spec.extends.str();
  const std::string through = end.name == direct ? "" : " through " + direct;
  return denial(reason::kExtendedAccessEnded,
                end.name + ", which this extends" + through + ", ended: " + end.message);
}

std::optional<Denial> extended_is_active(const Input& in) {
  if (!in.extended || (!in.extended->request && !in.request->status.extends))
    return denial(reason::kExtendedNotActive, "spec.extends " + in_quotes(in.request->spec.extends) +
                                                  ": no request of that name has access here");
  const Extended& extended = *in.extended;
  if (!extended.request) return denial(reason::kExtendedNotActive, describe_end(in));
  const auto phase = extended.request->status.phase.value_or(api::Phase::Pending);
  if (phase == api::Phase::Pending || phase == api::Phase::Scheduled)
    return denial(reason::kExtendedNotActive, which(in) + " is " + std::string(api::to_string(phase)) +
                                                  " and gives no access yet: extend it once it is Active");
  const auto last = last_moment_to_extend(in);
  if (!extended.is_active || !last || in.now >= *last)
    return denial(reason::kExtendedNotActive, describe_end(in));
  return std::nullopt;
}

std::optional<Denial> extended_is_the_same(const Input& in) {
  const api::AccessRequest& request = *in.request;
  const api::AccessRequest& other = *in.extended->request;
  const auto refuse = [&](const std::string& what) {
    return denial(reason::kExtendedMismatch, which(in) + " " + what);
  };
  if (other.spec.policy != request.spec.policy)
    return refuse("is under AccessPolicy " + other.spec.policy + ", not " + request.spec.policy);
  if (!is_of_same_requester(request, other)) return refuse("was asked for by somebody else");
  if (!std::ranges::is_permutation(other.spec.namespaces, request.spec.namespaces))
    return refuse("gives access " + describe(scope_of(other)) + ", not " + describe(scope_of(request)));
  const auto role = effective_role(request, in.policy.get());
  const auto other_role = effective_role(other, nullptr);
  if (!other_role || role != other_role)
    return refuse("is for " + (other_role ? describe(*other_role) : "another role") + ", not " +
                  (role ? describe(*role) : "the same role"));
  const auto subject = effective_subject(request);
  const auto other_subject = effective_subject(other);
  if (!subject || !other_subject || username_of(*subject) != username_of(*other_subject))
    return refuse("gives access to " + (other_subject ? describe(*other_subject) : "somebody else") +
                  ", not to " + (subject ? describe(*subject) : "the same subject"));
  return std::nullopt;
}

std::optional<Denial> total_is_within_limit(const Input& in) {
  const api::ExtendedRef& access = *in.extended->access;
  const auto until = extendable_until(in, access.since);
  if (until && access.expires_at < *until) return std::nullopt;
  return denial(reason::kBeyondMaxTotal, which(in) + " lasts until " + format_rfc3339(access.expires_at) +
                                             " already: beyond maxTotal, the " + in.policy->spec.max_total +
                                             " from " + format_rfc3339(access.since) + " on that " +
                                             describe(*in.policy) + " allows in all");
}

std::optional<Denial> extended_has_no_other(const Input& in) {
  const std::string& other = in.extended->extended_by;
  if (other.empty()) return std::nullopt;
  return denial(reason::kExtendedAlready, which(in) + " is extended already: extend that one, " + other);
}

}  // namespace curfew::core::checks
