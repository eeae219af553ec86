#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/decide/decision_builder.hpp"
#include "core/denial.hpp"
#include "core/input.hpp"

// The review of access after its end: what is asked of whom, what counts, and what an overdue one means.
namespace curfew::core {

// What a grant under the policy pins; nullopt if the policy wants no review.
std::optional<api::ReviewTerms> review_terms(const api::AccessPolicy& policy);

// The terms of this request's grant: by its Granted record, which nobody can change, else by its status;
// nullopt if there are none.
std::optional<api::ReviewTerms> review_terms(const Input& input);

// Whether the status says that the access has ended and is to be reviewed.
bool awaits_review(const api::AccessRequestStatus& status);

// Why this person's review does not count; nullopt if it does.
std::optional<Denial> review_denial(const api::AccessRequest& request, const api::ReviewTerms& terms,
                                    const api::Person& person);

// The access has ended, as the status of `builder` says. If it is to be reviewed: keeps the request live for
// that, or records that a deletion evades it.
void ask_for_review(const Input& input, DecisionBuilder& builder);

// The access has ended and is to be reviewed under `terms`.
Decision decide_review(const Input& input, api::ReviewTerms terms);

// The same for a request that is deleted: it may have been reviewed a moment before.
Decision decide_deleted_before_review(const Input& input, const api::ReviewTerms& terms);

// "waiting for a review by Group auditors until 2026-11-27T20:00:00Z"
std::string describe_missing_review(const api::ReviewTerms& terms, std::size_t reviews);

}  // namespace curfew::core
