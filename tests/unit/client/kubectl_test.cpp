#include "client/kubectl.hpp"

#include <catch2/catch_test_macros.hpp>

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
