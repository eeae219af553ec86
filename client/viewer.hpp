#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/session.hpp"

namespace curfew::client {

// The person, and what tells which requests concern them.
struct Viewer {
  api::Person person;
  std::map<std::string, api::AccessPolicy, std::less<>> policies;
  // Set if this person may not list policies: which requests are theirs to decide is then unknown.
  std::optional<Error> policies_error;

  // Whether the person asked for it or would get it.
  bool is_mine(const api::AccessRequest& request) const;
  // Whether the request waits for an approval that this person could give and has not given.
  bool is_to_decide(const api::AccessRequest& request) const;
  // Whether the access has ended and waits for a review that this person could give and has not given.
  bool is_to_review(const api::AccessRequest& request) const;
  // Whether the person may end or withdraw it.
  bool may_revoke(const api::AccessRequest& request) const;
};

Result<Viewer> viewer_of(const Session& session);

// Views on the requests; one request may be in several.
enum class Section { ToDecide, ToReview, Mine, Active };

bool is_in(Section section, const Viewer& viewer, const api::AccessRequest& request);
bool is_in_any(const std::vector<Section>& sections, const Viewer& viewer, const api::AccessRequest& request);

// What list_requests() found.
struct RequestList {
  std::string ns;            // the namespace that was listed; empty: all
  bool is_narrowed = false;  // this person may not list all namespaces: only their own was listed
  Result<std::vector<Read<api::AccessRequest>>> requests;
};

// The requests of the session's namespace that are in one of the sections. Without a chosen namespace: of all
// namespaces; if this person may not list these and `may_narrow`, of own_namespace(). And, without a chosen
// namespace, the ClusterAccessRequests that this person may list; only these if the session is cluster-wide.
RequestList list_requests(const Session& session, const Viewer& viewer, const std::vector<Section>& sections,
                          bool may_narrow);

}  // namespace curfew::client
