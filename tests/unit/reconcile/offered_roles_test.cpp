#include "reconcile/offered_roles.hpp"

#include "unit/reconcile/reconcile_test.hpp"

namespace {

api::AccessPolicy policy_offering(const std::string& name, const std::string& kind = "Role") {
  return policy_with({{"roles", {{{"kind", kind}, {"name", name}}}}});
}

}  // namespace

TEST_CASE("a name that was not offered before is news, and listed with the next whole list") {
  reconcile::OfferedRoles roles;
  CHECK(roles.offer(policy_offering("deployer")));
  CHECK_FALSE(roles.offer(policy_offering("deployer")));
  CHECK(roles.is_offered("deployer"));
  CHECK_FALSE(roles.is_listed("deployer"));
  roles.list_began({shared(policy_offering("deployer"))});
  CHECK_FALSE(roles.is_listed("deployer"));
  roles.list_complete();
  CHECK(roles.is_listed("deployer"));
  CHECK_FALSE(roles.is_listed("debugger"));
}

TEST_CASE("a name that is offered in the middle of a list was not looked for by its first pages") {
  reconcile::OfferedRoles roles;
  roles.list_began({});
  CHECK(roles.offer(policy_offering("deployer")));
  roles.list_complete();
  CHECK(roles.is_offered("deployer"));
  CHECK_FALSE(roles.is_listed("deployer"));
}

TEST_CASE("a name that no policy offers any more stays until the next list") {
  reconcile::OfferedRoles roles;
  roles.list_began({shared(policy_offering("deployer"))});
  roles.list_complete();
  CHECK_FALSE(roles.offer(policy_offering("deployer")));  // its policy is created again: no list is needed
  roles.list_began({});
  CHECK_FALSE(roles.is_offered("deployer"));
  CHECK_FALSE(roles.is_listed("deployer"));
  roles.list_complete();
  CHECK(roles.offer(policy_offering("deployer")));
}

TEST_CASE("ClusterRoles are none of them") {
  reconcile::OfferedRoles roles;
  CHECK_FALSE(roles.offer(policy_offering("view", "ClusterRole")));
  CHECK_FALSE(roles.is_offered("view"));
}
