#include "core/decide/review.hpp"

#include <algorithm>
#include <chrono>

#include "api/names.hpp"
#include "core/decide/decide.hpp"
#include "core/decide/trust.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"
#include "util/duration.hpp"

namespace curfew::core {
namespace {

constexpr std::string_view kUsualTime = "72h";
// An overdue review is said again so often.
constexpr std::chrono::hours kReminder{24};
// In the names of their records, reviews that do not count follow the decisions, of which there are 16.
constexpr std::int64_t kFirstIndex = 16;

constexpr std::string_view kReviewed = api::kReviewed;

std::chrono::seconds time_for(const api::ReviewTerms& terms) {
  return parse_duration(terms.within).value_or(*parse_duration(kUsualTime));
}

std::string sentence_of(const api::Review& review) {
  return with_comment(review.person.username + (review.verdict == api::ReviewVerdict::Justified
                                                    ? " found this access justified"
                                                    : " disputes this access"),
                      review.comment);
}

std::string name_of_review(const Input& in, std::size_t index) {
  return api::record_name(in.request->metadata.uid, api::AuditAction::Reviewed,
                          static_cast<std::int64_t>(index));
}

bool is_recorded(const Input& in, const std::string& name) {
  return std::ranges::find(in.review_records, name) != in.review_records.end();
}

bool is_believed_review(const Input& in, std::size_t index) {
  if (is_recorded(in, name_of_review(in, index))) return true;
  if (!in.guard.in_force) return false;
  return is_as_young_as_guard(*in.request, in.guard) ||
         index >= static_cast<std::size_t>(in.unwatched_reviews);
}

bool has_reviewed_before(const Input& in, std::size_t index) {
  const auto& reviews = in.request->reviews;
  return std::any_of(
      reviews.begin(), reviews.begin() + static_cast<std::ptrdiff_t>(index),
      [&](const api::Review& review) { return review.person.username == reviews[index].person.username; });
}

// For each review why it does not count; nullopt if it does.
std::vector<std::optional<Denial>> judge(const Input& in, const api::ReviewTerms& terms) {
  std::vector<std::optional<Denial>> denials;
  denials.reserve(in.request->reviews.size());
  for (std::size_t i = 0; i < in.request->reviews.size(); ++i) {
    const api::Person& person = in.request->reviews[i].person;
    auto denial = review_denial(*in.request, terms, person);
    if (!denial && !is_believed_review(in, i))
      denial = Denial{
          std::string(api::reason::kGuardNotInForce),
          "this was reviewed in the name of " + person.username +
              ", by whom is not known: the admission policies that establish who reviews were not in force, or nobody watched"};
    if (!denial && has_reviewed_before(in, i))
      denial = Denial{std::string(api::reason::kReviewerNotAllowed),
                      person.username + " has reviewed this already, and counts once"};
    denials.push_back(std::move(denial));
  }
  return denials;
}

std::size_t counted(const std::vector<std::optional<Denial>>& denials) {
  return static_cast<std::size_t>(
      std::ranges::count_if(denials, [](const auto& denial) { return !denial.has_value(); }));
}

void note_reviews(const Input& in, const std::vector<std::optional<Denial>>& denials,
                  DecisionBuilder& builder) {
  api::ReviewTerms& terms = *builder.status.review;
  const auto observed = static_cast<std::size_t>(std::max(0, terms.observed));
  terms.reviewed_by.clear();
  for (std::size_t i = 0; i < denials.size(); ++i) {
    const api::Review& review = in.request->reviews[i];
    if (denials[i]) {
      if (i < observed) continue;
      builder.step({.action = api::AuditAction::PolicyViolation,
                    .message = denials[i]->message,
                    .index = kFirstIndex + static_cast<std::int64_t>(i),
                    .is_warning = true,
                    .doing = "Review"});
      continue;
    }
    terms.reviewed_by.emplace_back(review.person.username.str());
    // The status may be forged: whether it is recorded, the record itself tells.
    if (is_recorded(in, name_of_review(in, i))) continue;
    builder.step({.action = api::AuditAction::Reviewed,
                  .message = sentence_of(review),
                  .actor = review.person,
                  .comment = review.comment,
                  .index = static_cast<std::int64_t>(i),
                  .is_warning = review.verdict == api::ReviewVerdict::Disputed,
                  .doing = "Review",
                  .verdict = review.verdict});
  }
  terms.observed = static_cast<int>(denials.size());
}

// How the access ended, and what became of its review.
void tell(DecisionBuilder& builder, const std::string& of_review) {
  const auto& ending = builder.status.ending;
  builder.message(ending ? ending->message.str() + "; " + of_review : of_review);
}

Decision complete_review(const Input& in, const std::vector<std::optional<Denial>>& denials,
                         DecisionBuilder builder) {
  const api::Review* decisive = nullptr;  // a dispute, or else the last review
  for (std::size_t i = 0; i < denials.size(); ++i) {
    const api::Review& review = in.request->reviews[i];
    if (denials[i] || (decisive != nullptr && decisive->verdict == api::ReviewVerdict::Disputed)) continue;
    decisive = &review;
  }
  if (decisive == nullptr) return builder.done(NextLook::at(*builder.status.review->due_at));
  const std::string said = sentence_of(*decisive);
  builder.status.complete = true;
  tell(builder, said);
  builder.condition(kReviewed, "True", api::to_string(decisive->verdict), said);
  return builder.done(NextLook::never());
}

// "waiting for a review by Group auditors"
std::string describe_missing(const api::ReviewTerms& terms, std::size_t reviews) {
  const auto missing = static_cast<std::size_t>(terms.required) - reviews;
  return "waiting for " + (missing == 1 ? std::string("a review") : std::to_string(missing) + " reviews") +
         " by " + describe(terms.reviewers);
}

// Records it once, and says it in an Event once a day.
NextLook note_overdue(const Input& in, DecisionBuilder& builder, std::size_t reviews) {
  api::ReviewTerms& terms = *builder.status.review;
  const std::string message =
      "not reviewed by " + format_rfc3339(*terms.due_at) + ": still " + describe_missing(terms, reviews);
  builder.message(message);
  builder.condition(kReviewed, "False", api::reason::kReviewOverdue, message);
  const DecisionBuilder::Step step{
      .action = api::AuditAction::ReviewOverdue, .message = message, .is_warning = true, .doing = "Review"};
  if (!is_recorded(in, api::record_name(in.request->metadata.uid, api::AuditAction::ReviewOverdue)))
    builder.record(step);
  // A time to come is forged.
  if (!terms.overdue_at || *terms.overdue_at > in.now || in.now >= *terms.overdue_at + kReminder) {
    terms.overdue_at = floor_to_second(in.now);
    builder.emit_event(step);
  }
  return NextLook::at(*terms.overdue_at + kReminder);
}

}  // namespace

std::optional<api::ReviewTerms> review_terms(const api::AccessPolicy& policy) {
  const auto& review = policy.spec.review;
  if (!review) return std::nullopt;
  return api::ReviewTerms{.required = std::max(1, review->required),
                          .reviewers = review->reviewers,
                          .within = review->within.empty() ? std::string(kUsualTime) : review->within,
                          .due_at = std::nullopt,
                          .overdue_at = std::nullopt};
}

std::optional<api::ReviewTerms> review_terms(const Input& input) {
  auto in_status = input.request->status.review;
  if (in_status) in_status->required = std::max(1, in_status->required);
  if (!input.granted_record) return in_status;
  std::optional<api::ReviewTerms> terms = input.granted_record->review;
  if (terms) terms->required = std::max(1, terms->required);
  if (terms && in_status) {
    terms->due_at = in_status->due_at;
    terms->overdue_at = in_status->overdue_at;
    terms->observed = in_status->observed;
    terms->reviewed_by = in_status->reviewed_by;
  }
  return terms;
}

bool awaits_review(const api::AccessRequestStatus& status) {
  return status.review && status.review->due_at && is_over(status) && !status.complete;
}

namespace {

bool has_approved(const api::AccessRequest& request, std::string_view username) {
  return std::ranges::any_of(request.decisions, [&](const api::Decision& decision) {
    return decision.verdict == api::Verdict::Approve && decision.person.username == username;
  });
}

}  // namespace

std::optional<Denial> review_denial(const api::AccessRequest& request, const api::ReviewTerms& terms,
                                    const api::Person& person) {
  const auto refused = [&](const std::string& why) {
    return Denial{std::string(api::reason::kReviewerNotAllowed), person.username + why};
  };
  if (is_requester_or_subject(request, person))
    return refused(" asked for this access or had it, and so cannot review it");
  const auto& approvers = request.status.approved_by;
  if (has_approved(request, person.username) ||
      std::ranges::find(approvers, person.username.str()) != approvers.end())
    return refused(" approved this access, and so cannot review it");
  if (!covers(terms.reviewers, person))
    return refused(" is not a reviewer of this access: " + describe(terms.reviewers));
  return std::nullopt;
}

namespace {

TimePoint end_of_access(const Input& in, const DecisionBuilder& builder) {
  if (in.end_record) return floor_to_second(in.end_record->time);
  return builder.status.ended_at.value_or(in.now);
}

}  // namespace

void ask_for_review(const Input& input, DecisionBuilder& builder) {
  auto terms = review_terms(input);
  if (!terms) terms = builder.status.review;  // pinned by this decision
  if (!terms) return;
  api::AccessRequestStatus& status = builder.status;
  terms->due_at = end_of_access(input, builder) + time_for(*terms);
  status.review = terms;
  if (input.request_is_gone || input.request->metadata.deletion_timestamp) {
    const std::string message =
        "the request was deleted, so that this access will not be reviewed by " + describe(terms->reviewers);
    builder.condition(kReviewed, "False", api::reason::kReviewEvaded, message);
    tell(builder, message);
    return builder.step({.action = api::AuditAction::ReviewEvaded,
                         .message = message,
                         .is_warning = true,
                         .doing = "Review"});
  }
  const std::string message = describe_missing_review(*terms, 0);
  status.complete = false;
  tell(builder, message);
  builder.condition(kReviewed, "False", api::reason::kReviewPending, message);
  builder.step({.action = api::AuditAction::ReviewRequested, .message = message, .doing = "Review"});
}

Decision decide_review(const Input& input, api::ReviewTerms terms) {
  DecisionBuilder builder(input);
  // Whatever the status says: it may be forged.
  builder.status.ended_at = end_of_access(input, builder);
  terms.due_at = *builder.status.ended_at + time_for(terms);
  builder.status.review = terms;
  builder.status.complete = false;
  std::erase_if(builder.status.approved_by,
                [&](const std::string& name) { return !has_approved(*input.request, name); });
  if (input.is_completion_false) {
    const std::string what = "somebody set status.complete, although nobody has reviewed this access";
    builder.tampering(what, fingerprint(what));
  }
  // What came while the guard is away is judged once it is in force.
  if (!input.guard.in_force) return builder.done(NextLook::on_change(Watched::Guard));
  const auto denials = judge(input, terms);
  note_reviews(input, denials, builder);
  const std::size_t reviews = counted(denials);
  if (reviews >= static_cast<std::size_t>(terms.required)) return complete_review(input, denials, builder);
  if (input.now >= *terms.due_at) {
    const NextLook next = note_overdue(input, builder, reviews);
    return builder.done(next);
  }
  const std::string missing = describe_missing_review(terms, reviews);
  tell(builder, missing);
  builder.condition(kReviewed, "False", api::reason::kReviewPending, missing);
  return builder.done(NextLook::at(*terms.due_at));
}

Decision decide_deleted_before_review(const Input& input, const api::ReviewTerms& terms) {
  const auto denials = judge(input, terms);
  if (counted(denials) >= static_cast<std::size_t>(terms.required)) return decide_review(input, terms);
  DecisionBuilder builder(input);
  if (!builder.status.review) builder.status.review = terms;
  note_reviews(input, denials, builder);
  ask_for_review(input, builder);
  builder.status.complete = true;
  return builder.done(NextLook::never());
}

std::string describe_missing_review(const api::ReviewTerms& terms, std::size_t reviews) {
  const std::string sentence = describe_missing(terms, reviews);
  return terms.due_at ? sentence + " until " + format_rfc3339(*terms.due_at) : sentence;
}

}  // namespace curfew::core
