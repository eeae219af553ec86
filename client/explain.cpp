#include "client/explain.hpp"

#include "client/extend.hpp"
#include "client/warnings.hpp"
#include "core/decide/decide.hpp"
#include "core/effective.hpp"

namespace curfew::client {

Result<Explanation> explain(const Session& session, const api::ObjectKey& key) {
  auto request = session.cluster->get<api::AccessRequest>(key);
  if (!request) return tl::unexpected(request.error());
  Explanation result{.request = std::move(request->object),
                     .policy = {},
                     .policy_error = std::nullopt,
                     .findings = {},
                     .warnings = {}};
  if (core::is_over(result.request.status)) return result;
  const api::ObjectKey policy_key{"", std::string(result.request.spec.policy)};
  result.policy_can_exist = can_exist(ref_of<api::AccessPolicy>(policy_key));
  if (auto policy = session.cluster->get<api::AccessPolicy>(policy_key)) {
    result.policy = std::make_shared<const api::AccessPolicy>(std::move(policy->object));
  } else {
    result.policy_error = policy.error();
    if (policy.error().kind != ErrorKind::NotFound) return result;
  }
  auto facts = gather_facts(session, {{.request = std::make_shared<const api::AccessRequest>(result.request),
                                       .policy = result.policy}});
  gather_usage(session, {&facts.front()});
  gather_extended(session, facts.front());
  result.findings = findings_of(facts.front());
  if (result.policy)
    result.warnings = warnings_of(*result.policy, core::effective_role(result.request, result.policy.get()));
  return result;
}

}  // namespace curfew::client
