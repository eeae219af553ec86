#include "api/names.hpp"
#include "core/check/checks.hpp"
#include "core/describe.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"

namespace curfew::core::checks {

std::optional<Denial> reviews_are_not_overdue(const Input& in) {
  if (!in.overdue_review) return std::nullopt;
  const OverdueReview& overdue = *in.overdue_review;
  const auto subject = effective_subject(*in.request);
  const std::string whose = "request " + overdue.request + ", by which " +
                            (subject ? username_of(*subject) : "the subject") + " had access,";
  const std::string since = format_rfc3339(overdue.since);
  const std::string rule = describe(*in.policy) + " gives no more access until ";
  return denial(api::reason::kReviewOverdue, overdue.blocks_until
                                                 ? whose + " was deleted before its review, at " + since +
                                                       ": " + rule + format_rfc3339(*overdue.blocks_until)
                                                 : "the review of " + whose + " is overdue since " + since +
                                                       ": " + rule + "it is reviewed");
}

}  // namespace curfew::core::checks
