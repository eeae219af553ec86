#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"
#include "support/text.hpp"

// The largest valid objects exceed no cost limit of the expression language, and fit into etcd.
using namespace curfew::test;

namespace {

// The most groups that a user may have: 65,536 bytes together with a username of 4 characters, and 1,024
// groups together with the API server's own.
std::vector<std::string> most_groups() {
  std::vector<std::string> groups{"developers", "sre", "curfew-test-people"};
  for (int i = 0; i < 1020; ++i) groups.push_back(std::to_string(1000 + i) + repeated("x", 56));
  return groups;
}

Json people(int count) {
  Json list = Json::array();
  for (int i = 0; i + 2 < count; ++i) {
    const std::string name = repeated("n", 1020) + std::to_string(1000 + i);
    list.push_back(i % 2 == 0
                       ? Json{{"kind", "Group"}, {"name", name}}
                       : Json{{"kind", "ServiceAccount"}, {"namespace", repeated("s", 63)}, {"name", name}});
  }
  list.push_back({{"kind", "Group"}, {"name", "developers"}});
  list.push_back({{"kind", "Group"}, {"name", "sre"}});
  return list;
}

// An AccessPolicy in which every field is full.
Json largest_policy(const std::string& ns) {
  Json names = Json::array(), roles = Json::array();
  for (int i = 0; i < 255; ++i) names.push_back(repeated("n", 60) + std::to_string(100 + i));
  names.push_back(ns);
  for (int i = 0; i < 23; ++i)
    roles.push_back({{"kind", i % 2 == 0 ? "Role" : "ClusterRole"},
                     {"name", repeated("r", 250) + std::to_string(100 + i)}});
  roles.push_back({{"kind", "ClusterRole"}, {"name", "view"}});
  return {{"description", repeated("d", 4096)},
          {"requesters", people(64)},
          {"subjects", people(64)},
          {"roles", roles},
          {"namespaces", {{"names", names}}},
          {"duration", {{"default", "8760h"}, {"max", "8760h"}}},
          {"reason", {{"required", true}}},
          {"approval", {{"required", 8}, {"approvers", people(64)}}}};
}

ProcessResult as(const Asked& asked, const std::string& user, const std::vector<std::string>& groups,
                 std::vector<std::string> arguments) {
  return asked.admin.kubectl(impersonating(user, groups, std::move(arguments)));
}

std::vector<std::string> annotating(const Asked& asked, const std::string& annotation) {
  return asked.space.on("annotate", "largest", {annotation});
}

}  // namespace

TEST_CASE("groups of 1,024 times 200 letters are refused in a sentence, at asking and at deciding",
          "[guard]") {
  Asked asked;
  std::vector<std::string> groups{"developers", "sre", "curfew-test-people"};
  for (int i = 0; i < 1020; ++i) groups.push_back(std::to_string(1000 + i) + repeated("x", 196));
  const std::string sentence = "your username and 1024 groups take 208";
  CHECK_THAT(
      asked.admin.kubectl(impersonating("user", groups, {"create", "-f", "-"}),
                          asked.space.request("largest", "{policy: " + asked.policy + ", " + kSettled + "}")),
      Refused(sentence));
  for (const char* command : {"approve", "deny"}) {
    CHECK_THAT(as(asked, "user", groups,
                  asked.space.on("annotate", "ask", {std::string("curfew.dev/") + command + "=ok"})),
               Refused("bytes together, which are kept with all that you ask and decide: 65536 at most"));
  }
  CHECK(asked.decisions().empty());
}

TEST_CASE("the largest request under the largest policy takes every approval and every revocation",
          "[guard][namespaced]") {
  Asked asked;
  const std::string policy = asked.space.policy(largest_policy(asked.space.name()).dump());
  const std::vector<std::string> groups = most_groups();
  const std::string widest(1024, '<');  // six bytes each in JSON
  Json metadata{{"labels", Json::object()}, {"annotations", {{"a", repeated("x", 16300)}}}};
  for (int i = 0; i < 64; ++i)
    metadata["labels"][repeated("l", 200) + ".io/" + repeated("l", 60) + std::to_string(100 + i)] =
        repeated("v", 63);
  for (int i = 0; i < 8; ++i)
    metadata["finalizers"].push_back(repeated("f", 200) + ".io/" + repeated("f", 60) +
                                     std::to_string(100 + i));
  metadata.update({{"name", "largest"}, {"namespace", asked.space.name()}});
  const Json request{{"apiVersion", "curfew.dev/v1alpha1"},
                     {"kind", "AccessRequest"},
                     {"metadata", metadata},
                     {"spec",
                      {{"policy", policy},
                       {"role", {{"kind", "ClusterRole"}, {"name", "view"}}},
                       {"subject", {{"kind", "User"}, {"name", widest}}},
                       {"duration", "8760h"},
                       {"reason", "x" + widest.substr(1)}}}};
  REQUIRE_THAT(asked.admin.kubectl(impersonating("u000", groups, {"create", "-f", "-"}), request.dump()),
               Succeeds());
  Json status{{"phase", "Pending"},
              {"complete", false},
              {"message", std::string(4096, '\x01')},
              {"approvedBy", Json::array()}};
  for (int i = 1; i <= 8; ++i) {
    const std::string user = "u00" + std::to_string(i);
    REQUIRE_THAT(as(asked, user, groups, annotating(asked, "curfew.dev/approve=" + widest)), Succeeds());
    status["approvedBy"].push_back(user);
  }
  REQUIRE_THAT(asked.curfew.kubectl(asked.space.on("patch", "largest",
                                                   {"--subresource", "status", "--type", "merge", "--patch",
                                                    Json{{"status", status}}.dump()})),
               Succeeds());
  // This approval adds nothing new.
  CHECK_THAT(as(asked, "u008", groups, annotating(asked, "curfew.dev/approve=again")), Succeeds());
  for (int i = 0; i < 8; ++i)
    REQUIRE_THAT(
        as(asked, "u00" + std::to_string(i), groups, annotating(asked, "curfew.dev/revoke=" + widest)),
        Succeeds());
  CHECK_THAT(as(asked, "u008", groups, annotating(asked, "curfew.dev/revoke=full")),
             Refused("finds no room: there are 16 decisions already"));
  CHECK_THAT(as(asked, "uuuu", groups, annotating(asked, "x=y")),
             Refused("are changed by its requester only, u000"));
  CHECK_THAT(as(asked, "uuuu", {"curfew-test-people"}, asked.space.on("delete", "largest")),
             Refused("may not delete this request while it is live"));
}
