#include <fstream>
#include <iterator>

#include "controller.hpp"
#include "faultproxy.hpp"
#include "lifecycle.hpp"

// The credentials of the controller and of the API server are replaced while the controller runs: a token
// expires, a CA is rotated. Files change on disk as kubelet changes them, and nothing is restarted.
using namespace curfew::test;

namespace {

constexpr const char* kLostContact = "API server unreachable, retrying";
constexpr int kMaxRequestsInTrouble = 40;      // per second of trouble
constexpr std::size_t kMaxLinesOfTrouble = 6;  // of log, in the whole time of trouble

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Replaces the file as kubelet does: the new file is complete from the start.
void replace(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path.string() + ".new") << text;
  std::filesystem::rename(path.string() + ".new", path);
}

// A controller behind the fault proxy, with its own token file.
struct BehindProxy {
  Scene scene;
  FaultProxy proxy{scene.cluster};
  std::filesystem::path folder = proxy.kubeconfig().parent_path();
  std::filesystem::path token = folder / "token";
  std::string good_token;
  std::optional<Controller> controller;
  std::string policy = scene.space.policy(automatic());

  BehindProxy() {
    Json config = Json::parse(contents(proxy.kubeconfig()));
    Json& user = config["users"][0]["user"];
    REQUIRE(user.contains("tokenFile"));
    good_token = contents(user["tokenFile"].get<std::string>());
    user["tokenFile"] = token.string();
    replace(token, good_token);
    replace(folder / "with-token", config.dump());
    controller.emplace(scene.cluster, std::vector<std::string>(), std::map<std::string, std::string>(),
                       folder / "with-token");
    controller->start_leading();
  }
  ~BehindProxy() { controller->stop(); }
};

// Counts later lines as well, because the first cause may have been another.
int times_said_why(const Controller& controller, const std::string& part) {
  int count = 0;
  for (const Json& line : controller.log()) {
    const bool is_about_contact =
        line["msg"] == kLostContact || line["msg"] == "API server still unreachable";
    if (is_about_contact && line["err"].get<std::string>().find(part) != std::string::npos) ++count;
  }
  return count;
}

struct Trouble {
  std::function<void()> begin;
  std::function<void()> mend;
  std::string said;  // in a line about the lost contact
};

// One access ends and one request is made meanwhile: both are completed at once after the repair.
void live_through(BehindProxy& behind, const Trouble& trouble) {
  INFO("proxy: " << behind.proxy.errors());
  const Scene& scene = behind.scene;
  Controller& controller = *behind.controller;
  const auto since = now();
  const Request ending(scene, behind.policy, "duration: 4s", std::nullopt, "ending");
  ending.await("Active");
  const Request running(scene, behind.policy, "duration: 30m", std::nullopt, "running");
  running.await("Active");
  const auto expires_at = ending.time("expiresAt");
  const auto lines = controller.log().size();

  trouble.begin();
  const auto began = now();
  REQUIRE(began < expires_at - milliseconds(500));
  const Request asked(scene, behind.policy, "duration: 30m", std::nullopt, "asked");
  sleep_until(expires_at + seconds(2));
  const double lasted = std::chrono::duration<double>(now() - began).count();
  const double requests = behind.proxy.requests_since(began) / lasted;
  CHECK(ending.binding().has_value());  // otherwise there was no trouble
  CHECK(asked.text("phase").empty());
  CHECK(controller.get("/healthz").status == 200);
  CHECK(controller.get("/readyz").status == 503);
  CHECK(controller.times_said(kLostContact) == 1);
  CHECK(controller.log().size() <= lines + kMaxLinesOfTrouble);
  CHECK(times_said_why(controller, trouble.said) == 1);

  trouble.mend();
  const auto mended = now();
  ending.await_no_binding(seconds(15));
  const auto deleted = call_of_curfew(scene.cluster, "delete", ending.binding_name(), since);
  REQUIRE(deleted.has_value());
  asked.await("Active", seconds(20));
  const auto granted_after = std::chrono::floor<milliseconds>(now() - mended);
  ending.await("Expired", seconds(10));
  const auto late = std::chrono::floor<milliseconds>(*deleted - mended);
  WARN("ended " << late.count() << " ms after it was mended, granted within " << granted_after.count()
                << " ms; " << requests << " requests/s meanwhile; " << controller.log().size() - lines
                << " lines of log");
  CHECK(late <= seconds(1));
  CHECK(granted_after < seconds(5));
  CHECK(requests < kMaxRequestsInTrouble);
  CHECK(running.text("phase") == "Active");
  CHECK(ending.recorded() == std::vector<std::string>{"Requested", "Granted", "Expired"});
}

}  // namespace

TEST_CASE("a token that the API server no longer takes costs no more than the time until there is a new one",
          "[replica]") {
  BehindProxy behind;
  live_through(behind, {.begin = [&] { replace(behind.token, "an.expired.token\n"); },
                        .mend = [&] { replace(behind.token, behind.good_token); },
                        .said = "Unauthorized"});
}

TEST_CASE(
    "an API server that shows a certificate of another CA costs no more than the time until the CA's file is replaced",
    "[replica]") {
  BehindProxy behind;
  live_through(
      behind,
      {.begin = [&] { behind.proxy.set({{"fault", "pass"}, {"identity", "rotated"}}); },
       .mend = [&] { replace(behind.folder / "ca.crt", contents(behind.folder / "rotated" / "ca.crt")); },
       .said = "cannot be trusted"});
}
