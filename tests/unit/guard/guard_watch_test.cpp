#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "guard/watch.hpp"
#include "unit/guard/guard_fixture.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Identity = guard::GuardLedger::Identity;
using Json = nlohmann::json;
using guard::GuardLedger;

namespace {

const std::map<std::string, Identity> kUntouched{
    {"A/a", {.uid = "1", .generation = 1, .created = TimePoint(100s)}},
    {"B/b", {.uid = "2", .generation = 1, .created = TimePoint(200s)}}};
constexpr TimePoint kNow{1000s};

guard::LiveGuard live_guard(std::map<std::string, Identity> objects) {
  return {.objects = std::move(objects), .digest = "this"};
}

GuardLedger ledger_of_before(std::map<std::string, Identity> objects = kUntouched) {
  return {.objects = std::move(objects), .since = TimePoint(700s), .digest = "before", .policies = {}};
}

}  // namespace

TEST_CASE("a guard never seen before and never changed is in force a second after its last object was made") {
  const auto ledger = guard::next_ledger(std::nullopt, live_guard(kUntouched), kNow);
  CHECK(ledger.since == TimePoint(201s));
  CHECK(ledger.objects == kUntouched);
  CHECK(ledger.digest == "this");
}

TEST_CASE("a guard never seen before but changed counts five seconds from now") {
  auto changed = kUntouched;
  changed["B/b"].generation = 2;
  CHECK(guard::next_ledger(std::nullopt, live_guard(changed), kNow).since == kNow + 5s);
}

TEST_CASE("the same objects as in the ledger have been in force since then") {
  const GuardLedger next = guard::next_ledger(ledger_of_before(), live_guard(kUntouched), kNow);
  CHECK(next.since == TimePoint(700s));
  CHECK(next.objects == kUntouched);
}

TEST_CASE(
    "a guard whose objects were each written at most once since the ledger continues it: an upgrade, or a rollback") {
  auto live = kUntouched;
  SECTION("one of them") {
    live["A/a"].generation = 2;
  }
  SECTION("all of them") {
    for (auto& [id, identity] : live) ++identity.generation;
  }
  SECTION("and an addition, however young") {
    live["C/c"] = {.uid = "3", .generation = 2, .created = kNow};
  }
  const GuardLedger next = guard::next_ledger(ledger_of_before(), live_guard(live), kNow);
  CHECK(next.since == TimePoint(700s));
  CHECK(next.objects == live);
  CHECK(next.digest == "this");
}

TEST_CASE("a guard of which anything else may have been in force counts five seconds from now") {
  GuardLedger before = ledger_of_before();
  auto live = kUntouched;
  SECTION("changed and put back") {
    live["A/a"].generation = 3;
  }
  SECTION("deleted and made again") {
    live["A/a"].uid = std::string("9");
  }
  SECTION("restored from a backup") {
    before.objects["A/a"].generation = 4;
    live["A/a"].generation = 3;
  }
  SECTION("one less") {
    live.erase("A/a");
  }
  SECTION("after a ledger of nothing") {
    before.objects.clear();
  }
  const auto ledger = guard::next_ledger(before, live_guard(live), kNow);
  CHECK(ledger.since == kNow + 5s);
  CHECK(ledger.objects == live);
  CHECK_FALSE(ledger.policies);
}

TEST_CASE("whether the optional policy was part of the guard before does not matter") {
  auto with = kUntouched;
  with["ValidatingAdmissionPolicy/curfew-eligibility"] = {.uid = "7", .generation = 1, .created = {}};
  CHECK(guard::next_ledger(ledger_of_before(with), live_guard(kUntouched), kNow).since == TimePoint(700s));
  CHECK(guard::next_ledger(ledger_of_before(), live_guard(with), kNow).since == TimePoint(700s));
}

TEST_CASE("a guard with a hole that this version closes is not continued") {
  const std::vector<std::string_view> with_holes{"other", "before"};
  CHECK_FALSE(guard::continues(ledger_of_before(), live_guard(kUntouched), with_holes));
  CHECK(guard::continues(ledger_of_before(), live_guard(kUntouched), {}));
}

TEST_CASE("a guard that is not as shipped continues nothing") {
  guard::LiveGuard live = live_guard(kUntouched);
  live.is_as_shipped = false;
  CHECK_FALSE(guard::continues(ledger_of_before(), live, {}));
}

TEST_CASE("a ledger is read as it was written") {
  GuardLedger ledger{
      .objects = kUntouched, .since = TimePoint(1'764'000'000'123'456us), .digest = "d", .policies = {}};
  SECTION("with policies") {
    ledger.policies =
        GuardLedger::Policies{.believed = {{"debug", {.uid = "3", .generation = 2, .created = {}}}},
                              .unbelieved = {{"edit", {.uid = "4", .generation = 1, .created = {}}}}};
  }
  SECTION("with none") {
    ledger.policies.emplace();
  }
  SECTION("without policies") {}
  const auto read = guard::decode_ledger(guard::encode(ledger));
  REQUIRE(read);
  CHECK(*read == ledger);
}

TEST_CASE("a ledger of a version that wrote no digest is read") {
  auto json = Json::parse(guard::encode(ledger_of_before()));
  json.erase("digest");
  const auto read = guard::decode_ledger(json.dump());
  REQUIRE(read);
  CHECK(read->digest.empty());
  CHECK(read->objects == kUntouched);
}

TEST_CASE("garbage is no ledger") {
  const auto text =
      GENERATE(as<std::string>(), "", "nonsense", "null", "[]", "5", "\"text\"", "{}", R"({"objects":{}})",
               R"({"since":"2026-11-24T20:00:00Z"})", R"({"objects":{},"since":"yesterday"})",
               R"({"objects":{},"since":5})", R"({"objects":{},"since":null})",
               R"({"objects":[],"since":"2026-11-24T20:00:00Z"})",
               R"({"objects":{"A/a":7},"since":"2026-11-24T20:00:00Z"})",
               R"({"objects":{"A/a":{"uid":7,"generation":1}},"since":"2026-11-24T20:00:00Z"})",
               R"({"objects":{"A/a":{"uid":"1","generation":"one"}},"since":"2026-11-24T20:00:00Z"})",
               R"({"objects":{"A/a":{"uid":"1","gene)",
               R"({"objects":{},"since":"2026-11-24T20:00:00Z","policies":[],"unbelievedPolicies":{}})",
               R"({"objects":{},"since":"2026-11-24T20:00:00Z","policies":{}})");
  CAPTURE(text);
  CHECK_FALSE(guard::decode_ledger(text));
}

TEST_CASE("a guard that nobody has looked at is not in force") {
  GuardedCluster cluster;
  CHECK_FALSE(cluster.watch.state().in_force);
  CHECK_FALSE(cluster.watch.state().difference.empty());
  CHECK(cluster.watch.difference());
}

TEST_CASE("an installed guard that was never changed is in force") {
  GuardedCluster cluster;
  cluster.install();
  CHECK(cluster.watch.state().in_force);
  CHECK(cluster.watch.state().difference.empty());
  CHECK(cluster.watch.state().since == cluster.clock.now() - 1h + 1s);
  CHECK(cluster.changes == 2);
}

TEST_CASE("a guard just installed needs its second to take effect") {
  GuardedCluster cluster;
  cluster.install(0s);
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.clock.advance(999ms);
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.clock.advance(1ms);
  CHECK(cluster.watch.state().in_force);
}

TEST_CASE("half a guard is not in force") {
  GuardedCluster cluster;
  cluster.put(GuardedCluster::kPolicy, "uid-p", 1, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  CHECK_FALSE(cluster.watch.state().in_force);
  CHECK_THAT(*cluster.watch.difference(), ContainsSubstring(GuardedCluster::kBinding));
}

TEST_CASE("a guard that is changed is not in force, and put back it counts again after five seconds") {
  GuardedCluster cluster;
  cluster.install();
  cluster.put(GuardedCluster::kPolicy, "uid-p", 2, {{"failurePolicy", "Ignore"}});
  CHECK_FALSE(cluster.watch.state().in_force);
  CHECK_THAT(cluster.watch.state().difference, ContainsSubstring(GuardedCluster::kPolicy));

  cluster.clock.advance(1min);
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.put(GuardedCluster::kPolicy, "uid-p", 3, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  CHECK_FALSE(cluster.watch.difference());
  CHECK_FALSE(cluster.watch.state().in_force);
  CHECK_THAT(cluster.watch.state().difference, ContainsSubstring("counts again from"));

  cluster.clock.advance(5s - 1us);
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.clock.advance(1us);
  CHECK(cluster.watch.state().in_force);
  CHECK(cluster.watch.state().since == cluster.clock.now());
}

TEST_CASE("a guard object deleted and made again counts again after five seconds") {
  GuardedCluster cluster;
  cluster.install();
  cluster.remove(GuardedCluster::kBinding);
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.put(GuardedCluster::kBinding, "uid-new", 1, GuardedCluster::shipped().at(GuardedCluster::kBinding));
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.clock.advance(5s);
  CHECK(cluster.watch.state().in_force);
}

TEST_CASE("a change that a list swallowed shows by its generation") {
  GuardedCluster cluster;
  cluster.install();
  cluster.put(GuardedCluster::kPolicy, "uid-p", 3, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  CHECK_FALSE(cluster.watch.state().in_force);
}

TEST_CASE("the same object seen again changes nothing") {
  GuardedCluster cluster;
  cluster.install();
  const auto since = cluster.watch.state().since;
  cluster.clock.advance(1h);
  cluster.put(GuardedCluster::kPolicy, "uid-p", 1, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  CHECK(cluster.watch.state().in_force);
  CHECK(cluster.watch.state().since == since);
}

TEST_CASE("an upgrade of the guard is in force at once under the version that ships it, and not before") {
  GuardedCluster before;  // the former version, in force
  before.install();
  before.watch.restore(std::nullopt);
  const auto kept = guard::decode_ledger(guard::encode(*before.watch.ledger_to_save()));
  REQUIRE(kept);

  GuardedCluster after;
  after.install();
  after.put(GuardedCluster::kPolicy, "uid-p", 1, {{"failurePolicy", "Fail"}});  // as the former shipped it
  after.watch.restore(kept);
  CHECK_FALSE(after.watch.state().in_force);
  after.clock.advance(1min);
  after.put(GuardedCluster::kPolicy, "uid-p", 2, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  CHECK(after.watch.state().in_force);
  CHECK(after.watch.state().since == before.watch.state().since);
}

TEST_CASE("objects of others are not looked at") {
  GuardedCluster cluster;
  cluster.install();
  cluster.put("ValidatingAdmissionPolicy/of-others", "uid-o", 7, {{"failurePolicy", "Ignore"}});
  CHECK(cluster.watch.state().in_force);
  CHECK(cluster.changes == 2);
  CHECK(cluster.watch.ledger().objects.size() == 2);
}

TEST_CASE("a restart finds in the ledger that nothing happened meanwhile") {
  GuardedCluster before;
  before.install();
  before.watch.restore(std::nullopt);
  GuardedCluster after;
  after.install();
  after.clock.advance(10min);
  after.watch.restore(before.watch.ledger());
  CHECK(after.watch.state().in_force);
  CHECK(after.watch.ledger() == before.watch.ledger());
}

TEST_CASE("a restart finds that the guard was changed and put back while no replica ran") {
  GuardedCluster before;
  before.install();
  GuardedCluster after;
  after.clock.advance(10min);
  const auto kept = guard::decode_ledger(guard::encode(before.watch.ledger()));
  SECTION("changed in place") {
    after.install();
    after.put(GuardedCluster::kPolicy, "uid-p", 3, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  }
  SECTION("deleted and made again") {
    after.install();
    after.put(GuardedCluster::kPolicy, "uid-new", 1, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
    after.clock.advance(1h);  // without a ledger, this process would trust the guard by now
    REQUIRE(after.watch.state().in_force);
  }
  after.watch.restore(kept);
  CHECK_FALSE(after.watch.state().in_force);
  CHECK(after.watch.state().since == after.clock.now() + 5s);
}

TEST_CASE("on a first start the guard is as old as its youngest object, as the API server tells it") {
  GuardedCluster cluster;
  cluster.install(10s);
  cluster.watch.restore(std::nullopt);
  // Older objects were not admitted by this guard.
  CHECK(cluster.watch.state().since == cluster.clock.now() - 10s + 1s);
}

TEST_CASE("a first start without a ledger believes in a guard that was never changed") {
  GuardedCluster cluster;
  cluster.install();
  cluster.watch.restore(std::nullopt);
  CHECK(cluster.watch.state().in_force);
}

TEST_CASE("a first start without a ledger waits where the guard was changed before") {
  GuardedCluster cluster;
  cluster.install();
  cluster.put(GuardedCluster::kPolicy, "uid-p", 2, GuardedCluster::shipped().at(GuardedCluster::kPolicy));
  cluster.watch.restore(std::nullopt);
  CHECK_FALSE(cluster.watch.state().in_force);
  cluster.clock.advance(5s);
  CHECK(cluster.watch.state().in_force);
}

TEST_CASE("a ledger does not put a guard in force that differs now") {
  GuardedCluster cluster;
  cluster.install();
  cluster.watch.restore(std::nullopt);
  const auto kept = cluster.watch.ledger();
  cluster.remove(GuardedCluster::kPolicy);
  cluster.watch.restore(kept);
  CHECK_FALSE(cluster.watch.state().in_force);
  CHECK(cluster.watch.ledger() == kept);
}
