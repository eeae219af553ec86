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

  void fail_requests(int status, const std::string& reason, int times = 100) {
    api.fail("accessrequests", status, reason, "because", times);
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

TEST_CASE("an API server that cannot be reached is waited for") {
  ConnectFixture f;
  f.api.fail("accessrequests", Error{.kind = ErrorKind::Transport, .message = "connection refused"}, 50);
  int pauses = 0;
  const auto pause = [&](std::chrono::milliseconds, const std::stop_token&) { ++pauses; };
  SECTION("and then serves us") {
    CHECK_NOTHROW(app::check_access(f.client, {}, pause));
    CHECK(pauses == 50);
  }
  SECTION("and then does not know us yet, because it has just started") {
    const auto [status, reason] =
        GENERATE(table<int, std::string>({{401, "Unauthorized"}, {403, "Forbidden"}}));
    f.fail_requests(status, reason, 10);
    CHECK_NOTHROW(app::check_access(f.client, {}, pause));
    CHECK(pauses == 60);
  }
  SECTION("and then refuses us for ten seconds") {
    const auto [status, reason] =
        GENERATE(table<int, std::string>({{401, "Unauthorized"}, {403, "Forbidden"}}));
    f.fail_requests(status, reason, 1000);
    CHECK_THROWS_AS(app::check_access(f.client, {}, pause), std::runtime_error);
    CHECK(pauses == 50 + 19);
  }
  SECTION("until the process is to stop") {
    std::stop_source stop;
    CHECK_NOTHROW(
        app::check_access(f.client, stop.get_token(), [&](std::chrono::milliseconds, const std::stop_token&) {
          if (++pauses == 3) stop.request_stop();
        }));
    CHECK(pauses == 3);
  }
}
