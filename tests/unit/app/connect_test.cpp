#include "app/connect.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <stdexcept>

#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;

namespace {

struct ConnectFixture {
  FakeApi api;
  kube::Client client{api};

  void fail_requests(int status, const std::string& reason) {
    api.fail("accessrequests", status, reason, "because", 100);
  }
  void leave_access() { api.put(binding("2026-11-24T21:00:00Z")); }
};

}  // namespace

TEST_CASE(
    "an API server that fails at AccessRequests is no reason not to start: RoleBindings may be all that is needed") {
  ConnectFixture f;
  const auto [status, reason] = GENERATE(table<int, std::string>(
      {{500, "InternalError"}, {503, "ServiceUnavailable"}, {429, "TooManyRequests"}}));
  f.fail_requests(status, reason);
  CHECK_NOTHROW(app::check_access(f.client));
}

TEST_CASE("without Curfew's kinds, or the right to read them, it starts only where there is access to end") {
  ConnectFixture f;
  SECTION("no right to read them") {
    f.fail_requests(403, "Forbidden");
    CHECK_THROWS_AS(app::check_access(f.client), std::runtime_error);
    f.leave_access();
    CHECK_NOTHROW(app::check_access(f.client));
  }
  SECTION("not installed: it does not wait for them") {
    f.fail_requests(404, "NotFound");
    f.leave_access();
    CHECK_NOTHROW(app::check_access(f.client));
    CHECK(f.api.calls().size() == 2);
  }
}

TEST_CASE("credentials that nobody takes are said at once, whatever there is to end") {
  ConnectFixture f;
  f.leave_access();
  f.fail_requests(401, "Unauthorized");
  CHECK_THROWS_AS(app::check_access(f.client), std::runtime_error);
}
