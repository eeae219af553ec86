#include <unistd.h>

#include <algorithm>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <fstream>

#include "controller.hpp"
#include "faultproxy.hpp"
#include "lifecycle.hpp"

// An error that cannot pass is reported in one line, with an exit code; a later failure is waited out.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr const char* kManifests = CURFEW_SOURCE_DIR "/manifests";

ProcessResult run_controller(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {Controller::program(), "--metrics-address", "127.0.0.1:0"});
  return run(flags, {.input = {}, .environment = {}, .timeout = seconds(60)});
}

void check_one_line(const ProcessResult& result, int exit_code, const std::string& part) {
  INFO("it said: " << result.all());
  CHECK_FALSE(result.timed_out);
  CHECK(result.exit_code == exit_code);
  CHECK(result.out.empty());
  CHECK(std::ranges::count(result.err, '\n') == 1);
  CHECK(result.err.starts_with("curfew: "));
  CHECK_THAT(result.err, ContainsSubstring(part));
}

// A file in the state folder, with this text.
std::filesystem::path file_with(const Cluster& cluster, const std::string& text) {
  const auto path = cluster.state() / "test" / (unique("startup") + ".yaml");
  std::ofstream(path) << text;
  return path;
}

// Curfew's own kubeconfig with one change: NAME is cluster or user, and `patch` is a merge patch of it.
std::filesystem::path changed_kubeconfig(const Cluster& cluster, const std::string& name, const Json& patch) {
  const ProcessResult view =
      run({cluster.kubectl().string(), "--kubeconfig", cluster.curfew().kubeconfig().string(), "config",
           "view", "--raw", "-o", "json"});
  REQUIRE_THAT(view, Succeeds());
  Json config = Json::parse(view.out);
  config[name + "s"][0][name].merge_patch(patch);
  return file_with(cluster, config.dump());
}

pid_t api_server(const Cluster& cluster) {
  std::ifstream file(cluster.state() / "controlplane.json");
  return Json::parse(file)["processes"]["kube-apiserver"][0].get<pid_t>();
}

}  // namespace

TEST_CASE("flags that cannot work are refused in one line", "[replica]") {
  struct Case {
    std::vector<std::string> flags;
    const char* said;
  };
  const auto [flags, said] = GENERATE(values<Case>({
      {{"--no-such-flag"}, "--no-such-flag"},
      {{"--workers", "0"}, "--workers"},
      {{"--workers", "many"}, "--workers"},
      {{"--log-level", "loud"}, "--log-level loud is none of debug, info, warn, error"},
      {{"--completed-request-ttl", "1d"}, "--completed-request-ttl 1d is not a duration"},
      {{"--completed-request-ttl", "-5m"}, "--completed-request-ttl"},
      {{"--pending-per-requester", "-1"}, "--pending-per-requester"},
      {{"--requester-qps", "fast"}, "--requester-qps"},
      {{"--requester-burst", "0"}, "--requester-burst"},
      {{"--pending-per-namespace", "-1"}, "--pending-per-namespace"},
      {{"--namespace-qps", "-1"}, "--namespace-qps"},
      {{"--cluster-burst", "many"}, "--cluster-burst"},
      {{"--kubeconfig"}, "--kubeconfig"},
      {{"surplus"}, "surplus"},
  }));
  DYNAMIC_SECTION(flags.front() << " " << flags.back()) {
    check_one_line(run_controller(flags), 2, said);
  }
}

TEST_CASE("an address that cannot be listened on is refused in one line", "[replica]") {
  const Cluster& cluster = Cluster::shared();
  const std::string kubeconfig = cluster.curfew().kubeconfig().string();
  const ProcessResult bad =
      run({Controller::program(), "--kubeconfig", kubeconfig, "--metrics-address", "nowhere"});
  check_one_line(bad, 2, "--metrics-address");
  Controller controller(cluster);
  controller.start();
  const ProcessResult taken = run(
      {Controller::program(), "--kubeconfig", kubeconfig, "--metrics-address", controller.metrics_address()});
  CHECK((taken.exit_code == 1 || taken.exit_code == 2));
  check_one_line(taken, taken.exit_code, controller.metrics_address());
  controller.stop();
}

TEST_CASE("the program says how it is used, and which it is", "[replica]") {
  const ProcessResult help = run({Controller::program(), "--help"});
  CHECK(help.exit_code == 0);
  CHECK_THAT(help.out, ContainsSubstring("--kubeconfig") && ContainsSubstring("CURFEW_KUBECONFIG"));
  CHECK_THAT(run({Controller::program(), "--version"}).out, ContainsSubstring("curfew 0."));
}

TEST_CASE("a kubeconfig that cannot be used is refused in one line", "[replica]") {
  const Cluster& cluster = Cluster::shared();
  SECTION("missing") {
    check_one_line(run_controller({"--kubeconfig", "/no/such/file"}), 2, "/no/such/file");
  }
  SECTION("not YAML") {
    check_one_line(run_controller({"--kubeconfig", file_with(cluster, "{{{ : nonsense\n\t]").string()}), 2,
                   "startup-");
  }
  SECTION("something else") {
    check_one_line(run_controller({"--kubeconfig", file_with(cluster, "kind: Pod\n").string()}), 2,
                   "startup-");
  }
  SECTION("empty") {
    check_one_line(run_controller({"--kubeconfig", file_with(cluster, "").string()}), 2, "startup-");
  }
  SECTION("a token file that is not there") {
    check_one_line(
        run_controller({"--kubeconfig",
                        changed_kubeconfig(cluster, "user", {{"tokenFile", "/no/such/token"}}).string()}),
        1, "/no/such/token");
  }
  SECTION("none, outside a cluster") {
    check_one_line(run_controller({}), 2, "--kubeconfig FILE");
  }
}

TEST_CASE("an API server that does not accept us is said in one line", "[replica]") {
  const Cluster& cluster = Cluster::shared();
  SECTION("a token that is none of its own") {
    const auto kubeconfig = changed_kubeconfig(
        cluster, "user", {{"tokenFile", nullptr}, {"token", "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"}});
    check_one_line(run_controller({"--kubeconfig", kubeconfig.string()}), 1,
                   "does not accept our token or certificate");
  }
  SECTION("a token that was good") {
    const TestNamespace space(cluster);
    const Person admin = cluster.admin();
    REQUIRE_THAT(admin.kubectl({"create", "serviceaccount", "former", "-n", space.name()}), Succeeds());
    const ProcessResult token = admin.kubectl({"create", "token", "former", "-n", space.name()});
    REQUIRE_THAT(token, Succeeds());
    REQUIRE_THAT(admin.kubectl({"delete", "serviceaccount", "former", "-n", space.name()}), Succeeds());
    const std::string text = token.out.substr(0, token.out.find_last_not_of('\n') + 1);
    const auto kubeconfig = changed_kubeconfig(cluster, "user", {{"tokenFile", nullptr}, {"token", text}});
    const Person former("former", cluster.kubectl(), kubeconfig);
    REQUIRE(eventually(seconds(15), [&] { return !former.kubectl({"auth", "whoami"}).ok(); }));
    check_one_line(run_controller({"--kubeconfig", kubeconfig.string()}), 1,
                   "does not accept our token or certificate");
  }
  SECTION("somebody without rights") {
    const auto kubeconfig = changed_kubeconfig(cluster, "user", {{"tokenFile", nullptr}});
    check_one_line(run_controller({"--kubeconfig", kubeconfig.string()}), 1, "forbidden");
  }
  SECTION("another one's certificate") {
    const std::string other =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "/dev/null", "-subj", "/CN=other", "-days", "1"})
            .out;
    const auto authority = file_with(cluster, other);
    const auto kubeconfig = changed_kubeconfig(
        cluster, "cluster",
        {{"certificate-authority-data", nullptr}, {"certificate-authority", authority.string()}});
    check_one_line(run_controller({"--kubeconfig", kubeconfig.string()}), 1, "certificate");
  }
}

TEST_CASE("an API server that cannot be reached at the start is waited for by a live process", "[replica]") {
  const Cluster& cluster = Cluster::shared();
  const FaultProxy proxy(cluster);
  proxy.set({{"fault", "refuse"}});
  const std::string address = "127.0.0.1:" + std::to_string(20000 + ::getpid() % 10000);
  Child controller(
      {Controller::program(), "--kubeconfig", proxy.kubeconfig().string(), "--metrics-address", address},
      cluster.state() / "test" / (unique("waiting") + ".log"));
  REQUIRE(eventually(seconds(10), [&] { return http_get(address, "/healthz").status == 200; }));
  sleep_until(now() + seconds(3));
  CHECK(http_get(address, "/healthz").status == 200);
  const Page ready = http_get(address, "/readyz");
  CHECK(ready.status == 503);
  CHECK_THAT(ready.body, ContainsSubstring("the API server cannot be reached"));
  CHECK_THAT(controller.log(), ContainsSubstring("API server unreachable, waiting for it"));
  CHECK(std::ranges::count(controller.log(), '\n') == 1);

  SECTION("it starts once the API server can be reached") {
    proxy.set({{"fault", "pass"}});
    CHECK(eventually(seconds(40), [&] { return http_get(address, "/readyz").status == 200; }));
    CHECK_THAT(controller.log(), ContainsSubstring("API server reachable"));
  }
  SECTION("it stops meanwhile") {}
  controller.signal(SIGTERM);
  CHECK(controller.wait(seconds(2)) == 0);
}

TEST_CASE("without Curfew's kinds the controller waits a little, and then says what to install",
          "[replica][disruptive]") {
  const Cluster& cluster = Cluster::shared();
  const Person admin = cluster.admin();
  const std::string kubeconfig = cluster.curfew().kubeconfig().string();
  const auto install = [&] { return admin.kubectl({"apply", "-k", kManifests}); };
  REQUIRE_THAT(admin.kubectl({"annotate", "crd", "accessrequests.curfew.dev", "curfew.dev/allow-delete=yes"}),
               Succeeds());
  REQUIRE_THAT(admin.kubectl({"delete", "crd", "accessrequests.curfew.dev", "--timeout=60s"}), Succeeds());
  const ProcessResult without = run_controller({"--kubeconfig", kubeconfig});
  Controller controller(cluster);
  SECTION("they come in time") {
    // start() waits up to ten seconds for the controller.
    const std::vector<std::string> later{"sh",
                                         "-c",
                                         R"(sleep 3; exec "$0" --kubeconfig "$1" apply -k "$2")",
                                         cluster.kubectl().string(),
                                         admin.kubeconfig().string(),
                                         kManifests};
    Child installing(later, cluster.state() / "test" / "install.log");
    controller.start();
    CHECK(installing.wait(seconds(20)) == 0);
    CHECK(eventually(seconds(30), [&] { return controller.leads(); }));
    controller.stop();
  }
  REQUIRE_THAT(install(), Succeeds());
  check_one_line(without, 1, "kubectl apply -k manifests/");
  Controller settled(cluster);  // recreated kinds count for controllers that start after this test
  settled.start_leading();
  sleep_until(now() + seconds(8));
  settled.stop();
}

TEST_CASE("an API server that goes away is waited out, said once, and access ends when it is back",
          "[replica][disruptive]") {
  const Scene scene;
  Controller controller(scene.cluster);
  controller.start_leading();
  const std::string policy = scene.space.policy(one_of_sre());
  const Request expiring(scene, policy, "duration: 6s", std::nullopt, "expiring");
  const Request running(scene, policy, "duration: 30m", std::nullopt, "running");
  for (const Request* request : {&expiring, &running}) {
    request->approve(scene.bob);
    request->await("Active");
  }
  const auto expires_at = expiring.time("expiresAt");

  REQUIRE(::kill(api_server(scene.cluster), SIGKILL) == 0);
  sleep_until(std::max(expires_at + seconds(1), now() + seconds(5)));
  CHECK(controller.times_said("API server unreachable, retrying") == 1);
  CHECK(controller.get("/healthz").status == 200);
  CHECK(controller.get("/readyz").status == 503);
  CHECK_THAT(controller.get("/readyz").body, ContainsSubstring("API server"));
  const auto lines = controller.log().size();
  sleep_until(now() + seconds(5));
  CHECK(controller.log().size() <= lines + 3);  // not one line per second

  REQUIRE_THAT(run({CURFEW_SOURCE_DIR "/tools/controlplane", "--state", scene.cluster.state().string(), "up"},
                   {.input = {}, .environment = {}, .timeout = seconds(100)}),
               Succeeds());
  const auto back = now();
  expiring.await_no_binding(seconds(15));
  const auto late = std::chrono::duration_cast<milliseconds>(now() - back);
  WARN("access ended " << late.count() << " ms after the API server was back");
  CHECK(late <= seconds(1));
  expiring.await("Expired", seconds(30));
  CHECK(running.text("phase") == "Active");
  CHECK(controller.has_said("API server reachable again"));
  // A newly started API server lacks the schema of AccessRequest for some seconds.
  REQUIRE(eventually(seconds(10), [&] {
    return scene.alice
        .kubectl({"create", "--dry-run=server", "-f", "-"},
                 scene.space.request("after", "{policy: " + policy + "}"))
        .ok();
  }));
  const Request after(scene, policy, "duration: 10m", std::nullopt, "after");
  after.approve(scene.bob);
  after.await("Active", seconds(20));
  CHECK(expiring.recorded() == std::vector<std::string>{"Requested", "Approved", "Granted", "Expired"});
  CHECK(controller.stop() == 0);
}
