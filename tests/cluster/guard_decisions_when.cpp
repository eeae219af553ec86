#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"

// Which decisions are accepted depends on the phase of the request, on its policy, and on how many there are.
using namespace curfew::test;

namespace {

// Annotates as any user with the RBAC rights of group sre.
ProcessResult as_another(const Person& admin, const Asked& asked, const std::string& user,
                         const std::string& annotation) {
  return admin.kubectl(asked.space.on("annotate", "ask", {annotation, "--as", user, "--as-group", "sre"}));
}

}  // namespace

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

TEST_CASE("people who approve and take it back leave room for others", "[guard]") {
  Asked asked;
  for (const char* who : {"sre-0", "sre-1"}) {
    for (const char* what : {"approve", "revoke", "approve", "revoke"}) {
      REQUIRE_THAT(as_another(asked.admin, asked, who, std::string("curfew.dev/") + what + "=hm"),
                   Succeeds());
    }
  }
  REQUIRE(asked.decisions().size() == 8);
  CHECK_THAT(as_another(asked.admin, asked, "sre-2", "curfew.dev/approve=ok"), Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
  CHECK_THAT(asked.annotate(asked.carol, {"curfew.dev/deny=no"}), Succeeds());
}

TEST_CASE("a request that is being deleted is not approved, but may be revoked", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.merge_patch(asked.alice, {{"metadata", {{"finalizers", {"example.com/hold"}}}}}),
               Succeeds());
  REQUIRE_THAT(asked.alice.kubectl(asked.space.on("delete", "ask", {"--wait=false"})), Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}),
             Refused("no more approvals: this request is being deleted"));
  CHECK_THAT(asked.annotate(asked.alice, {"curfew.dev/revoke=enough"}), Succeeds());
  CHECK_THAT(asked.merge_patch(asked.alice, {{"metadata", {{"finalizers", nullptr}}}}), Succeeds());
}
