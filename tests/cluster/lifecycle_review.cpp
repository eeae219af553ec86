#include <catch2/matchers/catch_matchers_string.hpp>

#include "controller.hpp"
#include "lifecycle.hpp"

// Access that is reviewed after its end.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string reviewed(const std::string& review) {
  return "duration: {default: 10m, max: 1h}, review: {reviewers: [{kind: Group, name: auditors}], " + review +
         "}";
}

struct Reviewed {
  Scene scene;
  Person erin = scene.cluster.somebody("erin", {"auditors", "curfew-test-people"});
  std::string policy;
  Request ask;

  explicit Reviewed(const std::string& review = "within: 2h", const std::string& duration = "3s")
      : policy(scene.space.policy(automatic(reviewed(review)))), ask(scene, policy, "duration: " + duration) {
    ask.await("Active");
  }

  ProcessResult say(const Person& who, const std::string& verdict, const std::string& comment) const {
    return who.kubectl(scene.space.on("annotate", "ask", {"curfew.dev/review-" + verdict + "=" + comment}));
  }
  bool is_complete() const { return ask.status().value("complete", false); }
  void await_complete() const {
    CHECK(eventually(seconds(3), [&] { return is_complete(); }));
  }
};

}  // namespace

TEST_CASE("access is reviewed after its end, and its records tell by whom", "[lifecycle]") {
  const Reviewed r;
  r.ask.await("Expired", seconds(6));
  r.ask.await_reason("Reviewed", "ReviewPending");
  CHECK_FALSE(r.is_complete());
  CHECK_FALSE(r.ask.binding());
  CHECK_THAT(r.ask.text("message"), ContainsSubstring("waiting for a review by Group auditors until"));
  r.ask.await_event("ReviewRequested");
  const bool is_justified = GENERATE(true, false);
  REQUIRE_THAT(r.say(r.erin, is_justified ? "justified" : "disputed", "the incident was real"), Succeeds());
  r.await_complete();
  CHECK(r.ask.condition("Reviewed")["reason"] == (is_justified ? "Justified" : "Disputed"));
  CHECK(r.ask.recorded() == Texts{"Requested", "Granted", "Expired", "ReviewRequested", "Reviewed"});
  const Json record = r.ask.records().back();
  CHECK(record["actor"]["username"] == "erin");
  CHECK(record["comment"] == "the incident was real");
  CHECK(record["verdict"] == (is_justified ? "Justified" : "Disputed"));
  CHECK(r.ask.await_event("Reviewed")["type"] == (is_justified ? "Normal" : "Warning"));
  CHECK(r.ask.text("phase") == "Expired");
}

TEST_CASE("a deleted request evades its review openly, and keeps more access back if the policy says so",
          "[lifecycle]") {
  const Reviewed r("within: 2h, blockWhileOverdue: true", "30m");
  r.ask.remove(r.scene.alice);
  const Json record = r.ask.await_record("ReviewEvaded", seconds(4));
  CHECK(r.ask.recorded() == Texts{"Requested", "Granted", "Revoked", "ReviewEvaded"});
  CHECK_THAT(record["message"].get<std::string>(),
             ContainsSubstring("will not be reviewed by Group auditors"));
  const Request again(r.scene, r.policy, "duration: 10m", std::nullopt, "again");
  again.await("Rejected");
  CHECK(again.condition("Granted")["reason"] == "ReviewOverdue");
  CHECK_THAT(again.text("message"),
             ContainsSubstring(", by which alice had access, was deleted before its review"));
}

TEST_CASE("an overdue review is said, and keeps more access back until it is made", "[lifecycle]") {
  const Reviewed r("within: 1s, blockWhileOverdue: true", "2s");
  r.ask.await_reason("Reviewed", "ReviewOverdue", seconds(6));
  CHECK(r.ask.recorded() == Texts{"Requested", "Granted", "Expired", "ReviewRequested", "ReviewOverdue"});
  CHECK(r.ask.await_event("ReviewOverdue")["type"] == "Warning");
  const Request again(r.scene, r.policy, "duration: 10m", std::nullopt, "again");
  again.await("Rejected");
  CHECK_THAT(again.text("message"), ContainsSubstring("is overdue since"));
  REQUIRE_THAT(r.say(r.erin, "justified", ""), Succeeds());
  r.await_complete();
  const Request third(r.scene, r.policy, "duration: 10m", std::nullopt, "third");
  third.await("Active");
}

TEST_CASE("who may write the status does not make a review go away", "[lifecycle]") {
  const Reviewed r;
  r.ask.await_reason("Reviewed", "ReviewPending", seconds(6));
  const std::string forged = GENERATE(R"({"status": {"complete": true}})",
                                      R"({"status": {"complete": true, "review": null, "conditions": null}})",
                                      R"({"status": {"review": null}})");
  REQUIRE_THAT(r.scene.cluster.curfew().kubectl(r.scene.space.on(
                   "patch", "ask", {"--subresource=status", "--type=merge", "--patch", forged})),
               Succeeds());
  CHECK(eventually(seconds(4), [&] {
    const Json status = r.ask.status();
    return !status.value("complete", false) && status.contains("review") &&
           status["review"].contains("dueAt");
  }));
  REQUIRE_THAT(r.say(r.erin, "justified", ""), Succeeds());
  r.await_complete();
  CHECK(r.ask.recorded().back() == "Reviewed");
}

TEST_CASE("reviews and deletions of a time without Curfew are recorded when it is back", "[replica]") {
  const Scene scene;
  const Person erin = scene.cluster.somebody("erin", {"auditors", "curfew-test-people"});
  Controller controller(scene.cluster, {"--no-leader-elect"});
  controller.start_leading();
  const std::string policy = scene.space.policy(automatic(reviewed("within: 2h")));
  const Request one(scene, policy, "duration: 2s", std::nullopt, "one");
  const Request two(scene, policy, "duration: 2s", std::nullopt, "two");
  const Request three(scene, policy, "duration: 2s", std::nullopt, "three");
  for (const Request* each : {&one, &two, &three})
    each->await_reason("Reviewed", "ReviewPending", seconds(8));
  controller.kill();
  REQUIRE_THAT(erin.kubectl(scene.space.on("annotate", "one", {"curfew.dev/review-justified=fine"})),
               Succeeds());
  two.remove(scene.alice);
  // As somebody with Curfew's token would.
  REQUIRE_THAT(scene.cluster.curfew().kubectl(scene.space.on(
                   "patch", "three",
                   {"--subresource=status", "--type=merge", "--patch", R"({"status": {"complete": true}})"})),
               Succeeds());
  controller.start_leading();
  one.await_record("Reviewed", seconds(5));
  two.await_record("ReviewEvaded", seconds(5));
  three.await_record("Tampered", seconds(5));
  CHECK(eventually(seconds(4), [&] { return !three.status().value("complete", false); }));
}
