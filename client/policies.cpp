#include "client/policies.hpp"

#include "core/identity.hpp"

namespace curfew::client {

Result<PolicyList> list_policies(const Session& session, bool all) {
  auto person = session.cluster->whoami();
  if (!person) return tl::unexpected(person.error());
  auto policies = session.cluster->list<api::AccessPolicy>({}, [&](const api::AccessPolicy& policy) {
    return all || core::covers(policy.spec.requesters, *person);
  });
  if (!policies) return tl::unexpected(policies.error());
  return PolicyList{.person = std::move(*person), .policies = std::move(*policies)};
}

}  // namespace curfew::client
