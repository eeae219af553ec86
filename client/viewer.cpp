#include "client/viewer.hpp"

#include <algorithm>
#include <iterator>

#include "core/decide/review.hpp"
#include "core/identity.hpp"

namespace curfew::client {
namespace {

// The narrowest field selector that selects every request of the sections.
std::string fields_of_sections(const std::vector<Section>& sections) {
  if (std::ranges::find(sections, Section::Mine) != sections.end()) return "";
  const bool only_active =
      std::ranges::all_of(sections, [](Section section) { return section == Section::Active; });
  return only_active ? "status.phase=Active" : "status.complete!=true";
}

}  // namespace

bool Viewer::is_mine(const api::AccessRequest& request) const {
  const auto& username = person.username;
  const auto& subject = request.status.subject ? request.status.subject : request.spec.subject;
  return (request.spec.requester && request.spec.requester->username == username) ||
         (subject && subject->kind != "Group" && core::username_of(*subject) == std::string(username));
}

bool Viewer::is_to_decide(const api::AccessRequest& request) const {
  const auto policy = policies.find(std::string(request.spec.policy));
  const bool waits = !request.status.phase || request.status.phase == api::Phase::Pending;
  if (!waits || policy == policies.end() || core::approval_denial(request, policy->second, person))
    return false;
  return !core::has_standing_approval(request.decisions, person.username);
}

bool Viewer::is_to_review(const api::AccessRequest& request) const {
  return core::awaits_review(request.status) &&
         !core::review_denial(request, *request.status.review, person) &&
         std::ranges::none_of(request.reviews, [&](const api::Review& review) {
           return review.person.username == person.username;
         });
}

bool Viewer::may_revoke(const api::AccessRequest& request) const {
  const auto policy = policies.find(std::string(request.spec.policy));
  return core::may_revoke(request, policy == policies.end() ? nullptr : &policy->second, person);
}

Result<Viewer> viewer_of(const Session& session) {
  auto person = session.cluster->whoami();
  if (!person) return tl::unexpected(person.error());
  Viewer viewer{.person = std::move(*person), .policies = {}, .policies_error = std::nullopt};
  const auto listed = session.cluster->list_pages<api::AccessPolicy>({}, [&](Page<api::AccessPolicy> page) {
    if (page.is_first) viewer.policies.clear();
    for (auto& policy : page.items) {
      std::string name = policy.object.metadata.name;
      viewer.policies.insert_or_assign(std::move(name), std::move(policy.object));
    }
  });
  if (!listed) {
    viewer.policies.clear();
    viewer.policies_error = listed.error();
  }
  return viewer;
}

bool is_in(Section section, const Viewer& viewer, const api::AccessRequest& request) {
  switch (section) {
    case Section::ToDecide: return viewer.is_to_decide(request);
    case Section::ToReview: return viewer.is_to_review(request);
    case Section::Mine: return viewer.is_mine(request);
    case Section::Active: break;
  }
  return request.status.phase == api::Phase::Active;
}

bool is_in_any(const std::vector<Section>& sections, const Viewer& viewer,
               const api::AccessRequest& request) {
  return std::ranges::any_of(sections, [&](Section section) { return is_in(section, viewer, request); });
}

RequestList list_requests(const Session& session, const Viewer& viewer, const std::vector<Section>& sections,
                          bool may_narrow) {
  const auto list = [&](const std::string& ns, bool is_cluster_scoped) {
    return session.cluster->list<api::AccessRequest>(
        {.ns = ns,
         .fields = fields_of_sections(sections),
         .labels = "",
         .is_cluster_scoped = is_cluster_scoped},
        [&](const api::AccessRequest& request) { return is_in_any(sections, viewer, request); });
  };
  if (session.is_cluster_wide) return {.ns = "", .requests = list("", true)};
  RequestList result{.ns = session.ns, .requests = list(session.ns, false)};
  if (!result.requests && result.requests.error().kind == ErrorKind::Forbidden && session.ns.empty() &&
      may_narrow) {
    result.is_narrowed = true;
    result.ns = session.own_namespace();
    result.requests = list(result.ns, false);
  }
  if (!result.requests || !session.ns.empty()) return result;
  // Those who may not list them have nothing to do with them.
  auto cluster_wide = list("", true);
  if (cluster_wide) std::ranges::move(*cluster_wide, std::back_inserter(*result.requests));
  return result;
}

}  // namespace curfew::client
