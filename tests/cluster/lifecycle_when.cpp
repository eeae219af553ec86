#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"

// When access is given: in the windows of a schedule, from a start time on, and not after the time for a
// decision.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

using curfew::TimePoint;
// A daily window from `from` to `to`, to the minute, as times of day in that zone.
std::string schedule(TimePoint from, TimePoint to, const std::string& more = "",
                     const std::string& zone = "UTC") {
  const auto time_of_day = [](TimePoint time) {
    return "\"" + curfew::format_rfc3339(time).substr(11, 5) + "\"";
  };
  const std::string window = "{days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun], start: " + time_of_day(from) +
                             ", end: " + time_of_day(to) + "}";
  return "schedule: {timeZone: " + zone + ", windows: [" + window + "]" + (more.empty() ? "" : ", " + more) +
         "}";
}

std::string from(TimePoint start, const std::string& duration) {
  return "duration: " + duration + ", startTime: \"" + curfew::format_rfc3339(start) + "\"";
}

TimePoint this_minute() {
  return std::chrono::floor<minutes>(now());
}
TimePoint next_second() {
  return std::chrono::ceil<seconds>(now());
}

// The time from `time` until the API server saw the creation of the binding.
milliseconds granted_after(const Scene& scene, const Request& request, TimePoint time) {
  const auto made = call_of_curfew(scene.cluster, "create", request.binding_name(), time - seconds(5));
  REQUIRE(made.has_value());
  return std::chrono::duration_cast<milliseconds>(*made - time);
}

}  // namespace

TEST_CASE("outside its policy's schedule a request waits, and says when the window opens next",
          "[lifecycle]") {
  const Scene scene;
  const auto opens = this_minute() + hours(2);
  const std::string policy = scene.space.policy(one_of_sre(schedule(opens, opens + hours(1))));
  const std::string sentence = "outside the schedule of AccessPolicy " + policy + ", which opens next at " +
                               curfew::format_rfc3339(opens) + " (";
  const Request request(scene, policy, "duration: 10m");
  request.await_message("waiting for 1 more approval");
  CHECK_THAT(request.text("message"), ContainsSubstring(sentence));

  request.approve(scene.bob);
  request.await_message("approved, " + sentence);
  CHECK(request.text("phase") == "Pending");
  CHECK(request.condition("Approved")["status"] == "True");
  CHECK(request.condition("Granted")["reason"] == "OutsideSchedule");
  CHECK_FALSE(request.binding().has_value());
  CHECK(request.recorded() == Texts{"Requested", "Approved"});

  scene.change(policy, {{"schedule", nullptr}});
  request.await("Active");
  CHECK(request.time("expiresAt") - request.time("grantedAt") == minutes(10));
}

TEST_CASE("a schedule is read in its own time zone", "[lifecycle]") {
  const Scene scene;
  const auto there = this_minute() + hours(5);  // Etc/GMT-5 is five hours ahead of UTC
  const std::string ahead =
      scene.space.policy(automatic(schedule(there - minutes(10), there + minutes(10), "", "Etc/GMT-5")));
  const std::string utc = scene.space.policy(automatic(schedule(there - minutes(10), there + minutes(10))));
  const Request open(scene, ahead, "duration: 10m", std::nullopt, "open");
  const Request closed(scene, utc, "duration: 10m", std::nullopt, "closed");
  open.await("Active");
  closed.await_message("outside the schedule");
  CHECK(closed.text("phase") == "Pending");
}

// The only test that waits for a minute to pass; it covers everything that depends on it.
TEST_CASE("a window that opens gives access, and one that closes takes it", "[lifecycle]") {
  const Scene scene;
  const auto began = now();
  const TimePoint turn = std::chrono::ceil<minutes>(now() + seconds(8));
  const std::string opening = scene.space.policy(automatic(schedule(turn, turn + minutes(30))));
  const std::string closing =
      scene.space.policy(automatic(schedule(turn - minutes(30), turn, "endAtWindowClose: true")));
  const std::string lasting = scene.space.policy(automatic(schedule(turn - minutes(30), turn)));
  const Request early(scene, opening, "duration: 10m", std::nullopt, "early");
  const Request clipped(scene, closing, "duration: 10m", std::nullopt, "clipped");
  const Request beyond(scene, lasting, "duration: 10m", std::nullopt, "beyond");
  clipped.await("Active");
  beyond.await("Active");
  early.await_message("opens next at " + curfew::format_rfc3339(turn));
  CHECK(early.text("phase") == "Pending");
  CHECK(clipped.time("expiresAt") == turn);
  CHECK(beyond.time("expiresAt") - beyond.time("grantedAt") == minutes(10));
  REQUIRE(now() < turn - seconds(1));  // otherwise the machine is too slow for this test

  sleep_until(turn);
  early.await("Active");
  const auto late = granted_after(scene, early, turn);
  WARN("granted " << late.count() << " ms after the window opened");
  CHECK(late < seconds(1));
  clipped.await("Expired");
  const auto deleted = call_of_curfew(scene.cluster, "delete", clipped.binding_name(), began);
  REQUIRE(deleted.has_value());
  CHECK(*deleted <= turn);
  CHECK(beyond.text("phase") == "Active");
}

TEST_CASE("access that is asked for from a time on is given within a second of it", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const auto start = next_second() + seconds(3);
  const Request request(scene, policy, from(start, "10m"));
  request.approve(scene.bob);
  request.await("Scheduled");
  CHECK_THAT(request.text("message"),
             ContainsSubstring("approved, access starts at " + curfew::format_rfc3339(start)));
  CHECK(request.condition("Granted")["reason"] == "Scheduled");
  CHECK_FALSE(request.binding().has_value());
  REQUIRE(now() < start - milliseconds(200));  // otherwise the machine is too slow for this test

  request.await("Active", seconds(5));
  const auto late = granted_after(scene, request, start);
  WARN("granted " << late.count() << " ms after the start time");
  CHECK(late >= seconds(0));
  CHECK(late < seconds(1));
  CHECK(request.time("expiresAt") == start + minutes(10));
  CHECK(request.recorded() == Texts{"Requested", "Approved", "Granted"});
}

TEST_CASE("what is scheduled can be withdrawn, and falls with what its policy allows", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic());
  const auto start = next_second() + minutes(30);
  const Request withdrawn(scene, policy, from(start, "10m"), std::nullopt, "withdrawn");
  const Request fallen(scene, policy, from(start, "10m"), std::nullopt, "fallen");
  withdrawn.await("Scheduled");
  fallen.await("Scheduled");
  REQUIRE_THAT(withdrawn.say(scene.alice, "revoke", "not needed"), Succeeds());
  withdrawn.await("Withdrawn");
  CHECK(withdrawn.recorded() == Texts{"Requested", "Withdrawn"});

  scene.change(policy, {{"suspend", true}});
  fallen.await("Rejected");
  CHECK(fallen.condition("Granted")["reason"] == "PolicySuspended");
  CHECK(fallen.recorded() == Texts{"Requested", "Rejected"});
}

TEST_CASE("an approval that comes after the start time gives what is left", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  const auto start = next_second() - seconds(60);
  const Request request(scene, policy, from(start, "10m"));
  request.approve(scene.bob);
  request.await("Active");
  CHECK(request.time("expiresAt") == start + minutes(10));
  CHECK(request.time("grantedAt") > start + seconds(55));
}

TEST_CASE("a request whose time passes without a grant has expired", "[lifecycle]") {
  const Scene scene;
  SECTION("nobody approved") {
    const std::string policy = scene.space.policy(one_of_sre());
    const auto start = next_second() + seconds(1);
    const Request request(scene, policy, from(start, "1s"));
    request.await("Expired", seconds(6));
    CHECK(request.time("endedAt") >= start + seconds(1));
    CHECK(request.condition("Granted")["reason"] == "StartMissed");
    CHECK_THAT(request.text("message"), ContainsSubstring("has passed without a grant"));
    CHECK(request.recorded() == Texts{"Requested", "Expired"});
    CHECK_THAT(request.say(scene.bob, "approve"), Refused("this request is over: Expired"));
  }
  SECTION("it had passed when it was asked for") {
    const Request request(scene, scene.space.policy(automatic()), from(next_second() - hours(1), "10m"));
    request.await("Expired");
    CHECK_FALSE(request.status().contains("grantedAt"));
    CHECK(request.recorded() == Texts{"Requested", "Expired"});
    CHECK_FALSE(request.binding().has_value());
  }
}

TEST_CASE("a request that nobody decides in the policy's time is over", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(
      developers_may_view("{required: 1, approvers: [{kind: Group, name: sre}], timeout: 2s}"));
  const Request undecided(scene, policy, "duration: 10m", std::nullopt, "undecided");
  const Request decided(scene, policy, "duration: 10m", std::nullopt, "decided");
  decided.approve(scene.bob);
  undecided.await("TimedOut", seconds(5));
  const auto asked = time_of(undecided.stored()["metadata"]["creationTimestamp"]);
  CHECK(undecided.time("endedAt") >= asked + seconds(2));
  CHECK(undecided.time("endedAt") <= asked + seconds(4));
  CHECK(undecided.condition("Approved")["reason"] == "TimedOut");
  CHECK_THAT(undecided.text("message"),
             ContainsSubstring("not decided within 2s, which is spec.approval.timeout of AccessPolicy " +
                               policy + " (0/1)"));
  CHECK(undecided.recorded() == Texts{"Requested", "TimedOut"});
  CHECK_THAT(undecided.say(scene.bob, "approve"), Refused("this request is over: TimedOut"));
  CHECK(decided.text("phase") == "Active");
}

TEST_CASE("a policy with a time zone that does not exist is not ready, and grants once that is mended",
          "[lifecycle]") {
  const Scene scene;
  const auto minute = this_minute();
  const std::string policy = scene.space.policy(
      automatic(schedule(minute - minutes(10), minute + minutes(10), "", "Europe/Bielefeld")));
  const Json ready = scene.await_policy(policy, "Ready", "ScheduleInvalid");
  CHECK(ready["status"] == "False");
  CHECK_THAT(
      ready["message"].get<std::string>(),
      ContainsSubstring("spec.schedule.timeZone \"Europe/Bielefeld\" is not in the time zone database"));
  const Request request(scene, policy, "duration: 10m");
  request.await_message("is not ready: spec.schedule.timeZone");
  CHECK(request.text("phase") == "Pending");

  scene.change(policy, {{"schedule", {{"timeZone", "UTC"}}}});
  request.await("Active");
  CHECK(scene.await_policy(policy, "Ready", "Ready")["status"] == "True");
}

TEST_CASE("a start that is too far ahead is Rejected, with the latest that is accepted", "[lifecycle]") {
  const Scene scene;
  const std::string usual = scene.space.policy(automatic());
  const Request in_a_century(scene, usual, "duration: 10m, startTime: \"2125-01-01T00:00:00Z\"");
  in_a_century.await("Rejected");
  CHECK(in_a_century.condition("Granted")["reason"] == "StartTimeTooFar");
  const TimePoint latest = time_of(in_a_century.stored()["metadata"]["creationTimestamp"]) + hours(2160);
  CHECK(in_a_century.text("message") ==
        "spec.startTime 2125-01-01T00:00:00Z is farther ahead than the 2160h that AccessPolicy " + usual +
            " allows where it has no spec.duration.maxStartDelay: the latest that is accepted is " +
            curfew::format_rfc3339(latest));
  const std::string short_notice = scene.space.policy(automatic("duration: {max: 1h, maxStartDelay: 24h}"));
  const Request in_two_days(scene, short_notice, from(next_second() + hours(48), "10m"), std::nullopt,
                            "in-two-days");
  in_two_days.await("Rejected");
  CHECK(in_two_days.condition("Granted")["reason"] == "StartTimeTooFar");
  Request(scene, short_notice, from(next_second() + hours(23), "10m"), std::nullopt, "tomorrow")
      .await("Scheduled");
}
