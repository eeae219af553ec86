#include "client/unavailable.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace curfew;
using client::KubectlOutput;
using namespace std::chrono_literals;

namespace {

constexpr const char* kNoSchema =
    "Error from server (ServiceUnavailable): error when creating \"STDIN\": Resource kind curfew.dev/v1alpha1, "
    "Kind=AccessRequest not found. There can be a delay between when CustomResourceDefinitions are created and "
    "when they are available.\n";
constexpr const char* kOverloaded =
    "Error from server (ServiceUnavailable): the server is currently unable to handle the request\n";

// A kubectl that fails `failures` times with that on standard error.
struct Failing {
  std::string err;
  int failures;
  int calls = 0;
  int slept = 0;
  int warned = 0;

  Result<KubectlOutput> run(const std::vector<std::string>& arguments) {
    return client::repeat_while_unavailable(
        arguments,
        [this]() -> Result<KubectlOutput> {
          return ++calls <= failures ? KubectlOutput{.exit_code = 1, .out = {}, .err = err}
                                     : KubectlOutput{.exit_code = 0, .out = "done", .err = {}};
        },
        {.sleep =
             [this](std::chrono::milliseconds time) {
               CHECK(time == 1s);
               ++slept;
             },
         .on_wait =
             [this](const Error& error, std::chrono::seconds at_most) {
               CHECK(error.kind == ErrorKind::Unavailable);
               CHECK(at_most == 10s);
               ++warned;
             }});
  }
};

}  // namespace

TEST_CASE("a call that the API server is not ready for is repeated until it is, with one warning") {
  Failing kubectl{.err = kNoSchema, .failures = 3};
  const std::vector<std::string> create{"create", "-f", "-"};
  const auto output = kubectl.run(create);
  REQUIRE(output);
  CHECK(output->out == "done");
  CHECK(kubectl.calls == 4);
  CHECK(kubectl.slept == 3);
  CHECK(kubectl.warned == 1);
}

TEST_CASE("a call that is answered with 503 for ten seconds fails with that answer") {
  Failing kubectl{.err = kNoSchema, .failures = 1000};
  const auto output = kubectl.run({"patch", "accessrequests", "fix"});
  REQUIRE(output);
  CHECK(output->err == kNoSchema);
  CHECK(kubectl.slept == 10);
}

TEST_CASE("a read is repeated after any 503, a write only if nothing can have been written") {
  Failing reading{.err = kOverloaded, .failures = 1};
  CHECK(reading.run({"get", "--raw", "/apis"})->exit_code == 0);
  Failing writing{.err = kOverloaded, .failures = 1};
  CHECK(writing.run({"create", "-f", "-"})->exit_code == 1);
  CHECK(writing.calls == 1);
  CHECK(writing.warned == 0);
}

TEST_CASE("no other failure is repeated, and none without patience") {
  Failing refused{.err = "Error from server (Forbidden): no\n", .failures = 1};
  CHECK(refused.run({"get", "--raw", "/apis"})->exit_code == 1);
  CHECK(refused.calls == 1);
  int calls = 0;
  const auto fail = [&]() -> Result<KubectlOutput> {
    ++calls;
    return KubectlOutput{.exit_code = 1, .out = {}, .err = kNoSchema};
  };
  CHECK(client::repeat_while_unavailable({"get"}, fail, {})->exit_code == 1);
  CHECK(calls == 1);
}
