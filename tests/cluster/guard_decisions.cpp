#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Decisions are made in one's own name, one at a time, and are never changed or removed.
using namespace curfew::test;

namespace {

const Json kCarols{{"verdict", "Approve"},
                   {"username", "carol"},
                   {"groups", {"sre", "system:authenticated"}},
                   {"comment", "ok"}};

Json append(const Json& decision) {
  return Json::array({{{"op", "add"}, {"path", "/decisions/-"}, {"value", decision}}});
}

}  // namespace

TEST_CASE("an annotation becomes a decision in its author's name", "[guard]") {
  Asked asked;
  struct Command {
    const char* annotation;
    const char* verdict;
  };
  const auto command =
      GENERATE(values<Command>({{"approve", "Approve"}, {"deny", "Deny"}, {"revoke", "Revoke"}}));
  if (command.verdict == std::string("Revoke")) asked.set_status({{"phase", "Active"}, {"complete", false}});

  REQUIRE_THAT(asked.annotate(asked.bob, {std::string("curfew.dev/") + command.annotation + "=ok"}),
               Succeeds());

  Json expected = kBobs;
  expected["verdict"] = command.verdict;
  CHECK(asked.decisions() == Json::array({expected}));
  CHECK_FALSE(
      asked.stored()["metadata"]["annotations"].contains(std::string("curfew.dev/") + command.annotation));
}

TEST_CASE("a second approver says the same in the same words", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.carol, {"curfew.dev/approve=ok"}), Succeeds());
  CHECK(asked.decisions() == Json::array({kBobs, kCarols}));
}

TEST_CASE("saying the same again adds nothing", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=I said so"}), Succeeds());
  CHECK(asked.decisions() == Json::array({kBobs}));
  CHECK_THAT(asked.json_patch(asked.bob, append(kBobs)), Refused("you have said so already"));
  Json reworded = kBobs;
  reworded["comment"] = "once more";
  CHECK_THAT(asked.json_patch(asked.bob, append(reworded)), Refused("you have said so already"));
}

TEST_CASE("an approval is taken back by a revocation and given again, each once", "[guard]") {
  Asked asked;
  const auto verdicts = [&] {
    std::string said;
    for (const Json& decision : asked.decisions())
      said += decision["verdict"].get<std::string>() + " of " + decision["username"].get<std::string>() + ";";
    return said;
  };
  const std::string sentence =
      "carol has not approved this, so there is no approval to take back: annotate curfew.dev/deny to end it";
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.carol, {"curfew.dev/revoke=no"}), Refused(sentence));
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=wrong ticket"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=really"}), Succeeds());
  CHECK(verdicts() == "Approve of bob;Revoke of bob;");
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=right after all"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=or not"}), Succeeds());
  CHECK(verdicts() == "Approve of bob;Revoke of bob;Approve of bob;Revoke of bob;");
  // Others find room, too.
  CHECK_THAT(
      asked.annotate(asked.bob, {"curfew.dev/approve=once more"}),
      Refused("you have approved this twice already, and taken it back: another approver can, or deny it"));
  // Of the access, which others have approved.
  asked.set_status({{"phase", "Active"}, {"complete", false}, {"observedDecisions", 4}});
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=I said enough"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.carol, {"curfew.dev/revoke=enough"}), Succeeds());
  CHECK(verdicts() ==
        "Approve of bob;Revoke of bob;Approve of bob;Revoke of bob;Revoke of bob;Revoke of carol;");
}

TEST_CASE("one person may approve, and later revoke", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=changed my mind"}), Succeeds());
  CHECK(asked.decisions().size() == 2);
}

TEST_CASE("every way of writing an annotation makes the same decision", "[guard]") {
  Asked asked;
  const Json annotation{{"metadata", {{"annotations", {{"curfew.dev/approve", "ok"}}}}}};
  SECTION("json patch") {
    REQUIRE_THAT(
        asked.json_patch(asked.bob, Json::array({{{"op", "add"},
                                                  {"path", "/metadata/annotations/curfew.dev~1approve"},
                                                  {"value", "ok"}}})),
        Succeeds());
  }
  SECTION("merge patch") {
    REQUIRE_THAT(asked.merge_patch(asked.bob, annotation), Succeeds());
  }
  SECTION("replace") {
    REQUIRE_THAT(asked.replace(asked.bob, annotation), Succeeds());
  }
  SECTION("server-side apply") {
    REQUIRE_THAT(asked.server_side_apply(asked.bob, annotation), Succeeds());
  }
  CHECK(asked.decisions() == Json::array({kBobs}));
}

TEST_CASE("a dry run says what would happen, and nothing happens", "[guard]") {
  Asked asked;
  CHECK_THAT(asked.annotate(asked.dave, {"curfew.dev/approve=ok", "--dry-run=server"}),
             Refused("dave is not an approver of AccessPolicy " + asked.policy));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok", "--dry-run=server"}), Succeeds());
  CHECK(asked.decisions().empty());
}

TEST_CASE("two commands at once are refused", "[guard]") {
  Asked asked;
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=yes", "curfew.dev/deny=no"}),
             Refused("one command at a time, not curfew.dev/approve and curfew.dev/deny"));
  CHECK(asked.decisions().empty());
}

TEST_CASE("nobody decides in the name of another", "[guard]") {
  Asked asked;
  const auto name = GENERATE("alice", "bob", "dave", "admin");
  const Person who = asked.cluster.as(name);
  const Json patch =
      Json::array({{{"op", "add"}, {"path", "/decisions"}, {"value", Json::array({kCarols})}}});
  // If both policies refuse, the message of either may be returned.
  const std::string sentence =
      who.name() == "bob" ? "you may decide as yourself only, bob, with your own groups" : "denied request: ";

  CHECK_THAT(asked.json_patch(who, patch), Refused(sentence));
  for (const Means& means : kMeans) {
    INFO(means.name);
    CHECK_THAT((asked.*means.write)(who, {{"decisions", Json::array({kCarols})}}), Refused(sentence));
  }
  CHECK(asked.decisions().empty());
}

TEST_CASE("nobody decides with groups that are not their own", "[guard]") {
  Asked asked;
  const Json groups = GENERATE(Json{"sre", "system:masters", "system:authenticated"}, Json{"sre"},
                               Json::array(), Json{"system:authenticated", "sre"});
  Json forged = kBobs;
  forged["groups"] = groups;
  CHECK_THAT(asked.json_patch(
                 asked.bob,
                 Json::array({{{"op", "add"}, {"path", "/decisions"}, {"value", Json::array({forged})}}})),
             Refused("you may decide as yourself only, bob, with your own groups"));
}

TEST_CASE("a decision in one's own name and groups needs no annotation", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.merge_patch(asked.bob, {{"decisions", Json::array({kBobs})}}), Succeeds());
  CHECK(asked.decisions() == Json::array({kBobs}));
}

TEST_CASE("what was decided is never changed, moved, doubled or removed", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  REQUIRE_THAT(asked.annotate(asked.carol, {"curfew.dev/approve=ok"}), Succeeds());
  const Json before = asked.decisions();
  const auto name = GENERATE("alice", "bob", "dave", "admin", "curfew");
  const Person who = asked.cluster.as(name);
  Json changed = before;
  changed[0]["comment"] = "not what I said";
  Json other_verdict = before;
  other_verdict[0]["verdict"] = "Deny";
  Json two_more = before;
  two_more.push_back(
      {{"verdict", "Revoke"}, {"username", "bob"}, {"groups", {"sre", "system:authenticated"}}});
  two_more.push_back({{"verdict", "Deny"}, {"username", "bob"}, {"groups", {"sre", "system:authenticated"}}});
  const std::string sentence = who.name() == "curfew"
                                   ? "cannot patch resource"
                                   : "decisions are appended, one at a time, and never changed";

  for (const Json& list :
       {Json::array(), Json::array({before[0]}), Json::array({before[1]}),
        Json::array({before[1], before[0]}), changed, other_verdict, two_more, Json(nullptr)}) {
    INFO(name << " writes " << list.dump());
    CHECK_THAT(asked.json_patch(who, Json::array({{{"op", "add"}, {"path", "/decisions"}, {"value", list}}})),
               Refused(sentence));
    // If two rules refuse, the message of either may be returned.
    if (who.name() != "curfew")
      CHECK_THAT(asked.merge_patch(who, {{"decisions", list}}), Refused("denied request: "));
  }
  if (who.name() != "curfew") {
    // kubectl replace also rewrites its own annotation, which curfew-metadata may be the first to refuse.
    CHECK_THAT(asked.replace(who, {{"decisions", Json::array({before[1], before[0]})}}),
               Refused("denied request: "));
    CHECK_THAT(asked.server_side_apply(who, {{"decisions", changed}}), Refused(sentence));
  }
  CHECK(asked.decisions() == before);
}

TEST_CASE("a decision cannot be slipped in with a command", "[guard]") {
  Asked asked;
  CHECK_THAT(asked.merge_patch(asked.bob, {{"metadata", {{"annotations", {{"curfew.dev/approve", "ok"}}}}},
                                           {"decisions", Json::array({kCarols})}}),
             Refused("denied request: "));
  CHECK_THAT(asked.merge_patch(asked.bob, {{"metadata", {{"annotations", {{"curfew.dev/approve", "ok"}}}}},
                                           {"decisions", Json::array({kBobs, kCarols})}}),
             Refused("decisions are appended, one at a time, and never changed"));
  CHECK(asked.decisions().empty());
}

TEST_CASE("misshapen decisions are refused by the schema, with and without a command", "[guard]") {
  Asked asked;
  const Json value =
      GENERATE(Json("x"), Json(5), Json::array({nullptr}), Json::array({5}), Json::array({Json::object()}),
               Json::array({{{"verdict", 5}}}), Json::array({{{"verdict", "Maybe"}, {"username", "bob"}}}),
               Json::array({Json::array()}));
  CHECK_THAT(asked.merge_patch(asked.bob, {{"decisions", value}}), Refused("decisions"));
  CHECK_THAT(asked.merge_patch(asked.bob, {{"metadata", {{"annotations", {{"curfew.dev/approve", "ok"}}}}},
                                           {"decisions", value}}),
             Refused("decisions"));
  CHECK(asked.decisions().empty());
}

TEST_CASE("a comment has at most 1024 characters", "[guard]") {
  Asked asked;
  std::string most;
  for (int i = 0; i < 1024; ++i) most += "é";
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=" + most + "x"}),
             Refused("the comment of curfew.dev/approve has 1025 characters: 1024 at most"));
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=" + most}), Succeeds());
  CHECK(asked.decisions()[0]["comment"] == most);
}
