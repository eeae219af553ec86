#include "core/policy/policy_status.hpp"

#include <functional>

#include "core/policy/shared_identity.hpp"
#include "core_test.hpp"

namespace {

const PolicyFacts kFacts{.cluster_role_exists = [](const std::string& name) { return name == "view"; },
                         .time_zone = nullptr};

api::Condition ready(const api::AccessPolicy& policy) {
  return policy_status({.policy = policy, .facts = kFacts, .now = kNow + 5ms}).conditions.at(0);
}

}  // namespace

TEST_CASE("a policy that works is Ready, with its figures, and its status is a fixed point") {
  auto policy = a_policy();
  policy.status = policy_status(
      {.policy = policy, .facts = kFacts, .active_grants = 2, .pending_requests = 1, .now = kNow + 5ms});
  CHECK(policy.status.conditions.at(0) ==
        api::Condition{"Ready", "True", "Ready", "requests are served", 3, kNow});
  CHECK(policy.status.observed_generation == 3);
  CHECK(policy.status.active_grants == 2);
  CHECK(policy.status.pending_requests == 1);
  CHECK(
      policy.status ==
      policy_status(
          {.policy = policy, .facts = kFacts, .active_grants = 2, .pending_requests = 1, .now = kNow + 1h}));
}

TEST_CASE("what keeps a policy from working is named") {
  struct Case {
    std::function<void(api::AccessPolicySpec&)> change;
    const char* reason;
    const char* message;
  };
  const std::vector<Case> cases{
      {[](auto& s) { s.subjects = {user("bob"), group("sre")}; }, "SubjectNotAllowed",
       "spec.subjects has Group sre, but who is in a group is only known of those who ask: name Users and ServiceAccounts"},
      {[](auto& s) {
         s.schedule = api::Schedule{.time_zone = "Europe/Atlantis", .windows = {{{"Mon"}, "08:00", "18:00"}}};
       },
       "ScheduleInvalid",
       "spec.schedule.timeZone \"Europe/Atlantis\" is not in the time zone database: write one such as Europe/Berlin or UTC"},
      {[](auto& s) { s.reason.pattern = "(INC"; }, "ReasonPatternInvalid",
       "spec.reason.pattern \"(INC\" is not an RE2 expression that can be used: missing ): (INC"},
      {[](auto& s) { s.reason.pattern = "((a{100}){100}){100}"; }, "ReasonPatternInvalid",
       "spec.reason.pattern \"((a{100}){100}){100}\" is not an RE2 expression that can be used: invalid repetition size: {100}"},
      {[](auto& s) { s.max_total = "1d"; }, "DurationInvalid",
       "spec.duration.maxTotal \"1d\" is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h"},
      {[](auto& s) { s.max_total = "3h"; }, "DurationInvalid",
       "spec.duration.maxTotal 3h is shorter than spec.duration.max 4h"},
      {[](auto& s) { s.max_start_delay = "90d"; }, "DurationInvalid",
       "spec.duration.maxStartDelay \"90d\" is not a duration: write hours, minutes and seconds like 1h30m, 45m or 90s, from 1s to 8760h"},
      {[](auto& s) { s.approval.timeout = "soon"; }, "DurationInvalid",
       "spec.approval.timeout \"soon\" is not a duration like 8h"},
      {[](auto& s) { s.limits = api::AccessPolicySpec::Limits{.active_per_requester = 1, .cooldown = "1d"}; },
       "DurationInvalid", "spec.limits.cooldown \"1d\" is not a duration like 15m"},
      {[](auto& s) {
         s.requesters = {user("alice")};
         s.approval.approvers = {user("alice")};
       },
       "NotEnoughApprovals",
       "nobody may approve what they asked for, so spec.approval.approvers (User alice) are too few for requests of spec.requesters (User alice)"},
      {[](auto& s) { s.roles.push_back(cluster_role("nope")); }, "RoleNotFound",
       "ClusterRole nope does not exist"},
      {[](auto& s) { s.default_duration = "5h"; }, "DurationTooLong",
       "spec.duration.default 5h is longer than spec.duration.max 4h"},
      {[](auto& s) { s.approval.approvers.clear(); }, "NotEnoughApprovals",
       "spec.approval.required is 1 but spec.approval.approvers names nobody"},
      {[](auto& s) { s.approval = {.required = 2, .approvers = {user("carol"), user("carol")}}; },
       "NotEnoughApprovals",
       "spec.approval.required is 2 but spec.approval.approvers names User carol, User carol"},
      {[](auto& s) { s.approval.required = -1; }, "NotEnoughApprovals",
       "spec.approval.required -1 is less than 0"},
      {[](auto& s) { s.namespaces.names.push_back("kube-system"); }, "NamespaceReserved",
       "spec.namespaces.names has kube-system, but Curfew grants nothing in kube-* and curfew-system"},
  };
  for (const Case& c : cases) {
    auto policy = a_policy();
    c.change(policy.spec);
    CAPTURE(c.message);
    CHECK(ready(policy).status == "False");
    CHECK(ready(policy).reason == c.reason);
    CHECK(ready(policy).message == c.message);
  }
}

TEST_CASE("a suspended policy is Ready, since it does what its author wants, and has condition Suspended") {
  auto policy = a_policy();
  policy.spec.suspend = true;
  policy.status = policy_status({.policy = policy, .facts = kFacts, .now = kNow});
  CHECK(ready(policy) == api::Condition{"Ready", "True", "PolicySuspended",
                                        "suspended: nothing is granted until spec.suspend is false", 3,
                                        kNow});
  const auto* suspended = api::find_condition(policy.status.conditions, "Suspended");
  REQUIRE(suspended != nullptr);
  CHECK(*suspended == api::Condition{"Suspended", "True", "PolicySuspended",
                                     "nothing is granted until spec.suspend is false", 3, kNow});
  policy.spec.suspend = false;
  policy.status = policy_status({.policy = policy, .facts = kFacts, .now = kNow + 1min});
  CHECK(api::find_condition(policy.status.conditions, "Suspended") == nullptr);
  CHECK(ready(policy).reason == "Ready");
}

TEST_CASE("a suspended policy that would not work either is not Ready") {
  auto policy = a_policy();
  policy.spec.suspend = true;
  policy.spec.roles = {cluster_role("nope")};
  policy.status = policy_status({.policy = policy, .facts = kFacts, .now = kNow});
  CHECK(ready(policy).status == "False");
  CHECK(ready(policy).reason == "RoleNotFound");
  CHECK(api::find_condition(policy.status.conditions, "Suspended") != nullptr);
}

TEST_CASE("suspending a policy is an ordinary Event, and so is serving again") {
  auto policy = a_policy();
  policy.status = policy_status({.policy = policy, .facts = kFacts, .now = kNow});
  policy.spec.suspend = true;
  const auto after = policy_status({.policy = policy, .facts = kFacts, .now = kNow});
  const auto suspended = policy_event(policy, after, kNow);
  REQUIRE(suspended);
  CHECK(suspended->type == "Normal");
  CHECK(suspended->reason == "PolicySuspended");
  policy.status = after;
  policy.spec.suspend = std::nullopt;
  const auto served =
      policy_event(policy, policy_status({.policy = policy, .facts = kFacts, .now = kNow}), kNow);
  REQUIRE(served);
  CHECK(served->type == "Normal");
  CHECK(served->reason == "Ready");
}

TEST_CASE("a Role is not looked for before there is a request") {
  auto policy = a_policy();
  policy.spec.roles = {{"Role", "debugger"}};
  CHECK(ready(policy).status == "True");
}

TEST_CASE("every problem is listed, and the first is the reason") {
  auto policy = a_policy();
  policy.spec.roles = {cluster_role("nope")};
  policy.spec.reason.pattern = "(";
  CHECK(ready(policy).reason == "RoleNotFound");
  CHECK(
      ready(policy).message ==
      "ClusterRole nope does not exist; spec.reason.pattern \"(\" is not an RE2 expression that can be used: missing ): (");
}

TEST_CASE("a policy that somebody besides the requester can approve works") {
  auto policy = a_policy();
  policy.spec.requesters = {user("alice"), user("bob")};
  policy.spec.approval.approvers = {user("alice")};  // alice can approve bob's requests, but not her own
  CHECK(ready(policy).status == "True");
  policy.spec.requesters = {user("alice")};
  policy.spec.approval.allow_self_approval = true;
  CHECK(ready(policy).status == "True");
}

TEST_CASE("a role with which access can be kept is warned about, and the policy works nevertheless") {
  auto policy = a_policy();
  policy.spec.roles = {cluster_role("view"), {"Role", "deployer"}};
  const auto powers = [](const api::RoleRef& role) {
    return role.kind == "Role" ? std::vector<std::string>{"create pods", "create secrets"}
                               : std::vector<std::string>();
  };
  policy.status = policy_status({.policy = policy, .facts = kFacts, .outliving_powers = powers, .now = kNow});
  CHECK(api::find_condition(policy.status.conditions, "Ready")->status == "True");
  const auto* warning = api::find_condition(policy.status.conditions, "OutlivesGrant");
  REQUIRE(warning != nullptr);
  CHECK(warning->status == "True");
  CHECK(warning->message ==
        "what is made with a grant can outlive it: Role deployer allows create pods, create secrets");
  policy.spec.roles.pop_back();
  policy.status = policy_status({.policy = policy, .facts = kFacts, .outliving_powers = powers, .now = kNow});
  CHECK(api::find_condition(policy.status.conditions, "OutlivesGrant") == nullptr);
}

TEST_CASE("a policy that names users who are not one person each says so, and is Ready") {
  auto policy = a_policy();
  CHECK(ready(policy).message == "requests are served");
  policy.spec.approval.approvers.push_back(user("kubernetes-admin"));
  policy.spec.requesters.push_back(user("arn:aws:iam::111122223333:role/dev"));
  const std::string warning =
      "spec.requesters has User arn:aws:iam::111122223333:role/dev, who is everybody that assumes this IAM role; "
      "spec.approval.approvers has User kubernetes-admin, which several people may use: one username has to be one person";
  CHECK(ready(policy).status == "True");
  CHECK(ready(policy).message == "requests are served; but " + warning);
  policy.status = policy_status({.policy = policy, .facts = kFacts, .now = kNow});
  CHECK(api::find_condition(policy.status.conditions, "SharedIdentity")->message == warning);
  policy.spec = a_policy().spec;
  policy.status = policy_status({.policy = policy, .facts = kFacts, .now = kNow});
  CHECK(api::find_condition(policy.status.conditions, "SharedIdentity") == nullptr);
}

TEST_CASE("usernames that are not one person's are told from those that are") {
  for (const char* shared :
       {"admin", "system:anonymous", "system:node:worker-1", "arn:aws:iam::111122223333:role/admin",
        "arn:aws-cn:iam::111122223333:role/path/admin",
        "arn:aws:sts::111122223333:assumed-role/dev/1764064200123456789",
        "arn:aws:sts::111122223333:assumed-role/dev/botocore-session-1764064200",
        "arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0"}) {
    CAPTURE(shared);
    CHECK(why_not_a_person(shared));
  }
  for (const char* person :
       {"alice", "alice@example.com", "administrator@example.com", "arn:aws:iam::111122223333:user/alice",
        "arn:aws:sts::111122223333:assumed-role/dev/alice@example.com",
        "arn:aws:sts::111122223333:assumed-role/dev/u1234567",
        "github:repo:acme/shop:environment:production"}) {
    CAPTURE(person);
    CHECK_FALSE(why_not_a_person(person));
  }
}

TEST_CASE("a review by fewer people than are required is impossible, and said so") {
  api::AccessPolicy policy = a_policy();
  policy.spec.review = api::AccessPolicySpec::Review{
      .required = 2, .reviewers = {user("dora")}, .within = "", .block_while_overdue = false};
  const auto problems = policy_problems(
      policy, {.cluster_role_exists = [](const std::string&) { return true; }, .time_zone = nullptr},
      std::nullopt);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].message == "spec.review.required is 2 but spec.review.reviewers names User dora");
  policy.spec.review->reviewers = {group("auditors")};
  CHECK(policy_problems(
            policy, {.cluster_role_exists = [](const std::string&) { return true; }, .time_zone = nullptr},
            std::nullopt)
            .empty());
}
