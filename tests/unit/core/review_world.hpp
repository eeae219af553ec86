#pragma once

#include <string>

#include "core_test.hpp"

// Access that is reviewed after its end, for the tests of its review.

inline api::AccessPolicySpec::Review a_review() {
  return {.required = 1, .reviewers = {group("auditors")}, .within = "72h", .block_while_overdue = false};
}

// Access of alice's that bob has approved, under a policy that requires so many reviews.
inline World reviewed_world(int required = 1) {
  World w = approved_after_ten_seconds();
  w.s.policy->spec.review = a_review();
  w.s.policy->spec.review->required = required;
  w.settle();
  REQUIRE(w.phase() == Phase::Active);
  return w;
}

inline World ended_world(int required = 1) {
  World w = reviewed_world(required);
  w.s.at(*w.status().expires_at);
  w.settle();
  REQUIRE(w.phase() == Phase::Expired);
  return w;
}

inline api::Person auditor(const std::string& name) {
  return {.username = name, .groups = {"auditors"}};
}

inline void review(World& w, const api::Person& person,
                   api::ReviewVerdict verdict = api::ReviewVerdict::Justified,
                   const std::string& comment = "") {
  w.s.request.reviews.push_back({.verdict = verdict, .person = person, .comment = comment});
}
