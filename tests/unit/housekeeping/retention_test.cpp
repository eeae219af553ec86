#include "housekeeping/retention.hpp"

#include <catch2/catch_test_macros.hpp>

#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;

namespace {

struct RetentionFixture {
  FakeApi api;
  kube::Client client{api};
  ManualClock clock;
  bool leads = true;
  housekeeping::Retention retention{
      {.client = client, .clock = clock, .keep = 60s, .is_leading = [this] { return leads; }}};

  api::AccessRequest complete(const std::string& name, const std::string& uid, TimePoint ended_at) {
    auto request = request_in(api::Phase::Expired, name, uid);
    request.status.ended_at = ended_at;
    return api.put(request);
  }
  bool has(const std::string& name) const {
    return !api.get<api::AccessRequest>({"payments", name}).is_null();
  }
};

}  // namespace

TEST_CASE("a completed request is deleted when its time is over, and not before") {
  RetentionFixture f;
  f.retention.completed(f.complete("debug", kUid, f.clock.now()));
  f.clock.advance(59s);
  f.retention.delete_due({});
  CHECK(f.has("debug"));
  f.clock.advance(1s);
  f.retention.delete_due({});
  CHECK_FALSE(f.has("debug"));
  f.api.forget_calls();
  f.retention.delete_due({});
  CHECK(f.api.calls().empty());
}

TEST_CASE("a request that was one too many is kept for a minute only") {
  RetentionFixture f;
  housekeeping::Retention week{
      {.client = f.client, .clock = f.clock, .keep = 168h, .is_leading = [] { return true; }}};
  auto refused = request_in(api::Phase::Rejected, "refused", kOtherUid);
  refused.status.ended_at = f.clock.now();
  refused.status.ending = api::StatusEnding{
      .reason = std::string(api::reason::kTooManyRequests), .message = "too many", .time = f.clock.now()};
  week.completed(f.api.put(refused));
  week.completed(f.complete("debug", kUid, f.clock.now()));
  f.clock.advance(59s);
  week.delete_due({});
  CHECK(f.has("refused"));
  f.clock.advance(1s);
  week.delete_due({});
  CHECK_FALSE(f.has("refused"));
  CHECK(f.has("debug"));
}

TEST_CASE("requests that were completed before this term are found, and the live ones left alone") {
  RetentionFixture f;
  f.complete("old", kUid, f.clock.now() - 61s);
  f.api.put(request_in(api::Phase::Active, "live", kOtherUid));
  REQUIRE(f.retention.sweep({}));
  f.retention.delete_due({});
  CHECK_FALSE(f.has("old"));
  CHECK(f.has("live"));
}

TEST_CASE("another request of the same name is not deleted in its place") {
  RetentionFixture f;
  f.retention.completed(f.complete("debug", kUid, f.clock.now() - 61s));
  f.complete("debug", kOtherUid, f.clock.now());
  f.retention.delete_due({});
  CHECK(f.has("debug"));
  f.api.forget_calls();
  f.clock.advance(30s);
  f.retention.delete_due({});
  CHECK(f.api.calls().empty());
}

TEST_CASE("a deletion that fails is tried again a minute later") {
  RetentionFixture f;
  f.retention.completed(f.complete("debug", kUid, f.clock.now() - 61s));
  f.api.fail("DELETE", 500, "InternalError", "no");
  f.retention.delete_due({});
  CHECK(f.has("debug"));
  f.retention.delete_due({});
  CHECK(f.has("debug"));
  f.clock.advance(60s);
  f.retention.delete_due({});
  CHECK_FALSE(f.has("debug"));
}

TEST_CASE("a replica that does not lead deletes nothing, and forgets") {
  RetentionFixture f;
  f.retention.completed(f.complete("debug", kUid, f.clock.now() - 61s));
  f.leads = false;
  f.retention.delete_due({});
  CHECK(f.has("debug"));
  f.leads = true;
  f.retention.delete_due({});
  CHECK(f.has("debug"));
  REQUIRE(f.retention.sweep({}));
  f.retention.delete_due({});
  CHECK_FALSE(f.has("debug"));
}

TEST_CASE(
    "however many are complete, only the next are remembered, and the others found again when those are gone") {
  RetentionFixture f;
  constexpr int kMany = static_cast<int>(housekeeping::Retention::kMaxKept) + 10;
  // The later ones first, so that the earlier ones evict them.
  for (int i = kMany; i-- > 0;)
    f.complete("r" + std::to_string(i), "uid-" + std::to_string(i), f.clock.now() + std::chrono::seconds(i));
  REQUIRE(f.retention.sweep({}));
  f.clock.advance(60s + std::chrono::seconds(kMany));
  f.retention.delete_due({});
  CHECK_FALSE(f.has("r0"));
  CHECK_FALSE(f.has("r" + std::to_string(kMany - 11)));
  for (int i = kMany - 10; i < kMany; ++i) CHECK(f.has("r" + std::to_string(i)));

  SECTION("at once") {
    f.retention.find_more({});
    f.retention.delete_due({});
    CHECK_FALSE(f.has("r" + std::to_string(kMany - 1)));
    f.api.forget_calls();
    f.retention.find_more({});
    CHECK(f.api.calls().empty());  // there are no more
  }
  SECTION("in the next turn, where it fails") {
    f.api.fail("GET", 500, "InternalError", "no");
    f.retention.find_more({});
    f.retention.find_more({});
    f.retention.delete_due({});
    CHECK_FALSE(f.has("r" + std::to_string(kMany - 1)));
  }
}
