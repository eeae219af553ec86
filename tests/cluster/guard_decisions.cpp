#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Decisions are made in one's own name, one at a time, and are never changed or removed.
using namespace curfew::test;

namespace {

const Json kBobs{{"verdict", "Approve"},
                 {"username", "bob"},
                 {"groups", {"sre", "system:authenticated"}},
                 {"comment", "ok"}};
const Json kCarols{{"verdict", "Approve"},
                   {"username", "carol"},
                   {"groups", {"sre", "system:authenticated"}},
                   {"comment", "ok"}};

Json append(const Json& decision) {
  return Json::array({{{"op", "add"}, {"path", "/decisions/-"}, {"value", decision}}});
}

// Annotates as any user with the RBAC rights of group sre.
ProcessResult as_another(const Person& admin, const Asked& asked, const std::string& user,
                         const std::string& annotation) {
  return admin.kubectl({"annotate", "accessrequest", "ask", "-n", asked.space.name(), annotation, "--as",
                        user, "--as-group", "sre"});
}

}  // namespace

TEST_CASE("an annotation becomes a decision in the name of whoever wrote it", "[guard]") {
  Asked asked;
  struct Command {
    const char* annotation;
    const char* verdict;
  };
  const auto command =
      GENERATE(values<Command>({{"approve", "Approve"}, {"deny", "Deny"}, {"revoke", "Revoke"}}));

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

TEST_CASE("nothing is decided once a request is over", "[guard]") {
  Asked asked;
  const auto phase = GENERATE("Denied", "Rejected", "TimedOut", "Withdrawn", "Expired", "Revoked");
  asked.set_status({{"phase", phase}, {"complete", true}});
  for (const char* command : {"approve", "deny", "revoke"}) {
    for (const Person& who : {asked.alice, asked.bob, asked.dave, asked.admin}) {
      CHECK_THAT(asked.annotate(who, {std::string("curfew.dev/") + command + "=now"}),
                 Refused(std::string("this request is over: ") + phase));
    }
  }
}

TEST_CASE("an active grant is revoked, neither approved nor denied", "[guard]") {
  Asked asked;
  asked.set_status({{"phase", "Active"}, {"complete", false}});
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=late"}),
             Refused("this request is approved already"));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/deny=late"}),
             Refused("this request is granted already: annotate curfew.dev/revoke to end it"));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
}

TEST_CASE("a scheduled request is not approved again, and may be denied", "[guard]") {
  Asked asked;
  asked.set_status({{"phase", "Scheduled"}, {"complete", false}});
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=late"}),
             Refused("this request is approved already"));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/deny=no"}), Succeeds());
}

TEST_CASE("nobody approves what Curfew has not settled yet", "[guard]") {
  struct Asks {
    const char* what;
    Json status;
  };
  const auto asks = GENERATE(values<Asks>(
      {{"reason: INC-1", {{"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}}, {"duration", "10m"}}},
       {"role: {kind: ClusterRole, name: view}", {{"duration", "10m"}}},
       {"duration: 10m", {{"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}}}}}));
  const std::string sentence =
      "Curfew has not looked at this request yet, so what it would give is not settled: approve it in a moment";
  Asked asked(kDevelopersAskSreApprove, asks.what);
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=early"}), Refused(sentence));
  CHECK_THAT(asked.merge_patch(asked.bob, {{"decisions", Json::array({kBobs})}}), Refused(sentence));
  for (const auto& [field, value] : asks.status.items()) {
    if (asks.status.size() < 2) break;
    asked.set_status({{"phase", "Pending"}, {field, value}});
    CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=early"}), Refused(sentence));
    asked.set_status({{field, nullptr}});
  }
  asked.set_status(asks.status);
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
}

TEST_CASE("what Curfew has not settled yet can be denied and revoked", "[guard]") {
  Asked asked(kDevelopersAskSreApprove, "reason: INC-1");
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/deny=no"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.alice, {"curfew.dev/revoke=never mind"}), Succeeds());
}

TEST_CASE("approvals close at eight decisions, so that there is room to deny and to revoke", "[guard]") {
  Asked asked;
  Json approved_by = Json::array();
  for (int i = 0; i < 8; ++i) {
    REQUIRE_THAT(as_another(asked.admin, asked, "sre-" + std::to_string(i), "curfew.dev/approve=ok"),
                 Succeeds());
    approved_by.push_back("sre-" + std::to_string(i));
  }
  asked.set_status({{"approvedBy", approved_by}});
  CHECK_THAT(as_another(asked.admin, asked, "sre-8", "curfew.dev/approve=ok"),
             Refused("no more approvals: there are eight decisions already"));
  for (int i = 0; i < 8; ++i)
    REQUIRE_THAT(as_another(asked.admin, asked, "sre-" + std::to_string(i), "curfew.dev/revoke=enough"),
                 Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/deny=no"}),
             Refused("curfew.dev/deny finds no room: there are 16 decisions already"));
  CHECK(asked.decisions().size() == 16);
}

TEST_CASE("the last four decisions are for the requester, the subject and those who approved", "[guard]") {
  Asked asked(kDevelopersAskSreApprove,
              std::string(kSettled) + ", subject: {kind: ServiceAccount, namespace: flux, name: flux}");
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  asked.set_status({{"phase", "Active"}, {"approvedBy", {"bob"}}});
  for (int i = 0; i < 11; ++i)
    REQUIRE_THAT(as_another(asked.admin, asked, "sre-" + std::to_string(i), "curfew.dev/revoke=enough"),
                 Succeeds());
  CHECK_THAT(
      asked.annotate(asked.carol, {"curfew.dev/revoke=enough"}),
      Refused(
          "there are twelve decisions already: the last four are kept for the requester, the subject and those who approved"));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.alice, {"curfew.dev/revoke=done"}), Succeeds());
  CHECK_THAT(as_another(asked.admin, asked, "system:serviceaccount:flux:flux", "curfew.dev/revoke=done"),
             Succeeds());
  CHECK(asked.decisions().size() == 15);
}

TEST_CASE("where the policy of a grant is gone only the people of the request decide", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  const auto policy_missing = [&](const std::string& status) {
    asked.set_status({{"phase", "Active"},
                      {"approvedBy", {"bob"}},
                      {"conditions", Json::array({{{"type", "PolicyMissing"},
                                                   {"status", status},
                                                   {"reason", "PolicyNotFound"},
                                                   {"message", "it is gone"},
                                                   {"lastTransitionTime", "2026-11-24T20:00:00Z"}}})}});
  };
  REQUIRE_THAT(asked.admin.kubectl({"delete", "accesspolicy", asked.policy}), Succeeds());
  policy_missing("True");
  for (const Person& stranger : {asked.carol, asked.dave, asked.admin}) {
    CHECK_THAT(
        asked.annotate(stranger, {"curfew.dev/revoke=mine"}),
        Refused(
            "AccessPolicy " + asked.policy +
            " is gone: only the requester and the subject of this request and those who approved it decide now"));
  }
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.alice, {"curfew.dev/revoke=done"}), Succeeds());
  policy_missing("False");
  CHECK_THAT(asked.annotate(asked.carol, {"curfew.dev/revoke=enough"}), Succeeds());
}

TEST_CASE("a request that is being deleted is not approved, but may be revoked", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.merge_patch(asked.alice, {{"metadata", {{"finalizers", {"example.com/hold"}}}}}),
               Succeeds());
  REQUIRE_THAT(
      asked.alice.kubectl({"delete", "accessrequest", "ask", "-n", asked.space.name(), "--wait=false"}),
      Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}),
             Refused("no more approvals: this request is being deleted"));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
  CHECK_THAT(asked.merge_patch(asked.alice, {{"metadata", {{"finalizers", nullptr}}}}), Succeeds());
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
