#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/guard/guard_fixture.hpp"

// Which policies were written while the guard was in force. The authors of all others may have lacked the
// right to grant their roles.
using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using guard::GuardLedger;

namespace {

api::ObjectMeta version(const GuardedCluster& cluster, std::int64_t generation,
                        const std::string& uid = "uid-1") {
  return {.name = "debug",
          .uid = uid,
          .generation = generation,
          .creation_timestamp = floor_to_second(cluster.clock.now())};
}

bool write(GuardedCluster& cluster, const api::ObjectMeta& policy) {
  return cluster.watch.observe_policy(policy.name, &policy);
}

// A guard in force, watched by a leader.
void lead(GuardedCluster& cluster) {
  cluster.install();
  cluster.watch.restore(std::nullopt);
  REQUIRE(cluster.watch.state().in_force);
}

void weaken(GuardedCluster& cluster) {
  cluster.put(GuardedCluster::kPolicy, "uid-p", 2, {{"failurePolicy", "Ignore"}});
}

void put_back(GuardedCluster& cluster, std::int64_t generation = 3) {
  cluster.put(GuardedCluster::kPolicy, "uid-p", generation,
              GuardedCluster::shipped().at(GuardedCluster::kPolicy));
}

}  // namespace

TEST_CASE("a policy that is written under the guard is believed, and is something to save") {
  GuardedCluster cluster;
  lead(cluster);
  CHECK(write(cluster, version(cluster, 1)));
  CHECK(cluster.watch.believes(version(cluster, 1)));
  CHECK_FALSE(write(cluster, version(cluster, 1)));  // a status update
  CHECK(write(cluster, version(cluster, 2)));
  CHECK(cluster.watch.believes(version(cluster, 2)));
  CHECK(cluster.watch.ledger_to_save()->policies->believed.at("debug").generation == 2);
}

TEST_CASE(
    "a policy that is written while the guard is away, or has not settled, is not believed until it is written again under it") {
  GuardedCluster cluster;
  lead(cluster);
  write(cluster, version(cluster, 1));
  weaken(cluster);
  if (GENERATE(true, false)) put_back(cluster);
  const bool is_made_anew = GENERATE(true, false);
  const api::ObjectMeta forged = is_made_anew ? version(cluster, 1, "made-anew") : version(cluster, 2);
  write(cluster, forged);
  CHECK_FALSE(cluster.watch.believes(forged));
  CHECK_FALSE(cluster.watch.ledger_to_save());  // the saved ledger still differs from this guard

  put_back(cluster, 4);
  cluster.clock.advance(6s);
  REQUIRE(cluster.watch.state().in_force);
  write(cluster, forged);  // a status update
  CHECK_FALSE(cluster.watch.believes(forged));
  CHECK(cluster.watch.ledger_to_save()->policies->unbelieved.contains("debug"));

  SECTION("changed") {
    write(cluster, version(cluster, 3, forged.uid));
    CHECK(cluster.watch.believes(version(cluster, 3, forged.uid)));
  }
  SECTION("deleted and made anew") {
    cluster.watch.observe_policy("debug", nullptr);
    write(cluster, version(cluster, 1, "honest"));
    CHECK(cluster.watch.believes(version(cluster, 1, "honest")));
  }
  CHECK(cluster.watch.ledger_to_save()->policies->unbelieved.empty());
}

TEST_CASE("a policy that was there before the guard went away goes on being believed") {
  GuardedCluster cluster;
  lead(cluster);
  write(cluster, version(cluster, 1));
  weaken(cluster);
  write(cluster, version(cluster, 1));  // a status update
  CHECK(cluster.watch.believes(version(cluster, 1)));
}

TEST_CASE(
    "a policy whose change the store knows a moment before the watch does is judged by the guard of that moment") {
  GuardedCluster cluster;
  lead(cluster);
  write(cluster, version(cluster, 1));
  CHECK(cluster.watch.believes(version(cluster, 2)));
  weaken(cluster);
  CHECK_FALSE(cluster.watch.believes(version(cluster, 2)));
}

TEST_CASE(
    "a restart believes what was written under the guard that it knows, and of what was written meanwhile under another nothing") {
  GuardedCluster before;
  lead(before);
  write(before, version(before, 1));
  weaken(before);
  write(before,
        {.name = "forged", .uid = "uid-2", .generation = 1, .creation_timestamp = before.clock.now()});
  put_back(before);
  before.clock.advance(6s);
  const auto kept = guard::decode_ledger(guard::encode(*before.watch.ledger_to_save()));
  REQUIRE(kept);

  GuardedCluster after;
  after.install();
  after.clock.advance(1h);
  const api::ObjectMeta forged{
      .name = "forged", .uid = "uid-2", .generation = 1, .creation_timestamp = after.clock.now()};
  const api::ObjectMeta later{
      .name = "later", .uid = "uid-3", .generation = 1, .creation_timestamp = after.clock.now()};
  const api::ObjectMeta same = version(before, 1);
  const api::ObjectMeta edited{
      .name = "debug", .uid = same.uid, .generation = 2, .creation_timestamp = same.creation_timestamp};
  const bool is_edited = GENERATE(true, false);
  for (const auto& policy : {forged, later, is_edited ? edited : same}) write(after, policy);
  const bool has_changed = GENERATE(true, false);
  put_back(after, has_changed ? 5 : 3);
  after.watch.restore(kept);
  CHECK_FALSE(after.watch.believes(forged));
  CHECK(after.watch.believes(later) == !has_changed);
  CHECK(after.watch.believes(is_edited ? edited : same) == !(has_changed && is_edited));
}

TEST_CASE(
    "a policy that is written during an upgrade of the guard is believed once the guard is in force again") {
  GuardedCluster before;
  lead(before);
  write(before, version(before, 1));
  const auto kept = guard::decode_ledger(guard::encode(*before.watch.ledger_to_save()));

  GuardedCluster after;
  after.install();
  after.put(GuardedCluster::kPolicy, "uid-p", 1, {{"failurePolicy", "Fail"}});  // as the former shipped it
  const api::ObjectMeta before_this_term = version(before, 2);
  write(after, before_this_term);
  after.watch.restore(kept);
  const api::ObjectMeta in_this_term{
      .name = "later", .uid = "uid-3", .generation = 1, .creation_timestamp = after.clock.now()};
  write(after, in_this_term);
  for (const auto& policy : {before_this_term, in_this_term}) CHECK_FALSE(after.watch.believes(policy));
  const bool is_upgrade = GENERATE(true, false);
  put_back(after, is_upgrade ? 2 : 3);
  for (const auto& policy : {before_this_term, in_this_term}) {
    CHECK(after.watch.believes(policy) == is_upgrade);
    after.clock.advance(10s);
    CHECK(after.watch.believes(policy) == is_upgrade);
  }
}

TEST_CASE("a policy that the ledger lists as not believed is not believed after an upgrade either") {
  GuardedCluster before;
  lead(before);
  weaken(before);
  write(before, version(before, 1));
  put_back(before);
  before.clock.advance(6s);
  const auto kept = guard::decode_ledger(guard::encode(*before.watch.ledger_to_save()));
  REQUIRE(kept->policies->unbelieved.contains("debug"));

  GuardedCluster after;
  after.install();
  after.clock.advance(1h);
  const bool differs_first = GENERATE(true, false);
  if (differs_first) after.remove(GuardedCluster::kBinding);
  put_back(after, 4);
  write(after, version(before, 1));
  after.watch.restore(kept);
  if (differs_first)
    after.put(GuardedCluster::kBinding, "uid-b", 1, GuardedCluster::shipped().at(GuardedCluster::kBinding));
  REQUIRE(after.watch.state().in_force);
  CHECK_FALSE(after.watch.believes(version(before, 1)));
}

TEST_CASE("a first start believes the policies that are younger than the guard") {
  GuardedCluster cluster;
  cluster.install(10s);
  api::ObjectMeta older = version(cluster, 1);
  older.creation_timestamp -= 11s;
  api::ObjectMeta younger{
      .name = "younger", .uid = "uid-2", .generation = 4, .creation_timestamp = cluster.clock.now() - 5s};
  write(cluster, older);
  write(cluster, younger);
  CHECK_FALSE(cluster.watch.believes(older));
  CHECK_FALSE(cluster.watch.believes(younger));  // unknown until the ledger is restored
  cluster.watch.restore(std::nullopt);
  CHECK_FALSE(cluster.watch.believes(older));
  CHECK(cluster.watch.believes(younger));
}

TEST_CASE(
    "the ledger of a Curfew that kept no policies speaks for those that are younger than its guard, and for all while that stands") {
  GuardedCluster cluster;
  cluster.install();
  const GuardLedger ledger{.objects = cluster.watch.ledger().objects,
                           .since = cluster.clock.now() - 30min,
                           .digest = {},
                           .policies = std::nullopt};
  api::ObjectMeta older = version(cluster, 1);
  older.creation_timestamp -= 31min;
  const api::ObjectMeta younger{
      .name = "younger", .uid = "uid-2", .generation = 1, .creation_timestamp = cluster.clock.now()};
  write(cluster, older);
  write(cluster, younger);
  const bool has_changed = GENERATE(true, false);
  if (has_changed) put_back(cluster);
  cluster.watch.restore(ledger);
  CHECK(cluster.watch.believes(older) == !has_changed);
  CHECK(cluster.watch.believes(younger));
}
