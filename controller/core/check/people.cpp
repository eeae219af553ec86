#include <algorithm>

#include "api/names.hpp"
#include "core/check/checks.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"

namespace curfew::core::checks {

namespace reason = api::reason;

std::optional<Denial> requester_is_known(const Input& in) {
  const auto& requester = in.request->spec.requester;
  if (requester && !requester->username.empty()) return std::nullopt;
  return denial(reason::kRequesterMissing,
                "spec.requester is missing, so nobody is known to have asked: make the request again");
}

std::optional<Denial> requester_is_allowed(const Input& in) {
  const auto& requesters = in.policy->spec.requesters;
  const api::Person& requester = *in.request->spec.requester;
  if (covers(requesters, requester)) return std::nullopt;
  return denial(reason::kRequesterNotAllowed, requester.username + " is not a requester of " +
                                                  describe(*in.policy) + ", which names " +
                                                  describe(requesters));
}

std::optional<Denial> subject_is_allowed(const Input& in) {
  const auto subject = effective_subject(*in.request);
  const std::string& requester = in.request->spec.requester->username;
  if (!subject || username_of(*subject) == requester) return std::nullopt;
  const auto& allowed = in.policy->spec.subjects;
  const bool is_listed = std::ranges::any_of(allowed, [&](const api::Subject& entry) {
    return entry.kind != "Group" && username_of(entry) == username_of(*subject);
  });
  if (is_listed) return std::nullopt;
  return denial(reason::kSubjectNotAllowed,
                "spec.subject " + describe(*subject) + " is not somebody for whom " + requester +
                    " may ask under " + describe(*in.policy) + ", whose subjects are " + describe(allowed));
}

}  // namespace curfew::core::checks
