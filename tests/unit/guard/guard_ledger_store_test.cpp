#include <catch2/catch_test_macros.hpp>

#include "guard/ledger_store.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using guard::GuardLedger;

namespace {

constexpr const char* kLedgerPath = "/api/v1/namespaces/curfew-system/configmaps/curfew-guard";

GuardLedger ledger(std::int64_t generation) {
  return {.objects = {{"A/a", {.uid = "1", .generation = generation, .created = {}}}},
          .since = TimePoint(1000s),
          .digest = "d",
          .policies = {}};
}

struct GuardLedgerStoreFixture {
  FakeApi api;
  kube::Client client{api};
  guard::GuardLedgerStore store{client, "curfew-system"};
};

}  // namespace

TEST_CASE("no ledger is stored at first") {
  GuardLedgerStoreFixture f;
  const auto loaded = f.store.load({});
  REQUIRE(loaded);
  CHECK_FALSE(*loaded);
}

TEST_CASE("a saved ledger is loaded again, and replaced by the next one") {
  GuardLedgerStoreFixture f;
  REQUIRE(f.store.save(ledger(1), {}));
  CHECK(f.store.load({}).value() == ledger(1));
  REQUIRE(f.store.save(ledger(2), {}));
  CHECK(f.store.load({}).value() == ledger(2));
  CHECK(f.api.get(kLedgerPath)["kind"] == "ConfigMap");
}

TEST_CASE("a ledger that cannot be read for trouble is an error, not an absence") {
  GuardLedgerStoreFixture f;
  REQUIRE(f.store.save(ledger(1), {}));
  f.api.fail("GET", 503, "ServiceUnavailable", "etcd is away");
  const auto loaded = f.store.load({});
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().kind == ErrorKind::Unavailable);
}

TEST_CASE("a ConfigMap without a readable ledger is as none") {
  GuardLedgerStoreFixture f;
  SECTION("no data") {
    f.api.put_raw(kLedgerPath, {{"metadata", {{"name", "curfew-guard"}}}});
  }
  SECTION("garbage") {
    f.api.put_raw(kLedgerPath, {{"metadata", {{"name", "curfew-guard"}}}, {"data", {{"ledger", "garbage"}}}});
  }
  SECTION("other data") {
    f.api.put_raw(kLedgerPath, {{"metadata", {{"name", "curfew-guard"}}}, {"data", {{"other", "x"}}}});
  }
  SECTION("a number") {
    f.api.put_raw(kLedgerPath, {{"metadata", {{"name", "curfew-guard"}}}, {"data", {{"ledger", 1}}}});
  }
  const auto loaded = f.store.load({});
  REQUIRE(loaded);
  CHECK_FALSE(*loaded);
}

TEST_CASE("a ledger that cannot be saved is an error") {
  GuardLedgerStoreFixture f;
  f.api.fail("PUT", 403, "Forbidden", "no");
  const auto saved = f.store.save(ledger(1), {});
  REQUIRE_FALSE(saved);
  CHECK(saved.error().kind == ErrorKind::Forbidden);
}
