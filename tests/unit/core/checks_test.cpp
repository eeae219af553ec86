#include <algorithm>
#include <array>
#include <functional>

#include "core/check/check.hpp"
#include "core_test.hpp"

namespace {

struct Case {
  const char* name;
  std::function<void(Situation&)> change;
  const char* reason;
  const char* message;
};

const std::vector<Case> kDenied{
    {"no policy", [](Situation& s) { s.policy.reset(); }, "PolicyNotFound",
     "spec.policy \"payments-debug\": there is no AccessPolicy of that name"},
    {"no requester", [](Situation& s) { s.request.spec.requester.reset(); }, "RequesterMissing",
     "spec.requester is missing, so nobody is known to have asked: make the request again"},
    {"a suspended policy", [](Situation& s) { s.policy->spec.suspend = true; }, "PolicySuspended",
     "AccessPolicy payments-debug is suspended (spec.suspend: true)"},
    {"what is no time", [](Situation& s) { s.request.spec.start_time = "tomorrow"; }, "StartTimeInvalid",
     "spec.startTime \"tomorrow\" is not a time: write it like 2026-11-24T20:00:00Z"},
    {"a start in a hundred years", [](Situation& s) { s.request.spec.start_time = "2125-01-01T00:00:00Z"; },
     "StartTimeTooFar",
     "spec.startTime 2125-01-01T00:00:00Z is farther ahead than the 2160h that AccessPolicy payments-debug allows where it has no spec.duration.maxStartDelay: the latest that is "
     "accepted is 2027-02-22T20:00:00Z"},
    {"a start a second later than the policy allows",
     [](Situation& s) {
       s.policy->spec.max_start_delay = "24h";
       s.request.spec.start_time = "2026-11-25T20:00:01Z";
     },
     "StartTimeTooFar",
     "spec.startTime 2026-11-25T20:00:01Z is farther ahead than the 24h that AccessPolicy payments-debug allows in spec.duration.maxStartDelay: the latest that is accepted is "
     "2026-11-25T20:00:00Z"},
    {"a start that only waiting brought near",
     [](Situation& s) {
       s.request.spec.start_time = "2027-03-01T00:00:00Z";
       s.now += 24h * 60;
     },
     "StartTimeTooFar",
     "spec.startTime 2027-03-01T00:00:00Z is farther ahead than the 2160h that AccessPolicy payments-debug allows where it has no spec.duration.maxStartDelay: the latest that is "
     "accepted is 2027-02-22T20:00:00Z"},
    {"a foreign subject", [](Situation& s) { s.request.spec.subject = user("bob"); }, "SubjectNotAllowed",
     "spec.subject User bob is not somebody for whom alice may ask under AccessPolicy payments-debug, whose subjects are nobody"},
    {"a subject that is not among those listed",
     [](Situation& s) {
       s.policy->spec.subjects = {user("carol"), robot("ci", "robot")};
       s.request.spec.subject = robot("ci", "other");
     },
     "SubjectNotAllowed",
     "spec.subject ServiceAccount ci/other is not somebody for whom alice may ask under AccessPolicy payments-debug, whose subjects are User carol, ServiceAccount ci/robot"},
    {"a role that was made again", [](Situation& s) { s.request.status.role_uid = "role-before"; },
     "RoleChanged",
     "ClusterRole view was deleted and made again with other rules since it was asked for: ask again for what it is now"},
    {"a role that allows something else",
     [](Situation& s) {
       s.request.status.role_uid = "role-uid";
       s.request.status.role_rules_hash = "sha256:other";
     },
     "RoleChanged",
     "the rules of ClusterRole view have changed since it was asked for: ask again for what they are now"},
    {"a reason that does not match", [](Situation& s) { s.policy->spec.reason.pattern = "^CHG-[0-9]+"; },
     "ReasonMismatch",
     "spec.reason \"INC-123\" does not match ^CHG-[0-9]+, which AccessPolicy payments-debug requires"},
    {"no reason where one has to match",
     [](Situation& s) {
       s.policy->spec.reason.pattern = "^CHG-[0-9]+";
       s.request.spec.reason.clear();
     },
     "ReasonMismatch",
     "spec.reason is missing: it has to match ^CHG-[0-9]+, which AccessPolicy payments-debug requires"},
    {"a reserved namespace",
     [](Situation& s) {
       s.request.metadata.ns = "kube-system";
       s.policy->spec.namespaces.selector.emplace();
     },
     "NamespaceReserved",
     "namespace kube-system is reserved: Curfew grants nothing in kube-* and curfew-system"},
    {"Curfew's own namespace", [](Situation& s) { s.request.metadata.ns = "curfew-system"; },
     "NamespaceReserved",
     "namespace curfew-system is reserved: Curfew grants nothing in kube-* and curfew-system"},
    {"a policy that cannot work", [](Situation& s) { s.policy->spec.max_duration = "banana"; },
     "PolicyNotReady",
     "AccessPolicy payments-debug is not ready: spec.duration.max \"banana\" is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s "
     "to 8760h"},
    {"somebody who may not ask", [](Situation& s) { s.request.spec.requester = person("dave"); },
     "RequesterNotAllowed",
     "dave is not a requester of AccessPolicy payments-debug, which names Group developers"},
    {"a choice of roles", [](Situation& s) { s.policy->spec.roles.push_back({"Role", "debugger"}); },
     "RoleAmbiguous",
     "spec.role is missing: AccessPolicy payments-debug offers ClusterRole view, Role debugger"},
    {"another role", [](Situation& s) { s.request.spec.role = cluster_role("admin"); }, "RoleNotAllowed",
     "spec.role ClusterRole admin is not offered by AccessPolicy payments-debug, which offers ClusterRole view"},
    {"a Role that is missing",
     [](Situation& s) {
       s.policy->spec.roles = {{"Role", "debugger"}};
       s.role_exists = false;
     },
     "RoleNotFound", "spec.role Role debugger does not exist in namespace payments"},
    {"another namespace", [](Situation& s) { s.request.metadata.ns = "billing"; }, "NamespaceNotAllowed",
     "AccessPolicy payments-debug does not cover namespace billing, only payments"},
    {"a selector without the namespace",
     [](Situation& s) {
       s.policy->spec.namespaces = {.names = {}, .selector = api::LabelSelector{}};
       s.ns.reset();
     },
     "NamespaceNotAllowed",
     "AccessPolicy payments-debug does not cover namespace payments, only those that its selector matches"},
    {"a selector that does not match",
     [](Situation& s) {
       s.policy->spec.namespaces = {.names = {"x"},
                                    .selector = api::LabelSelector{.match_labels = {{"team", "x"}}}};
     },
     "NamespaceNotAllowed",
     "AccessPolicy payments-debug does not cover namespace payments, only x and those that its selector matches"},
    {"what is no duration", [](Situation& s) { s.request.spec.duration = "1d"; }, "DurationInvalid",
     "spec.duration \"1d\" is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h"},
    {"too long", [](Situation& s) { s.request.spec.duration = "5h"; }, "DurationTooLong",
     "spec.duration 5h is longer than the 4h that AccessPolicy payments-debug allows"},
    {"a default that was pinned and is too long by now",
     [](Situation& s) { s.request.status.duration = "6h"; }, "DurationTooLong",
     "the default duration 6h is longer than the 4h that AccessPolicy payments-debug allows"},
    {"no reason",
     [](Situation& s) {
       s.policy->spec.reason.required = true;
       s.request.spec.reason = " \t\n";
     },
     "ReasonRequired",
     "spec.reason has no visible character: AccessPolicy payments-debug requires one, in words"},
};

}  // namespace

TEST_CASE("the policy's rules deny in a sentence that says what would be accepted") {
  for (const Case& c : kDenied) {
    DYNAMIC_SECTION(c.name) {
      Situation s;
      c.change(s);
      const auto denial = first_denial(grant_checks(), s.input());
      REQUIRE(denial);
      CHECK(denial->reason == c.reason);
      CHECK(denial->message == c.message);
    }
  }
}

TEST_CASE("what the policy allows passes every check") {
  Situation s;
  const auto change = GENERATE(values<std::function<void(Situation&)>>(
      {[](Situation&) {}, [](Situation& x) { x.request.spec.duration = "4h"; },
       [](Situation& x) { x.request.spec.role = cluster_role("view"); },
       [](Situation& x) { x.request.spec.subject = user("alice"); },
       [](Situation& x) { x.policy->spec.suspend = false; },
       [](Situation& x) { x.policy->spec.reason.pattern = "(INC|CHG)-[0-9]+"; },
       [](Situation& x) { x.request.spec.start_time = "2026-11-24T23:00:00+01:00"; },
       [](Situation& x) {
         x.policy->spec.subjects = {user("carol"), robot("ci", "robot")};
         x.request.spec.subject = robot("ci", "robot");
       },
       [](Situation& x) {
         x.role.is_aggregated = true;
         x.request.status.role_uid = "role-uid";
         x.request.status.role_rules_hash = "sha256:other";
       },
       [](Situation& x) { x.policy->spec.default_duration.clear(); },
       [](Situation& x) { x.request.spec.start_time = "2027-02-22T20:00:00Z"; },
       [](Situation& x) {
         x.policy->spec.max_start_delay = "8760h";
         x.request.spec.start_time = "2027-11-24T20:00:00Z";
       },
       [](Situation& x) {  // as the plugin asks: the request does not exist yet
         x.request.metadata.creation_timestamp = {};
         x.request.spec.start_time = "2027-02-22T20:00:00Z";
       },
       [](Situation& x) { x.policy->spec.namespaces = {.names = {}, .selector = api::LabelSelector{}}; },
       [](Situation& x) {
         x.policy->spec.namespaces = {.names = {},
                                      .selector = api::LabelSelector{.match_labels = {{"team", "payments"}}}};
         x.ns->metadata.labels = {{"team", "payments"}};
       },
       [](Situation& x) {
         x.request.spec.requester = person("system:serviceaccount:ci:robot");
         x.policy->spec.requesters = {robot("ci", "robot")};
       }}));
  change(s);
  const auto denial = first_denial(grant_checks(), s.input());
  CAPTURE(denial ? denial->message : "");
  CHECK_FALSE(denial);
}

TEST_CASE("only what can still arrive is waited for") {
  for (const Case& c : kDenied) {
    Situation s;
    c.change(s);
    const std::string reason = c.reason;
    CAPTURE(c.name);
    CHECK(first_denial(grant_checks(), s.input())->may_pass ==
          (reason == "PolicyNotFound" || reason == "PolicyNotReady" || reason == "RoleNotFound"));
  }
}

TEST_CASE("what was pinned at first sight is checked, not the policy's newer default") {
  Situation s;
  s.request.status.role_ref = cluster_role("view");
  s.policy->spec.roles = {cluster_role("edit")};
  CHECK(first_denial(grant_checks(), s.input())->reason == "RoleNotAllowed");
  s.policy->spec.roles = {cluster_role("edit"), cluster_role("view")};
  CHECK_FALSE(first_denial(grant_checks(), s.input()));
}

TEST_CASE("a check whose need is not met denies, where no earlier check of its chain did") {
  Situation s;
  const Check needs_role{.name = "role-allowed",
                         .rule = "the policy offers this role",
                         .needs = Check::Needs::Role,
                         .run = [](const Input&) -> std::optional<Denial> { return std::nullopt; }};
  const std::array chain{needs_role};
  CHECK_FALSE(first_denial(chain, s.input()));
  s.policy->spec.roles = {cluster_role("view"), cluster_role("edit")};
  const auto denial = first_denial(chain, s.input());
  REQUIRE(denial);
  CHECK(denial->reason == "CheckImpossible");
  CHECK(denial->message ==
        "whether the policy offers this role cannot be told: what that depends on is missing");
}

TEST_CASE("no situation passes a chain unless each of its checks ran") {
  Situation s;
  const bool has_policy = GENERATE(true, false);
  const bool has_requester = GENERATE(true, false);
  const bool has_role = GENERATE(true, false);
  if (!has_policy) s.policy.reset();
  if (!has_requester) s.request.spec.requester.reset();
  if (!has_role && s.policy) s.policy->spec.roles = {cluster_role("view"), cluster_role("edit")};
  const Input input = s.input();
  for (const auto chain : {grant_checks(), active_checks(), timing_checks(), limit_checks()}) {
    const bool all_can_run =
        std::ranges::all_of(chain, [&](const Check& check) { return can_run(check, input); });
    if (!first_denial(chain, input)) CHECK(all_can_run);
  }
}
