#include "client/kubectl_output.hpp"

#include <catch2/catch_test_macros.hpp>

#include "api/rbac.hpp"

using namespace curfew;
using client::error_of;

TEST_CASE("what kubectl says of an answer becomes an error with its kind and its sentence") {
  const auto error = error_of("Error from server (NotFound): accessrequests.curfew.dev \"fix\" not found\n");
  CHECK(error.kind == ErrorKind::NotFound);
  CHECK(error.message == "accessrequests.curfew.dev \"fix\" not found");
  CHECK(error_of("Error from server (Conflict): Operation cannot be fulfilled").kind == ErrorKind::Conflict);
  CHECK(error_of("Error from server (Forbidden): no").kind == ErrorKind::Forbidden);
}

TEST_CASE("where an admission policy refused, its sentence is all that is said") {
  const auto error = error_of(
      "Error from server (Forbidden): error when creating \"STDIN\": accessrequests.curfew.dev \"a\" is forbidden: ValidatingAdmissionPolicy 'curfew-eligibility' with binding "
      "'curfew-eligibility' denied request: dave is not a requester of AccessPolicy p: Group sre\n");
  CHECK(error.kind == ErrorKind::Forbidden);
  CHECK(error.message == "dave is not a requester of AccessPolicy p: Group sre");
}

TEST_CASE("what is no answer of the API server is passed on in kubectl's words") {
  CHECK(error_of("error: context \"nowhere\" does not exist\n").message ==
        "context \"nowhere\" does not exist");
  CHECK(error_of(
            "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?")
            .message ==
        "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?");
  CHECK(error_of("").message == "kubectl failed without a word");
  CHECK(error_of("Error from server: etcdserver: request timed out").message ==
        "etcdserver: request timed out");
  CHECK(error_of("Error from server: etcdserver: request timed out").kind == ErrorKind::Other);
  CHECK(error_of("Error from server (NewWord): later").kind == ErrorKind::Other);
}

TEST_CASE("a call about several objects has an error for each that failed") {
  const auto errors = client::errors_of(
      "Warning: it is old\nError from server (NotFound): roles.rbac.authorization.k8s.io \"a\" not found\n"
      "Error from server (Invalid): it is wrong:\n* spec.a\nError from server: later\n");
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].kind == ErrorKind::NotFound);
  CHECK(errors[0].message == "roles.rbac.authorization.k8s.io \"a\" not found");
  CHECK(errors[1].message == "it is wrong:\n* spec.a");
  CHECK(errors[2].message == "later");
  CHECK(client::errors_of("error: no context\n").front().message == "no context");
  CHECK(client::errors_of("").size() == 1);
}

TEST_CASE("a continue token that has expired is told apart") {
  CHECK(error_of("Error from server (Expired): The provided continue parameter is too old").kind ==
        ErrorKind::Gone);
}

TEST_CASE("of several objects each was printed, is named by an error, or is not known") {
  const std::string role = R"({"kind": "ClusterRole", "metadata": {"name": "view"}})";
  const auto ref = [](const std::string& name) { return client::ref_of<api::ClusterRole>({"", name}); };
  const auto result = client::objects_of(
      {ref("view"), ref("edit"), ref("a\"b")},
      client::KubectlOutput{
          .exit_code = 1,
          .out = R"({"kind": "List", "items": [)" + role + "]}",
          .err =
              "Error from server (Forbidden): clusterroles.rbac.authorization.k8s.io \"edit\" is forbidden: no\n"
              "Error from server (Forbidden): clusterroles.rbac.authorization.k8s.io \"a\\\"b\" is forbidden: no"});
  REQUIRE(result.size() == 3);
  CHECK(result[0]->value().at("metadata").at("name") == "view");
  CHECK(result[1]->error().kind == ErrorKind::Forbidden);
  CHECK_FALSE(result[2]);
  CHECK(client::objects_of({ref("view")}, client::KubectlOutput{.exit_code = 0, .out = role, .err = ""})[0]);
  CHECK_FALSE(client::objects_of({ref("view")}, tl::unexpected(Error{}))[0]);
}

TEST_CASE("of several creations those that were printed worked, and the errors are of the others, in order") {
  const auto body = [](const std::string& policy) { return nlohmann::json{{"spec", {{"policy", policy}}}}; };
  const auto result = client::created_of(
      {body("a"), body("b"), body("c"), body("d")},
      client::KubectlOutput{.exit_code = 1,
                            .out = R"({"spec": {"policy": "b"}, "status": {}}
                                      {"spec": {"policy": "d"}})",
                            .err = "Error from server (Forbidden): x denied request: first\n"
                                   "Error from server (Forbidden): x denied request: second\n"});
  REQUIRE(result.size() == 4);
  CHECK(result[0].error().message == "first");
  CHECK(result[1]->contains("status"));
  CHECK(result[2].error().message == "second");
  CHECK(result[3].has_value());
  const auto unreachable = client::created_of(
      {body("a"), body("b")}, client::KubectlOutput{.exit_code = 1, .out = "", .err = "error: no route\n"});
  CHECK(unreachable[0].error().message == "no route");
  CHECK(unreachable[1].error().message == "no route");
}
