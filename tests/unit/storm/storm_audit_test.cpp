#include "cluster/storm_audit.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace curfew;
using namespace curfew::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

const TimePoint kEnd = *parse_rfc3339("2026-11-24T20:00:00Z");

// What one request leaves behind that was created, approved, granted and ended as it should be.
struct Fixture {
  std::vector<Expected> expected{
      {.name = "ask", .actions = {"Requested", "Approved", "Granted", "Expired"}, .runs_out = true}};
  Evidence evidence;
  Outages outages{2, 8s};

  Fixture() {
    evidence.requests.push_back(
        {{"metadata", {{"name", "ask"}}}, {"status", {{"phase", "Expired"}, {"complete", true}}}});
    record("Requested", kEnd - 10s);
    record("Approved", kEnd - 9s);
    record("Granted", kEnd - 8s);
    record("Expired", kEnd);
    call("create", "auditrecords", "u-requested", kEnd - 10s);
    call("create", "auditrecords", "u-approved", kEnd - 9s);
    call("create", "rolebindings", "curfew-u", kEnd - 8100ms);
    call("create", "auditrecords", "u-granted", kEnd - 8s);
    call("delete", "rolebindings", "curfew-u", kEnd - 500ms);
  }

  void record(const std::string& action, TimePoint time) {
    std::string name = "u-" + action;
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string version = std::to_string(100 + evidence.records.size());
    evidence.records.push_back({{"metadata", {{"name", name}, {"resourceVersion", version}}},
                                {"action", action},
                                {"time", format_rfc3339_micro(time)},
                                {"expiresAt", format_rfc3339(kEnd)},
                                {"request", {{"name", "ask"}, {"uid", "u"}}}});
  }
  void call(const std::string& verb, const std::string& resource, const std::string& name, TimePoint time,
            int code = 200) {
    evidence.calls.push_back({{"verb", verb},
                              {"objectRef", {{"resource", resource}, {"name", name}}},
                              {"responseStatus", {{"code", code}}},
                              {"stageTimestamp", format_rfc3339_micro(time)}});
  }
  Json& call_of(const std::string& verb, const std::string& resource) {
    return *std::ranges::find_if(evidence.calls, [&](const Json& call) {
      return call["verb"] == verb && call["objectRef"]["resource"] == resource;
    });
  }
  Report report() const { return audit(expected, evidence, outages); }
  // The only error in the report.
  std::string wrong() const {
    const auto all = report().wrong;
    INFO(report().text());
    REQUIRE(all.size() == 1);
    return all.front();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a request that ended as it should is found in order") {
  const Report found = report();
  CHECK(found.wrong.empty());
  CHECK(found.calm == std::vector{-500ms});
  CHECK(found.troubled.empty());
}

TEST_CASE_METHOD(Fixture, "a request that did not end is stuck") {
  evidence.requests[0]["status"] = {{"phase", "Active"}};
  CHECK_THAT(wrong(), ContainsSubstring("ask: stuck: ") && ContainsSubstring("Active"));
  CHECK(report().stuck == 1);
}

TEST_CASE_METHOD(Fixture, "a request in another phase than expected is told") {
  evidence.requests[0]["status"]["phase"] = "Revoked";
  CHECK_THAT(wrong(), ContainsSubstring("ask: stuck: "));
}

TEST_CASE_METHOD(Fixture, "a request that is there or gone against expectation is told") {
  SECTION("there") {
    expected[0].is_deleted = true;
    CHECK(wrong() == "ask: it was deleted, and is still there");
  }
  SECTION("gone") {
    evidence.requests.clear();
    CHECK(wrong() == "ask: it is gone");
  }
  SECTION("nobody's") {
    evidence.requests.push_back({{"metadata", {{"name", "other"}}}});
    CHECK(wrong() == "other: nobody asked for it");
  }
}

TEST_CASE_METHOD(Fixture, "a record that is missing is lost") {
  for (std::size_t i : {0U, 1U, 3U}) {
    Fixture other;
    other.evidence.records.erase(other.evidence.records.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_THAT(other.wrong(), ContainsSubstring("records that are missing: " + expected[0].actions[i]));
    CHECK(other.report().lost_records == 1);
  }
}

TEST_CASE_METHOD(Fixture, "a binding without a record of its grant is told") {
  evidence.records.erase(evidence.records.begin() + 2);
  const auto all = report().wrong;
  REQUIRE(all.size() == 2);
  CHECK_THAT(all[0], ContainsSubstring("records that are missing: Granted"));
  CHECK(all[1] == "no request: the binding curfew-u was made without a record");
}

TEST_CASE_METHOD(Fixture, "a record too many is told") {
  record("Revoked", kEnd + 1s);
  CHECK_THAT(wrong(), ContainsSubstring("records too many: Revoked"));
  CHECK(report().surplus_records == 1);
}

TEST_CASE_METHOD(Fixture, "either of two ends is one, and both are one too many") {
  expected[0].or_end = "Revoked";
  CHECK(report().wrong.empty());
  SECTION("both") {
    record("Revoked", kEnd + 1s);
    CHECK_THAT(wrong(), ContainsSubstring("records too many: Revoked"));
  }
  SECTION("neither") {
    evidence.records.pop_back();
    CHECK_THAT(wrong(), ContainsSubstring("records that are missing: Revoked"));
  }
  SECTION("the other") {
    evidence.records.back()["action"] = "Revoked";
    evidence.requests.clear();
    expected[0].is_deleted = true;
    CHECK(report().wrong.empty());
  }
}

TEST_CASE_METHOD(Fixture, "records that are out of order are told") {
  SECTION("by their times") {
    evidence.records[1]["time"] = format_rfc3339_micro(kEnd - 5s);
  }
  SECTION("as they were written") {
    evidence.records[1]["metadata"]["resourceVersion"] = "104";
  }
  CHECK_THAT(wrong(), ContainsSubstring("records out of order"));
  CHECK(report().unordered == 1);
}

TEST_CASE_METHOD(Fixture, "a binding that is left is told") {
  evidence.bindings.push_back({{"metadata", {{"name", "curfew-u"}}}});
  CHECK(wrong() == "no request: there is still the binding curfew-u");
}

TEST_CASE_METHOD(Fixture, "a binding that is not between its records, twice, or after its end is told") {
  SECTION("before the approval") {
    call_of("create", "rolebindings")["stageTimestamp"] = format_rfc3339_micro(kEnd - 9001ms);
    CHECK(wrong() == "ask: its binding was made before its record Approved");
  }
  SECTION("after the grant") {
    call_of("create", "rolebindings")["stageTimestamp"] = format_rfc3339_micro(kEnd - 7999ms);
    CHECK(wrong() == "ask: its record Granted was made before its binding");
  }
  SECTION("the record was refused") {
    call_of("create", "auditrecords")["responseStatus"]["code"] = 403;
    CHECK(wrong() == "ask: its binding was made before its record Requested");
  }
  SECTION("twice") {
    call("create", "rolebindings", "curfew-u", kEnd - 6s);
    CHECK(wrong() == "ask: its binding was made 2 times");
  }
  SECTION("refused the second time") {
    call("create", "rolebindings", "curfew-u", kEnd - 6s, 409);
    CHECK(report().wrong.empty());
  }
  SECTION("never, since its time was over") {
    evidence.calls.clear();
    CHECK(report().wrong.empty());
  }
}

TEST_CASE_METHOD(Fixture, "a binding that is late, early or never deleted is told") {
  Json& deleted = call_of("delete", "rolebindings");
  SECTION("late") {
    deleted["stageTimestamp"] = format_rfc3339_micro(kEnd + 1001ms);
    CHECK_THAT(wrong(), ContainsSubstring("ask: late: its binding was deleted 1001 ms after its end"));
    CHECK(report().late == 1);
  }
  SECTION("late, but its end did not come by itself") {
    deleted["stageTimestamp"] = format_rfc3339_micro(kEnd + 1001ms);
    expected[0].runs_out = false;
    CHECK(report().wrong.empty());
  }
  SECTION("early") {
    deleted["stageTimestamp"] = format_rfc3339_micro(kEnd - 3001ms);
    CHECK_THAT(wrong(), ContainsSubstring("3001 ms before its end"));
  }
  SECTION("never") {
    deleted["responseStatus"]["code"] = 409;
    CHECK(wrong() == "ask: nobody deleted its binding");
  }
}

TEST_CASE_METHOD(Fixture, "calls whose caller was killed may have worked") {
  for (Json& call : evidence.calls) call["responseStatus"]["code"] = 504;
  CHECK(report().wrong.empty());
  CHECK(report().calm == std::vector{-500ms});
  SECTION("unless a later one did") {
    call("delete", "rolebindings", "curfew-u", kEnd + 200ms);
    call("create", "rolebindings", "curfew-u", kEnd - 6s);
    call("create", "auditrecords", "u-granted", kEnd - 5s);
    CHECK(report().wrong.empty());
    CHECK(report().calm == std::vector{200ms});
  }
}

TEST_CASE("without outages an end is due within a second of its time") {
  const Outages none(2, 8s);
  CHECK_FALSE(none.disturb(kEnd));
  CHECK(none.latest(kEnd) == kEnd + 1s);
}

TEST_CASE_METHOD(Fixture, "trouble that is no outage excuses nothing, and is counted apart") {
  outages.add_trouble({kEnd - 1s, kEnd + 60s});
  CHECK_FALSE(outages.disturb(kEnd));
  CHECK(outages.latest(kEnd) == kEnd + 1s);
  CHECK(report().calm.empty());
  CHECK(report().troubled == std::vector{-500ms});
}

TEST_CASE("while another replica is well an outage excuses its two seconds, and only near it") {
  Outages one_of_two(2, 8s);
  one_of_two.add(0, {kEnd - 1s, kEnd + 60s});
  CHECK(one_of_two.disturb(kEnd));
  CHECK(one_of_two.latest(kEnd) == kEnd + 3s);
  CHECK(one_of_two.latest(kEnd + 68s) == kEnd + 71s);
  CHECK(one_of_two.latest(kEnd + 69s) == kEnd + 70s);
  CHECK(one_of_two.latest(kEnd - 3s) == kEnd - 2s);
}

TEST_CASE("while no replica is well an end is due a second after the first is") {
  Outages both(2, 8s);
  both.add(0, {kEnd - 1s, kEnd + 60s});
  both.add(1, {kEnd - 2s, kEnd + 30s});
  CHECK(both.latest(kEnd) == kEnd + 31s);
  both.add(1, {kEnd + 30500ms, kEnd + 40s});  // half a second in between is not enough
  CHECK(both.latest(kEnd) == kEnd + 41s);
  both.add(1, {kEnd + 50s, kEnd + 51s});
  CHECK(both.latest(kEnd) == kEnd + 41s);
}

TEST_CASE("percentiles are those of the times in order") {
  CHECK(percentiles({}) == "none");
  std::vector<std::chrono::milliseconds> times;
  for (int i = 100; i >= 0; --i) times.emplace_back(i);
  CHECK(percentiles(times) == "p50 50 ms, p90 90 ms, p99 99 ms, max 100 ms (of 101)");
}
