#include "client/follow.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/client/fake_cluster.hpp"

using namespace curfew;
using namespace curfew::client::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct FollowFixture {
  World world;
  std::vector<std::string> seen;
  std::vector<std::chrono::steady_clock::time_point> watches;

  Error follow() {
    return client::follow_requests(world.session(), {}, [this](std::string_view type, const auto& read) {
      seen.push_back(std::string(type) + " " + read.object.metadata.name);
    });
  }
};

json error_event(int code, const std::string& message) {
  return {{"type", "ERROR"},
          {"object", {{"kind", "Status"}, {"apiVersion", "v1"}, {"code", code}, {"message", message}}}};
}

}  // namespace

TEST_CASE_METHOD(FollowFixture, "a watch that fails ends with the words of the failure") {
  world.cluster->on_watch = [&](const auto&) -> Result<void> {
    watches.push_back(world.clock->steady());
    return fail(ErrorKind::Forbidden, "bob may not watch accessrequests");
  };
  CHECK(follow().message == "bob may not watch accessrequests");
  CHECK(watches.size() == 1);
}

TEST_CASE_METHOD(FollowFixture,
                 "watches that end at once are repeated at longer and longer intervals, and not for ever") {
  world.cluster->on_watch = [&](const auto&) -> Result<void> {
    watches.push_back(world.clock->steady());
    return {};
  };
  CHECK(follow().message == "the API server ends each watch at once");
  REQUIRE(watches.size() == 5);
  for (std::size_t i = 1; i + 1 < watches.size(); ++i)
    CHECK(watches[i + 1] - watches[i] == 2 * (watches[i] - watches[i - 1]));
  CHECK(watches[1] - watches[0] == 500ms);
}

TEST_CASE_METHOD(FollowFixture, "an error in the watch's stream ends it with the API server's words") {
  world.cluster->on_watch = [&](const auto& take) -> Result<void> {
    watches.push_back(world.clock->steady());
    take({{"type", "ADDED"}, {"object", a_request()}});
    take(error_event(500, "etcdserver: no leader"));
    return {};
  };
  CHECK(follow().message == "etcdserver: no leader");
  CHECK(watches.size() == 1);
  CHECK(seen == std::vector<std::string>{"ADDED fix"});
}

TEST_CASE_METHOD(
    FollowFixture,
    "a watch that the API server ends after minutes, or that is too old, is followed by the next") {
  world.cluster->on_watch = [&](const auto& take) -> Result<void> {
    watches.push_back(world.clock->steady());
    if (watches.size() == 30) return fail(ErrorKind::Other, "enough");
    world.clock->sleep(5min);
    if (watches.size() % 2 == 0) take(error_event(410, "too old resource version"));
    return {};
  };
  CHECK(follow().message == "enough");
  CHECK(watches.size() == 30);
}
