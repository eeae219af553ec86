#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Who may review access after its end: policy curfew-reviews.
using namespace curfew::test;

namespace {

constexpr const char* kJustified = "curfew.dev/review-justified=fine";

// alice's access, which bob approved, has ended and waits for a review by group auditors.
struct Ended : Asked {
  Person erin = cluster.somebody("erin", {"auditors", "curfew-test-people"});

  Ended() { become(Json::object()); }

  void become(const Json& status) const {
    Json whole{
        {"phase", "Expired"},
        {"complete", false},
        {"subject", {{"kind", "User"}, {"name", "dave"}}},
        {"approvedBy", {"bob"}},
        {"review",
         {{"required", 1},
          {"reviewers", {{{"kind", "Group"}, {"name", "auditors"}}, {{"kind", "User"}, {"name", "gina"}}}},
          {"within", "72h"},
          {"dueAt", "2099-01-01T00:00:00Z"}}}};
    whole.update(status, true);  // with what is null, which the patch removes
    set_status(whole);
  }
  Json reviews() const { return stored().value("reviews", Json::array()); }
};

}  // namespace

TEST_CASE("a reviewer's annotation becomes a review in the reviewer's name", "[guard]") {
  const Ended e;
  REQUIRE_THAT(e.annotate(e.erin, {kJustified}), Succeeds());
  const Json reviews = e.reviews();
  REQUIRE(reviews.size() == 1);
  CHECK(reviews[0]["verdict"] == "Justified");
  CHECK(reviews[0]["username"] == "erin");
  CHECK(reviews[0]["comment"] == "fine");
  CHECK_FALSE(
      e.stored()["metadata"].value("annotations", Json::object()).contains("curfew.dev/review-justified"));
  CHECK_THAT(e.annotate(e.erin, {"curfew.dev/review-disputed=no"}),
             Refused("you have reviewed this already"));
  const Person gina = e.cluster.somebody("gina", {"curfew-test-people"});
  REQUIRE_THAT(e.annotate(gina, {"curfew.dev/review-disputed=uid=" +
                                 e.stored()["metadata"]["uid"].get<std::string>().substr(0, 8) + " no"}),
               Succeeds());
  CHECK(e.reviews()[1]["verdict"] == "Disputed");
  CHECK(e.reviews()[1]["comment"] == "no");
}

TEST_CASE("a review is refused at once, by one sentence, of whom it is not asked", "[guard]") {
  const Ended e;
  const auto auditor = [&](const std::string& name) {
    return e.cluster.somebody(name, {"auditors", "developers"});
  };
  CHECK_THAT(e.annotate(auditor("alice"), {kJustified}),
             Refused("alice asked for this access or had it, and so cannot review it"));
  CHECK_THAT(e.annotate(auditor("dave"), {kJustified}),
             Refused("dave asked for this access or had it, and so cannot review it"));
  CHECK_THAT(e.annotate(auditor("bob"), {kJustified}),
             Refused("bob approved this access, and so cannot review it"));
  CHECK_THAT(e.annotate(e.carol, {kJustified}),
             Refused("carol is not a reviewer of this access: Group auditors, User gina"));
  CHECK_THAT(e.annotate(e.admin, {kJustified}), Refused("is not a reviewer of this access"));
  CHECK(e.reviews().empty());
}

TEST_CASE("a review is refused at once before the end, after the last one, and where none is wanted",
          "[guard]") {
  const Ended e;
  e.become({{"phase", "Active"}, {"review", {{"dueAt", nullptr}}}});
  CHECK_THAT(e.annotate(e.erin, {kJustified}),
             Refused("this access has not ended yet: it is reviewed after its end"));
  e.become({{"review", nullptr}});
  CHECK_THAT(e.annotate(e.erin, {kJustified}), Refused("nobody reviews this: AccessPolicy"));
  e.become({{"complete", true},
            {"conditions",
             {{{"type", "Reviewed"},
               {"status", "True"},
               {"reason", "Justified"},
               {"message", "fine"},
               {"lastTransitionTime", "2026-11-24T20:00:00Z"}}}}});
  CHECK_THAT(e.annotate(e.erin, {kJustified}), Refused("this access has been reviewed already"));
  e.become({{"complete", true}, {"conditions", nullptr}});
  CHECK_THAT(e.annotate(e.erin, {kJustified}), Refused("this request is over, and not to be reviewed"));
}

TEST_CASE("nobody reviews in another person's name, and no review is removed", "[guard]") {
  const Ended e;
  Json review{{"verdict", "Justified"}, {"username", "erin"}, {"groups", {"auditors"}}};
  for (const Means& means : kMeans) {
    INFO(means.name);
    CHECK_THAT((e.*means.write)(e.carol, {{"reviews", {review}}}),
               Refused("you may review as yourself only, carol, with your own groups"));
  }
  REQUIRE_THAT(e.annotate(e.erin, {kJustified}), Succeeds());
  const Json reviews = e.reviews();
  for (const Person& who : {e.erin, e.admin, e.alice}) {
    CHECK_THAT(e.json_patch(who, Json::array({{{"op", "remove"}, {"path", "/reviews"}}})),
               Refused("reviews are appended, one at a time, and never changed"));
    CHECK_THAT(
        e.json_patch(
            who, Json::array({{{"op", "replace"}, {"path", "/reviews/0/verdict"}, {"value", "Disputed"}}})),
        Refused("reviews are appended, one at a time, and never changed"));
  }
  CHECK(e.reviews() == reviews);
}

TEST_CASE("review commands say what is wrong with them", "[guard]") {
  const Ended e;
  CHECK_THAT(
      e.annotate(e.erin, {kJustified, "curfew.dev/review-disputed=no"}),
      Refused("one command at a time, not curfew.dev/review-justified and curfew.dev/review-disputed"));
  CHECK_THAT(e.annotate(e.erin, {"curfew.dev/review-justified=" + std::string(1025, 'x')}),
             Refused("the comment of curfew.dev/review-justified has 1025 characters: 1024 at most"));
  CHECK_THAT(e.annotate(e.erin, {"curfew.dev/review-justified=uid=00000000 fine"}),
             Refused("the UID of this request is"));
  CHECK_THAT(e.annotate(e.erin, {"curfew.dev/review-justified=UID: 12345678 fine"}),
             Refused("curfew.dev/review-justified begins with uid: write uid=, the UID of this request"));
  CHECK_THAT(
      e.alice.kubectl({"create", "-f", "-"}, e.space.request("other", Json{{"policy", e.policy}}.dump()) +
                                                 "\nreviews: [{verdict: Justified, username: alice}]\n"),
      Refused("a new request carries no reviews: access is reviewed after its end"));
}

TEST_CASE("nothing more is decided once access has ended, also while it waits for its review", "[guard]") {
  const Ended e;
  for (const char* command : {"curfew.dev/approve=ok", "curfew.dev/deny=no", "curfew.dev/revoke=no"})
    CHECK_THAT(e.annotate(e.carol, {command}), Refused("this request is over: Expired"));
}
