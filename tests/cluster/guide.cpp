#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>
#include <regex>
#include <sstream>

#include "lifecycle.hpp"

// docs/policies.md, as a reader would follow it: each section's objects are applied, the person named in its
// comment makes its request, and the request ends as the comment says.
using namespace curfew::test;

namespace {

struct Section {
  std::string title;
  std::string objects;  // the blocks before the request
  std::string request;
  std::string policy;
  std::string requester;  // a username
  std::string group;
  std::string approver;  // empty: no approval
  std::string phase;
  std::string reason;  // of the Granted condition
};

void read_outcome(const std::string& line, Section& section) {
  static const std::regex kOutcome(
      R"(<!-- ([^ ,]+)(?:, ([a-z]+))?(?:, approved by ([a-z]+) \([a-z]+\))?: ([A-Za-z]+) ([A-Za-z]+) -->)");
  std::smatch parts;
  INFO("line: " << line);
  REQUIRE(std::regex_match(line, parts, kOutcome));
  section.requester = parts[1];
  section.group = parts[2];
  section.approver = parts[3];
  section.phase = parts[4];
  section.reason = parts[5];
}

void add_block(const std::string& block, Section& section) {
  if (block.find("kind: AccessRequest\n") != std::string::npos) {
    // Replaces the page's date by one that is neither long past nor too far ahead.
    static const std::regex kStart(R"re(startTime: "[^"]+")re");
    section.request = std::regex_replace(
        block, kStart, "startTime: \"" + curfew::format_rfc3339(now() + std::chrono::days(30)) + "\"");
    return;
  }
  section.objects += "---\n" + block;
  static const std::regex kPolicy(R"(kind: AccessPolicy\nmetadata: \{name: ([a-z-]+)\})");
  std::smatch found;
  if (std::regex_search(block, found, kPolicy)) section.policy = found[1];
}

std::vector<Section> sections() {
  std::ifstream file(CURFEW_SOURCE_DIR "/docs/policies.md");
  std::vector<Section> found;
  std::string block;
  bool in_block = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ") && line.size() > 3 && line[3] >= '0' && line[3] <= '9')
      found.push_back({.title = line.substr(3)});
    // "as" marks a person who types a block: see tests/docs/docs_test.
    if (line.starts_with("<!-- ") && !line.starts_with("<!-- as ")) read_outcome(line, found.back());
    if (line == "```" && in_block) {
      add_block(block, found.back());
      in_block = false;
    } else if (in_block) {
      block += line + "\n";
    } else if (line == "```yaml") {
      block.clear();
      in_block = true;
    }
  }
  return found;
}

// The namespaces of the guide, and the right to request in them for users who are not among the tests'
// people.
constexpr const char* kPlaces = R"(
apiVersion: v1
kind: Namespace
metadata: {name: guide-payments, labels: {guide: "yes"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: guide-flux}
---
apiVersion: v1
kind: Namespace
metadata: {name: guide-ci}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: kustomize-controller, namespace: guide-flux}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: migrator, namespace: guide-ci}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: askers, namespace: guide-payments}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: curfew-requester}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: contractors}
- {kind: ServiceAccount, name: kustomize-controller, namespace: guide-flux}
- {kind: ServiceAccount, name: migrator, namespace: guide-ci}
)";

Person person_of(const Cluster& cluster, const Section& section) {
  static const std::regex kRobot("system:serviceaccount:([a-z-]+):([a-z-]+)");
  std::smatch parts;
  if (std::regex_match(section.requester, parts, kRobot)) return cluster.service_account(parts[1], parts[2]);
  if (section.group == "developers" || section.group == "sre") return cluster.as(section.requester);
  return cluster.somebody(section.requester, {section.group});
}

struct Guide {
  const Cluster& cluster = Cluster::shared();
  Person admin = cluster.admin();
  std::string applied;

  Guide() { REQUIRE_THAT(admin.apply(kPlaces), Succeeds()); }
  Guide(const Guide&) = delete;
  Guide& operator=(const Guide&) = delete;
  ~Guide() {
    admin.kubectl({"delete", "--ignore-not-found", "-f", "-"}, applied);
    admin.kubectl({"delete", "--ignore-not-found", "--wait=false", "-f", "-"}, kPlaces);
  }

  Json condition(std::vector<std::string> what, const std::string& type) const {
    for (const Json& one :
         admin.get(std::move(what)).value("status", Json::object()).value("conditions", Json::array())) {
      if (one["type"] == type) return one;
    }
    return {};
  }
};

}  // namespace

TEST_CASE("the policies of the guide work as it says", "[lifecycle]") {
  Guide guide;
  const auto all = sections();
  REQUIRE(all.size() == 10);
  for (const Section& section : all) {
    INFO(section.title);
    guide.applied += section.objects;
    REQUIRE_THAT(guide.admin.apply(section.objects), Succeeds());
    Json ready;
    eventually(seconds(10), [&] {  // a role becomes grantable some seconds after its ClusterRole exists
      ready = guide.condition({"accesspolicy", section.policy}, "Ready");
      return !ready.is_null() && ready["status"] == "True";
    });
    INFO("Ready: " << ready.dump());
    CHECK(ready.value("status", "") == "True");

    REQUIRE_THAT(person_of(guide.cluster, section).kubectl({"create", "-f", "-"}, section.request),
                 Succeeds());
    const std::string name = [&] {
      std::smatch found;
      REQUIRE(std::regex_search(section.request, found, std::regex(R"(metadata: \{name: ([a-z0-9-]+))")));
      return std::string(found[1]);
    }();
    const std::vector<std::string> request{"accessrequest", name, "-n", "guide-payments"};
    if (!section.approver.empty()) {
      eventually(seconds(3),
                 [&] { return guide.admin.get(request)["status"].value("phase", "") == "Pending"; });
      REQUIRE_THAT(
          guide.cluster.as(section.approver)
              .kubectl({"annotate", "accessrequest", name, "-n", "guide-payments", "curfew.dev/approve=ok"}),
          Succeeds());
    }
    Json granted;
    const bool came = eventually(seconds(8), [&] {
      granted = guide.condition(request, "Granted");
      return !granted.is_null() && granted["reason"] == section.reason &&
             guide.admin.get(request)["status"].value("phase", "") == section.phase;
    });
    INFO("Granted: " << granted.dump() << ", status: " << guide.admin.get(request)["status"].dump(1));
    CHECK(came);
  }
  CHECK(guide.condition({"accesspolicy", "change-window"}, "OutlivesGrant").value("status", "") == "True");
}
