#include "app/leadership.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"
#include "unit/support/fake_api.hpp"

using namespace curfew;
using namespace curfew::testing;
using namespace std::chrono_literals;
using app::Leadership;
using reconcile::Key;

namespace {

const std::string kLedgerPath = "/api/v1/namespaces/curfew-system/configmaps/curfew-guard";
const std::string kLoad = "GET " + kLedgerPath;
const std::string kSave = "PUT " + kLedgerPath;
const std::string kCreate = "POST /api/v1/namespaces/curfew-system/configmaps";
const std::string kSweep = "GET /apis/curfew.dev/v1alpha1/auditrecords";
const std::string kRetention = "GET /apis/curfew.dev/v1alpha1/accessrequests";

// A fake API server for two threads: the term's thread makes the calls, and the test's thread waits for them.
class SharedApi final : public http::Transport {
 public:
  Result<http::Response> send(const http::Request& request, std::chrono::milliseconds deadline,
                              std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    auto answer = api_.send(request, deadline, stop);
    called_.notify_all();
    if (api_.calls().back() == held_) called_.wait(lock, std::move(stop), [] { return false; });
    return answer;
  }
  Result<http::Response> stream(const http::Request& request, const http::LineSink& sink,
                                std::chrono::milliseconds idle, std::stop_token stop) override {
    return api_.stream(request, sink, idle, std::move(stop));
  }

  template <class Use>
  auto with(Use use) {
    const std::scoped_lock lock(mutex_);
    return use(api_);
  }
  // Waits until `call` has been made `times` times; false if that takes more than 10 s.
  bool await(const std::string& call, int times = 1) {
    std::unique_lock lock(mutex_);
    return called_.wait_for(lock, 10s, [&] { return count(call) >= times; });
  }
  // Makes this call succeed, but return only when the caller is stopped.
  void hold(const std::string& call) {
    const std::scoped_lock lock(mutex_);
    held_ = call;
  }
  int calls(const std::string& call) {
    return with([&](const FakeApi&) { return count(call); });
  }

 private:
  int count(const std::string& call) const {
    return static_cast<int>(std::ranges::count(api_.calls(), call));
  }

  std::mutex mutex_;
  std::condition_variable_any called_;
  FakeApi api_;       // protected by mutex_
  std::string held_;  // protected by mutex_
};

// One guard object, which tests change as users would, and one request to reconcile.
struct LeadershipFixture {
  explicit LeadershipFixture(Backoff retry = Backoff(1ms, 1ms)) : first_retry(retry) {
    deliver(stores.requests, request());
    put_guard(1);
  }

  // Stores the guard as shipped. A higher generation means that the guard was changed and restored.
  void put_guard(std::int64_t generation) {
    const nlohmann::json metadata{{"name", "one"}, {"uid", "uid"}, {"generation", generation}};
    const auto object = guard.decode("ValidatingAdmissionPolicyBinding",
                                     {{"metadata", metadata}, {"spec", {{"policyName", "one"}}}});
    REQUIRE(object);
    guard.observe("ValidatingAdmissionPolicyBinding", "one",
                  std::make_shared<const guard::GuardObject>(*object));
  }
  guard::GuardLedger saved() {
    const auto object = api.with([](const FakeApi& fake) { return fake.get(kLedgerPath); });
    return *guard::decode_ledger(object["data"]["ledger"].get<std::string>());
  }
  std::int64_t saved_generation() { return saved().objects.begin()->second.generation; }
  int queued() {
    int keys = 0;
    while (const auto key = queue.try_get()) {
      queue.done(*key);
      ++keys;
    }
    return keys;
  }

  Backoff first_retry;
  SharedApi api;
  kube::Client client{api};
  ManualClock clock;
  reconcile::Stores stores;
  reconcile::RequestNotes notes;
  reconcile::DepartedRequests departed;
  runtime::WorkQueue<Key> queue{clock};
  reconcile::ExtensionIndex extensions;
  reconcile::Triggers triggers{queue, stores, notes, departed, extensions, clock, [] { return true; }};
  static guard::GuardSpecs shipped() {
    return {{"ValidatingAdmissionPolicyBinding/one", {{"policyName", "one"}}}};
  }
  guard::GuardWatch guard{shipped, clock, [this] {
                            if (leadership) leadership->guard_changed();
                          }};
  guard::GuardLedgerStore ledgers{client, "curfew-system"};
  housekeeping::AuditBackfill sweep{client, stores, notes, triggers};
  housekeeping::Retention retention{
      {.client = client, .clock = clock, .keep = 1h, .is_leading = [] { return true; }}};
  std::atomic<bool> synced = true;
  std::atomic<int> times_asked = 0;  // calls of unsynced
  std::optional<Leadership> leadership;

  Leadership& make(std::chrono::milliseconds resync_interval = 6h) {
    return leadership.emplace(Leadership::Parts{.ledgers = ledgers,
                                                .guard = guard,
                                                .sweep = sweep,
                                                .retention = retention,
                                                .triggers = triggers,
                                                .unsynced =
                                                    [this] {
                                                      ++times_asked;
                                                      times_asked.notify_all();
                                                      return synced.load()
                                                                 ? std::vector<std::string>()
                                                                 : std::vector<std::string>{"roles"};
                                                    },
                                                .resync_interval = resync_interval,
                                                .retry = first_retry});
  }
  void await_asked(int times) {
    for (int now = times_asked; now < times; now = times_asked) times_asked.wait(now);
  }
};

// A backoff that only a stop ends.
Backoff for_ever() {
  return {1h, 1h};
}

void check_stops_at_once(Leadership& leadership) {
  const auto began = std::chrono::steady_clock::now();
  leadership.stop();
  CHECK(std::chrono::steady_clock::now() - began < 10s);
  CHECK_FALSE(leadership.is_ready());
}

}  // namespace

TEST_CASE("a new leader is not ready, and reads nothing, while the stores are not complete") {
  LeadershipFixture f;
  f.synced = false;
  Leadership& leadership = f.make();
  leadership.start();
  f.await_asked(3);
  CHECK_FALSE(leadership.is_ready());
  CHECK(f.api.with([](const FakeApi& fake) { return fake.calls().empty(); }));
  f.synced = true;
  REQUIRE(f.api.await(kSweep));
  CHECK(leadership.is_ready());
}

TEST_CASE("a new leader is not ready before the guard's ledger was read, however often that fails") {
  LeadershipFixture f;
  Leadership& leadership = f.make();
  std::vector<bool> ready_at_reads;
  f.api.with([&](FakeApi& fake) {
    fake.fail("GET " + kLedgerPath, 503, "ServiceUnavailable", "etcd is away", 2);
    fake.on_call = [&](const std::string& call) {
      if (call == kLoad) ready_at_reads.push_back(leadership.is_ready());
    };
  });
  leadership.start();
  REQUIRE(f.api.await(kSweep));
  CHECK(leadership.is_ready());
  CHECK(f.api.with([&](const FakeApi&) { return ready_at_reads; }) == std::vector<bool>(3, false));
}

TEST_CASE("a new leader knows the guard from the ledger, and looks at everything once") {
  LeadershipFixture f;
  const guard::GuardLedger before{
      .objects = f.guard.ledger().objects, .since = TimePoint(1000s), .digest = {}, .policies = {}};
  REQUIRE(f.ledgers.save(before, {}));
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  CHECK(f.guard.ledger().since == before.since);
  CHECK(f.queued() == 1);
}

TEST_CASE(
    "the ledger is saved when leadership begins and after each change of the guard, which is also looked at twice") {
  LeadershipFixture f;
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  CHECK(f.saved_generation() == 1);
  f.queued();
  const int saves = f.api.calls(kSave);
  f.put_guard(3);
  const auto looked_at = f.queue.get({});  // requeued at once
  REQUIRE(looked_at);
  f.queue.done(*looked_at);
  CHECK(f.saved_generation() == 1);  // after a crash now, the next leader must find the guard changed
  f.clock.advance(5s);
  REQUIRE(f.api.await(kSave, saves + 1));
  CHECK(f.saved_generation() == 3);
  CHECK(f.api.calls(kSave) == saves + 1);
  f.clock.advance(6s);
  CHECK(f.queued() == 1);
}

TEST_CASE("a policy that is new under the guard is saved in the ledger, and a burst of them once a second") {
  LeadershipFixture f;
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  const int saves = f.api.calls(kSave);
  f.queued();
  const auto put_policy = [&](int number) {
    auto policy = std::make_shared<api::AccessPolicy>();
    policy->metadata = {
        .name = "policy-" + std::to_string(number), .uid = "uid-" + std::to_string(number), .generation = 1};
    leadership.observe_policy(nullptr, policy);
  };
  for (int number = 0; number < 100; ++number) put_policy(number);
  REQUIRE(f.api.await(kSave, saves + 1));
  leadership.stop();
  CHECK(f.api.calls(kSave) == saves + 1);
  CHECK(f.saved().policies->believed.size() == 100);
  CHECK(f.queued() == 0);
}

TEST_CASE("everything is enqueued again after the resync interval, though nothing has changed") {
  LeadershipFixture f;
  Leadership& leadership = f.make(20ms);
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  for (int resync = 0; resync < 3; ++resync) {
    const auto key = f.queue.get(std::stop_token());  // blocks until there is one
    REQUIRE(key);
    f.queue.done(*key);
    f.queued();
  }
  leadership.stop();
}

TEST_CASE("a change of the guard that changes nothing in the ledger is looked at and not saved") {
  LeadershipFixture f;
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  const int saves = f.api.calls(kSave);
  f.queued();
  leadership.guard_changed();
  CHECK(f.queue.get({}).has_value());  // blocks until the guard's change requeues the request
  leadership.stop();
  CHECK(f.api.calls(kSave) == saves);
}

TEST_CASE("a ledger that could not be saved is saved later, and keeps no sweep from being made") {
  LeadershipFixture f;
  f.api.with([](FakeApi& fake) { fake.fail("PUT", 503, "ServiceUnavailable", "etcd is away", 2); });
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  REQUIRE(f.api.await(kCreate));  // the third attempt finds that there is no ledger yet
  CHECK(f.api.calls(kSave) == 3);
  CHECK(f.saved_generation() == 1);
  CHECK(f.api.calls(kSweep) == 1);
}

TEST_CASE("a sweep that failed is made again, and once it was complete never again") {
  LeadershipFixture f;
  f.api.with([](FakeApi& fake) {
    fake.fail(kSweep, 503, "ServiceUnavailable", "etcd is away", 2);
    fake.fail(kRetention, 503, "ServiceUnavailable", "etcd is away", 1);
  });
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention, 2));
  CHECK(leadership.is_ready());
  CHECK(f.api.calls(kSweep) == 4);  // two failed, one succeeded before retention failed, one complete
  f.put_guard(3);
  f.clock.advance(5s);
  REQUIRE(f.api.await(kSave, 2));
  leadership.stop();
  CHECK(f.api.calls(kSweep) == 4);
}

TEST_CASE("a term that ends while the stores are awaited ends at once") {
  LeadershipFixture f(for_ever());
  f.synced = false;
  Leadership& leadership = f.make();
  leadership.start();
  f.await_asked(1);
  check_stops_at_once(leadership);
}

TEST_CASE("a term that ends while the next try is awaited ends at once") {
  LeadershipFixture f(for_ever());
  std::string failing;
  SECTION("of reading the ledger") {
    failing = kLoad;
  }
  SECTION("of saving it") {
    failing = "POST /api/v1/namespaces/curfew-system/configmaps";
  }
  SECTION("of the sweep") {
    failing = kSweep;
  }
  f.api.with([&](FakeApi& fake) { fake.fail(failing, 503, "ServiceUnavailable", "etcd is away"); });
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(failing));
  check_stops_at_once(leadership);
}

TEST_CASE("a term that ends while nothing is to be done ends at once, and the next one begins anew") {
  LeadershipFixture f;
  Leadership& leadership = f.make();
  leadership.start();
  REQUIRE(f.api.await(kRetention));
  check_stops_at_once(leadership);
  leadership.stop();  // a second stop does nothing
  leadership.start();
  REQUIRE(f.api.await(kRetention, 2));
  CHECK(leadership.is_ready());
  CHECK(f.api.calls(kLoad) == 2);
}

TEST_CASE("a term that ends while the ledger is being read never becomes ready") {
  LeadershipFixture f;
  Leadership& leadership = f.make();
  f.api.hold(kLoad);
  leadership.start();
  REQUIRE(f.api.await(kLoad));
  leadership.stop();
  CHECK_FALSE(leadership.is_ready());
  CHECK(f.queued() == 0);
}
