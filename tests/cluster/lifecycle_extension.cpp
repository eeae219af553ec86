#include <algorithm>
#include <atomic>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <thread>

#include "controller.hpp"
#include "lifecycle.hpp"

// More time, by a request that extends another one's access.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

constexpr const char* kExtensible = "duration: {default: 10m, max: 1h, maxTotal: 3h}";

std::string more_than(const std::string& name, const std::string& duration = "30m") {
  return "extends: " + name + ", duration: " + duration;
}

// Makes the first request and waits until it is Active; it ends after `duration`.
struct Chain {
  Scene scene;
  std::string policy;
  Request first;

  explicit Chain(const std::string& duration = "30m", const std::string& spec = automatic(kExtensible))
      : policy(scene.space.policy(spec)),
        first(scene, policy, "duration: " + duration, std::nullopt, "first") {
    if (spec.find("required: 1") != std::string::npos) first.approve(scene.bob);
    first.await("Active");
  }
  Request extension(const std::string& duration = "30m", const std::string& name = "second",
                    const std::string& of = "first") const {
    return Request(scene, policy, more_than(of, duration), std::nullopt, name);
  }
};

// Asks all the time whether the person may list pods: every moment without access counts.
class Watcher {
 public:
  Watcher(const Person& who, std::string ns)
      : thread_([this, who, ns = std::move(ns)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            who.can({"list", "pods", "-n", ns}) ? ++allowed_ : ++refused_;
            std::this_thread::sleep_for(milliseconds(20));
          }
        }) {}

  int allowed() const { return allowed_; }
  int refused() const { return refused_; }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }

 private:
  std::atomic<int> allowed_ = 0;
  std::atomic<int> refused_ = 0;
  std::jthread thread_;
};

void check_ended_with(const Request& extension, const std::string& which, const std::string& why) {
  extension.await("Revoked", seconds(4));
  CHECK(extension.condition("Granted")["reason"] == "ExtendedAccessEnded");
  CHECK_THAT(extension.text("message"), StartsWith(which + ", ended: " + why));
  extension.await_no_binding();
  CHECK(extension.recorded() == Texts{"Requested", "Granted", "Revoked"});
}

}  // namespace

TEST_CASE("between access and its extension there is no moment without", "[lifecycle][namespaced]") {
  const Chain chain("8s");
  const Scene& scene = chain.scene;
  const Request second = chain.extension("8s");
  second.await("Active");
  CHECK(second.time("expiresAt") == chain.first.time("expiresAt") + seconds(8));
  CHECK(second.status()["extends"]["uid"] == chain.first.uid());
  CHECK(second.status()["extends"]["since"] == chain.first.text("grantedAt"));
  REQUIRE(eventually(seconds(2), [&] { return scene.can_list_pods(scene.alice); }));
  Watcher watcher(scene.alice, scene.space.name());
  chain.first.await("Expired", seconds(12));
  sleep_until(chain.first.time("expiresAt") + seconds(2));
  CHECK(watcher.refused() == 0);
  CHECK(watcher.allowed() > 10);
  watcher.stop();
  CHECK(second.text("phase") == "Active");
  second.await("Expired", seconds(10));
  CHECK(eventually(seconds(2), [&] { return !scene.can_list_pods(scene.alice); }));
  CHECK(second.recorded() == Texts{"Requested", "Granted", "Expired"});
  const auto records = second.records();
  for (const Json& record : records) CHECK(record["extends"]["uid"] == chain.first.uid());
  CHECK_THAT(records[0]["message"].get<std::string>(), ContainsSubstring("for 8s more, to extend first"));
  CHECK_THAT(records[1]["message"].get<std::string>(), ContainsSubstring(", which extends first"));
}

TEST_CASE("what ends access before its time ends its extensions, through each link",
          "[lifecycle][namespaced]") {
  const Chain chain;
  const Scene& scene = chain.scene;
  const Request second = chain.extension();
  second.await("Active");
  const Request third = chain.extension("30m", "third", "second");
  third.await("Active");
  REQUIRE(scene.managed_bindings() == 3);
  std::string why;
  SECTION("a revocation") {
    REQUIRE_THAT(chain.first.say(scene.alice, "revoke", "done"), Succeeds());
    why = "alice revoked: done";
  }
  SECTION("the deletion of the request") {
    chain.first.remove(scene.alice);
    why = "AccessRequest " + scene.space.name() + "/first was deleted";
  }
  SECTION("the deletion of its binding") {
    REQUIRE_THAT(
        scene.admin.kubectl({"delete", "rolebinding", chain.first.binding_name(), "-n", scene.space.name()}),
        Succeeds());
    why = "RoleBinding";
  }
  check_ended_with(second, "first, which this extends", why);
  check_ended_with(third, "first, which this extends through second", why);
  CHECK(eventually(seconds(2), [&] { return scene.managed_bindings() == 0; }));
}

TEST_CASE("revoking an extension leaves what it extends", "[lifecycle][namespaced]") {
  const Chain chain;
  const Request second = chain.extension();
  second.await("Active");
  REQUIRE_THAT(second.say(chain.scene.alice, "revoke", "enough"), Succeeds());
  second.await("Revoked");
  CHECK(chain.first.text("phase") == "Active");
  const Request another = chain.extension("30m", "another");
  another.await("Active");
}

TEST_CASE("of two extensions at once one is granted", "[lifecycle][namespaced]") {
  const Chain chain;
  const Scene& scene = chain.scene;
  std::string both;
  for (const char* name : {"one", "two", "three", "four"})
    both += scene.space.request(name, "{policy: " + chain.policy + ", " + more_than("first") + "}") + "---\n";
  REQUIRE_THAT(scene.alice.kubectl({"create", "-f", "-"}, both), Succeeds());
  Texts phases;
  std::string granted, messages;
  REQUIRE(eventually(seconds(5), [&] {
    phases.clear();
    messages.clear();
    const Json all = scene.admin.get({"accessrequests", "-n", scene.space.name()})["items"];
    for (const Json& request : all) {
      if (request["metadata"]["name"] == "first") continue;
      const Json status = request.value("status", Json::object());
      phases.push_back(status.value("phase", "Pending"));
      if (phases.back() == "Active") granted = request["metadata"]["name"];
      if (phases.back() == "Rejected") messages += status.value("message", "") + "\n";
    }
    return std::ranges::count(phases, "Pending") == 0;
  }));
  std::ranges::sort(phases);
  CHECK(phases == Texts{"Active", "Rejected", "Rejected", "Rejected"});
  CHECK_THAT(messages, ContainsSubstring("first, which this extends, is extended already: extend that one, " +
                                         granted));
  CHECK(scene.managed_bindings() == 2);
}

TEST_CASE("an extension that is approved a moment after the end gives nothing", "[lifecycle][namespaced]") {
  const Chain chain("4s", one_of_sre(kExtensible));
  const Scene& scene = chain.scene;
  const Request late = chain.extension("30m", "late");
  late.await("Pending");
  sleep_until(chain.first.time("expiresAt") - milliseconds(200));
  late.say(scene.bob, "approve", "late");  // refused if it is over already
  late.await("Rejected", seconds(3));
  CHECK(late.condition("Granted")["reason"] == "ExtendedNotActive");
  CHECK_THAT(late.text("message"), ContainsSubstring("ask for access anew"));
  CHECK_FALSE(late.binding());
  CHECK(std::ranges::count(late.recorded(), "Granted") == 0);
  CHECK(eventually(seconds(2), [&] { return scene.managed_bindings() == 0; }));
}

TEST_CASE("an extension that waits is rejected with what it extends", "[lifecycle][namespaced]") {
  const Chain chain("30m", one_of_sre(kExtensible));
  const Request waits = chain.extension("30m", "waits");
  waits.await("Pending");
  REQUIRE_THAT(chain.first.say(chain.scene.alice, "revoke", "done"), Succeeds());
  waits.await("Rejected", seconds(3));
  CHECK(waits.condition("Granted")["reason"] == "ExtendedAccessEnded");
}

TEST_CASE("an extension counts against no limit that what it extends fills", "[lifecycle][namespaced]") {
  const Person erin = Cluster::shared().somebody("erin", {"developers"});
  const Scene scene;
  const std::string policy = scene.space.policy(
      automatic(std::string(kExtensible) + ", limits: {activePerRequester: 1, cooldown: 1h}"));
  const Request first(scene, policy, "duration: 4s", erin, "first");
  first.await("Active");
  const Request second(scene, policy, more_than("first", "20s"), erin, "second");
  second.await("Active");
  first.await("Expired", seconds(8));
  const Request third(scene, policy, more_than("second", "20s"), erin, "third");
  third.await("Active");
  const Request other(scene, policy, "duration: 20s", erin, "other");
  other.await("Rejected");
  CHECK(other.condition("Granted")["reason"] == "TooManyActive");
}

TEST_CASE("a chain ends when maxTotal says so", "[lifecycle][namespaced]") {
  const Chain chain("30m", automatic("duration: {max: 30m, maxTotal: 50m}"));
  const Request second = chain.extension();
  second.await("Active");
  CHECK(second.time("expiresAt") == chain.first.time("grantedAt") + std::chrono::minutes(50));
  CHECK(second.text("extendableUntil") == second.text("expiresAt"));
  const auto refused = [&] {
    return chain.scene.alice
        .kubectl(
            {"create", "--dry-run=server", "-f", "-"},
            chain.scene.space.request("third", "{policy: " + chain.policy + ", " + more_than("second") + "}"))
        .err;
  };
  CHECK(eventually(seconds(3), [&] { return refused().find("beyond maxTotal") != std::string::npos; }));
}

TEST_CASE("a policy that allows less in all shortens an extension, and one that allows none ends it",
          "[lifecycle][namespaced]") {
  const Chain chain;
  const Request second = chain.extension();
  second.await("Active");
  chain.scene.change(chain.policy, {{"duration", {{"max", "40m"}, {"maxTotal", "40m"}}}});
  CHECK(eventually(seconds(3), [&] {
    return second.time("expiresAt") == chain.first.time("grantedAt") + std::chrono::minutes(40);
  }));
  chain.scene.change(chain.policy, {{"duration", {{"maxTotal", nullptr}}}});
  second.await("Revoked", seconds(3));
  CHECK(second.condition("Granted")["reason"] == "ExtensionNotAllowed");
  CHECK(chain.first.text("phase") == "Active");
}

TEST_CASE("a replica that takes over ends an extension whose extended access ended while none led",
          "[replica]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic(kExtensible));
  Controller controller(scene.cluster, {"--no-leader-elect"});
  controller.start_leading();
  const Request first(scene, policy, "duration: 30m", std::nullopt, "first");
  first.await("Active");
  const Request second(scene, policy, more_than("first"), std::nullopt, "second");
  second.await("Active");
  controller.kill();
  SECTION("revoked") {
    REQUIRE_THAT(first.say(scene.alice, "revoke", "done"), Succeeds());
  }
  SECTION("deleted") {
    first.remove(scene.alice);
  }
  SECTION("without its binding") {
    REQUIRE_THAT(
        scene.admin.kubectl({"delete", "rolebinding", first.binding_name(), "-n", scene.space.name()}),
        Succeeds());
  }
  controller.start_leading();
  second.await("Revoked", seconds(10));
  CHECK(second.condition("Granted")["reason"] == "ExtendedAccessEnded");
  second.await_no_binding();
  CHECK(controller.stop() == 0);
}

TEST_CASE("an extension outlasts a restart in which what it extends ends by its time", "[replica]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic(kExtensible));
  Controller controller(scene.cluster, {"--no-leader-elect"});
  controller.start_leading();
  const Request first(scene, policy, "duration: 5s", std::nullopt, "first");
  first.await("Active");
  const Request second(scene, policy, more_than("first"), std::nullopt, "second");
  second.await("Active");
  controller.kill();
  sleep_until(first.time("expiresAt") + seconds(1));
  controller.start_leading();
  first.await("Expired", seconds(10));
  std::this_thread::sleep_for(seconds(2));
  CHECK(second.text("phase") == "Active");
  CHECK(scene.can_list_pods(scene.alice));
  CHECK(controller.stop() == 0);
}

TEST_CASE("before access ends that may be extended its request says so", "[replica]") {
  const Scene scene;
  const std::string policy = scene.space.policy(automatic(kExtensible));
  Controller controller(scene.cluster, {"--no-leader-elect", "--expiry-warning", "17s"});
  controller.start_leading();
  const Request first(scene, policy, "duration: 20s", std::nullopt, "first");
  first.await("Active");
  const std::string version = first.stored()["metadata"]["resourceVersion"];
  const Json event = first.await_event("ExpiresSoon", seconds(6));
  CHECK(event["type"] == "Normal");
  CHECK_THAT(event["note"].get<std::string>(), ContainsSubstring("kubectl curfew extend first"));
  CHECK(first.stored()["metadata"]["resourceVersion"] == version);
  const Request brief(scene, policy, "duration: 10s", std::nullopt, "brief");
  brief.await("Expired", seconds(14));
  CHECK(std::ranges::count(brief.events(), "ExpiresSoon") == 0);
  CHECK(controller.stop() == 0);
}
