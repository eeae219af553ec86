#include "core/decide/tally.hpp"

#include <algorithm>
#include <span>

#include "api/names.hpp"
#include "core/check/timing.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"

namespace curfew::core {
namespace {

Denial not_an_approver(const Input& in, const api::Person& person, const std::string& verb) {
  const std::string named =
      in.policy ? describe(in.policy->spec.approval.approvers) : "nobody: there is no such AccessPolicy";
  return {.reason = std::string(api::reason::kApproverNotAllowed),
          .message = person.username + " may not " + verb + " this: the approvers are " + named};
}

std::optional<Denial> approve(const Input& in, const api::Person& person,
                              std::vector<std::string>& approved_by) {
  if (!in.policy) return not_an_approver(in, person, "approve");
  if (auto denial = approval_denial(*in.request, *in.policy, person)) return denial;
  if (std::find(approved_by.begin(), approved_by.end(), person.username) != approved_by.end()) {
    return Denial{std::string(api::reason::kApproverNotAllowed),
                  person.username + " has approved already, and counts once"};
  }
  approved_by.push_back(person.username);
  return std::nullopt;
}

std::optional<Denial> deny(const Input& in, const api::Person& person) {
  if (in.policy && covers(in.policy->spec.approval.approvers, person)) return std::nullopt;
  return not_an_approver(in, person, "deny");
}

// Whether the decision was made on the access, not before it: what the status of an Active request has
// observed either came before the grant or did not count.
bool is_about_access(const Input& in, std::size_t index) {
  const api::AccessRequestStatus& status = in.request->status;
  if (status.phase != api::Phase::Active && !in.granted_record) return false;  // a grant may be under way
  // The status may be forged; what this process has observed is not.
  const int observed =
      std::min(status.observed_decisions, in.observed_decisions.value_or(status.observed_decisions));
  return index >= static_cast<std::size_t>(std::max(0, observed));
}

std::optional<Denial> revoke(const Input& in, std::size_t index, Tally& result) {
  const api::Person& person = in.request->decisions[index].person;
  if (!may_revoke(*in.request, in.policy.get(), person)) return not_an_approver(in, person, "revoke");
  if (is_requester_or_subject(*in.request, person) || is_about_access(in, index)) return std::nullopt;
  if (!has_standing_approval(std::span(in.request->decisions).first(index), person.username)) {
    return Denial{
        std::string(api::reason::kNothingToTakeBack),
        person.username + " has not approved this, so there is no approval to take back: deny it to end it"};
  }
  std::erase(result.approved_by, person.username.str());
  result.taken_back.push_back(index);
  return std::nullopt;
}

// The number of leading decisions that count as made in time.
using InTime = std::size_t;

Denial too_late(const Input& in, const api::Person& person) {
  return {.reason = std::string(api::reason::kTimedOut),
          .message = person.username + " approved too late: this was first seen after " +
                     format_rfc3339(*approval_deadline(in)) + ", when the " +
                     in.policy->spec.approval.timeout + " of spec.approval.timeout of " +
                     describe(*in.policy) + " had passed"};
}

std::optional<Denial> count(const Input& in, std::size_t index, InTime in_time, Tally& result) {
  const api::Decision& decision = in.request->decisions[index];
  switch (decision.verdict) {
    case api::Verdict::Approve:
      return index < in_time ? approve(in, decision.person, result.approved_by)
                             : too_late(in, decision.person);
    case api::Verdict::Deny: return deny(in, decision.person);
    case api::Verdict::Revoke: return revoke(in, index, result);
  }
  return std::nullopt;
}

}  // namespace

std::string Tally::figures() const {
  return std::to_string(approved_by.size()) + "/" + std::to_string(required);
}

namespace {

Tally tally(const Input& input, InTime in_time) {
  Tally result;
  result.policy_known = input.policy != nullptr;
  if (input.policy)
    result.required = static_cast<std::size_t>(std::max(0, input.policy->spec.approval.required));
  for (std::size_t i = 0; i < input.request->decisions.size(); ++i) {
    const api::Decision& decision = input.request->decisions[i];
    result.discounted.push_back(count(input, i, in_time, result));
    const bool is_taken_back = !result.taken_back.empty() && result.taken_back.back() == i;
    if (result.discounted.back() || decision.verdict == api::Verdict::Approve || is_taken_back) continue;
    if (!result.ending) result.ending = i;
    if (!result.revoked && decision.verdict == api::Verdict::Revoke) result.revoked = i;
  }
  return result;
}

}  // namespace

Tally tally(const Input& input) {
  return tally(input, input.request->decisions.size());
}

Tally tally_in_time(const Input& input) {
  const auto deadline = approval_deadline(input);
  if (!deadline || input.now < *deadline) return tally(input);
  // The status may count more decisions than this process: the previous leader wrote it, and this process saw
  // the write after that term. Whether the decisions are believed is checked earlier.
  const int observed =
      std::max(input.observed_decisions.value_or(0), input.request->status.observed_decisions);
  return tally(input, std::max(static_cast<std::size_t>(std::max(0, observed)), input.recorded_decisions));
}

}  // namespace curfew::core
