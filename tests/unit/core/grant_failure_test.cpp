#include "core/decide/grant_failure.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "builders.hpp"

using namespace curfew;
using namespace curfew::core;
using namespace curfew::core::test;

TEST_CASE("a refused binding is retried once a minute, and its reason says what was refused") {
  const auto [kind, reason] = GENERATE(table<ErrorKind, std::string>({
      {ErrorKind::Forbidden, "BindingForbidden"},
      {ErrorKind::Invalid, "BindingInvalid"},
      {ErrorKind::AlreadyExists, "BindingNameTaken"},
  }));
  const auto failure = grant_failure({.kind = kind, .message = "no"}, kNow);
  REQUIRE(failure);
  CHECK(failure->reason == reason);
  CHECK(failure->message.starts_with("no"));
  CHECK(failure->retry_at == kNow + std::chrono::seconds(60));
}

TEST_CASE("a role that Curfew may not bind is to be made grantable, and the list of its rules is left out") {
  const std::string refusal =
      R"(rolebindings.rbac.authorization.k8s.io "curfew-1" is forbidden: user "system:serviceaccount:curfew-system:curfew" (groups=["system:serviceaccounts" "system:authenticated"]) is attempting to grant RBAC permissions not currently held)";
  const auto failure = grant_failure(
      {.kind = ErrorKind::Forbidden,
       .message =
           refusal +
           R"(: {APIGroups:[""], Resources:["pods"], Verbs:["list" "get"]} {APIGroups:[""], Resources:["secrets"], Verbs:["get"]})"},
      kNow);
  REQUIRE(failure);
  CHECK(failure->reason == "BindingForbidden");
  CHECK(
      failure->message ==
      refusal +
          "; make the role grantable: a ClusterRole labelled curfew.dev/grantable=true that allows bind on it");
}

TEST_CASE("what else forbids a binding is passed on as it is, without advice about the role") {
  const std::string message = GENERATE(
      R"(rolebindings.rbac.authorization.k8s.io "x1" is forbidden: exceeded quota: rb, requested: count/rolebindings.rbac.authorization.k8s.io=1, used: count/rolebindings.rbac.authorization.k8s.io=0, limited: count/rolebindings.rbac.authorization.k8s.io=0)",
      R"(rolebindings.rbac.authorization.k8s.io "x1" is forbidden: ValidatingAdmissionPolicy 'no-bindings' with binding 'no-bindings' denied request: no RoleBindings here)",
      R"(rolebindings.rbac.authorization.k8s.io "x1" is forbidden: ValidatingAdmissionPolicy 'no-bindings' with binding 'no-bindings' denied request: user "x" is attempting to grant RBAC permissions not currently held)",
      R"(admission webhook "bindings.example.com" denied the request: ask the platform team)",
      R"(rolebindings.rbac.authorization.k8s.io "x1" is forbidden: unable to create new content in namespace q1 because it is being terminated)",
      R"(rolebindings.rbac.authorization.k8s.io is forbidden: User "system:serviceaccount:curfew-system:curfew" cannot create resource "rolebindings" in API group "rbac.authorization.k8s.io" in the namespace "q1")");
  const auto failure = grant_failure({.kind = ErrorKind::Forbidden, .message = message}, kNow);
  REQUIRE(failure);
  CHECK(failure->reason == "BindingForbidden");
  CHECK(failure->message == message);
}

TEST_CASE("an answer that says nothing of the grant is no failure of it") {
  const auto kind =
      GENERATE(ErrorKind::Timeout, ErrorKind::Conflict, ErrorKind::InternalError, ErrorKind::NotFound);
  CHECK_FALSE(grant_failure({.kind = kind, .message = "later"}, kNow));
}
