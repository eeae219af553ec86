#include "core/identity.hpp"

#include <algorithm>

#include "api/names.hpp"
#include "api/text.hpp"
#include "core/describe.hpp"

namespace curfew::core {
namespace {

constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

bool covers(const api::Subject& entry, const api::Person& person) {
  if (entry.kind == "Group")
    return std::find(person.groups.begin(), person.groups.end(), entry.name) != person.groups.end();
  return username_of(entry) == person.username;
}

bool is_requester(const api::AccessRequest& request, const api::Person& person) {
  return request.spec.requester && request.spec.requester->username == person.username;
}

bool is_subject(const api::AccessRequest& request, const api::Person& person) {
  const auto& subject = request.status.subject ? request.status.subject : request.spec.subject;
  return subject && username_of(*subject) == person.username;
}

bool has_approved(const api::AccessRequest& request, const api::Person& person) {
  const auto& approved_by = request.status.approved_by;
  return std::find(approved_by.begin(), approved_by.end(), person.username.str()) != approved_by.end();
}

}  // namespace

std::string username_of(const api::Subject& subject) {
  if (subject.kind != "ServiceAccount") return subject.name;
  return std::string(kServiceAccountPrefix) + subject.ns + ":" + subject.name;
}

bool covers(std::span<const api::Subject> entries, const api::Person& person) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const api::Subject& entry) { return covers(entry, person); });
}

api::Subject subject_for(const api::Person& requester) {
  const std::string_view username = requester.username;
  if (username.starts_with(kServiceAccountPrefix)) {
    const std::string_view rest = username.substr(kServiceAccountPrefix.size());
    const std::size_t colon = rest.find(':');
    // A username of any other form is not a ServiceAccount, regardless of the authenticator, and RBAC treats
    // it as a User of that name.
    const bool is_service_account = colon != std::string_view::npos &&
                                    api::is_dns_label(rest.substr(0, colon)) &&
                                    api::is_dns_subdomain(rest.substr(colon + 1));
    if (is_service_account) {
      return {.kind = "ServiceAccount",
              .name = std::string(rest.substr(colon + 1)),
              .ns = std::string(rest.substr(0, colon))};
    }
  }
  return {.kind = "User", .name = requester.username, .ns = ""};
}

std::optional<Denial> approval_denial(const api::AccessRequest& request, const api::AccessPolicy& policy,
                                      const api::Person& person) {
  const auto& approval = policy.spec.approval;
  if (!covers(approval.approvers, person)) {
    return Denial{std::string(api::reason::kApproverNotAllowed), person.username + " is not an approver of " +
                                                                     describe(policy) + ", which names " +
                                                                     describe(approval.approvers)};
  }
  if (approval.allow_self_approval) return std::nullopt;
  if (is_requester(request, person)) {
    return Denial{std::string(api::reason::kSelfApproval),
                  person.username + " asked for this access and so cannot approve it"};
  }
  if (is_subject(request, person)) {
    return Denial{std::string(api::reason::kSelfApproval),
                  person.username + " would get this access and so cannot approve it"};
  }
  return std::nullopt;
}

bool is_requester_or_subject(const api::AccessRequest& request, const api::Person& person) {
  return is_requester(request, person) || is_subject(request, person);
}

bool has_standing_approval(std::span<const api::Decision> decisions, std::string_view username) {
  bool approves = false;
  for (const api::Decision& decision : decisions) {
    if (decision.person.username == username && decision.verdict != api::Verdict::Deny)
      approves = decision.verdict == api::Verdict::Approve;
  }
  return approves;
}

bool may_revoke(const api::AccessRequest& request, const api::AccessPolicy* policy,
                const api::Person& person) {
  return is_requester_or_subject(request, person) || has_approved(request, person) ||
         (policy != nullptr && covers(policy->spec.approval.approvers, person));
}

std::string describe(std::span<const api::Subject> entries) {
  std::string text;
  for (const auto& entry : entries) text += (text.empty() ? "" : ", ") + describe(entry);
  return text.empty() ? "nobody" : text;
}

}  // namespace curfew::core
