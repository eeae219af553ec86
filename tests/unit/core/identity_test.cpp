#include "core/identity.hpp"

#include "core/describe.hpp"
#include "core/policy/selector.hpp"
#include "core_test.hpp"

TEST_CASE("an entry covers by user name, by group membership and by ServiceAccount, byte for byte") {
  const std::vector<api::Subject> entries{user("carol"), group("sre"), robot("ci", "deployer")};
  CHECK(covers(entries, person("carol")));
  CHECK(covers(entries, person("bob", {"dev", "sre"})));
  CHECK(covers(entries, person("system:serviceaccount:ci:deployer")));
  CHECK_FALSE(covers(entries, person("Carol")));
  CHECK_FALSE(covers(entries, person("sre")));
  CHECK_FALSE(covers(entries, person("mallory", {"carol"})));
  CHECK_FALSE(covers(entries, person("system:serviceaccount:other:deployer")));
  CHECK_FALSE(covers({}, person("carol", {"sre"})));
}

TEST_CASE("membership is found among two hundred groups") {
  std::vector<InternedString> groups;
  groups.reserve(200);
  for (int i = 0; i < 200; ++i) groups.push_back("group-" + std::to_string(i));
  const std::vector<api::Subject> last{group("group-199")};
  CHECK(covers(last, person("alice", groups)));
}

TEST_CASE("a ServiceAccount that asks gets the access as a ServiceAccount") {
  CHECK(subject_for(person("system:serviceaccount:ci:deployer")) == robot("ci", "deployer"));
  CHECK(subject_for(person("alice")) == user("alice"));
  CHECK(subject_for(person("system:serviceaccount:ci")) == user("system:serviceaccount:ci"));
  CHECK(subject_for(person("system:serviceaccount::x")) == user("system:serviceaccount::x"));
}

TEST_CASE("an approval counts from an approver who is neither the requester nor the subject") {
  auto request = a_request();
  const auto policy = a_policy();
  CHECK_FALSE(approval_denial(request, policy, sre("bob")));
  CHECK(approval_denial(request, policy, person("dave"))->reason == "ApproverNotAllowed");
  CHECK(approval_denial(request, policy, person("dave"))->message ==
        "dave is not an approver of AccessPolicy payments-debug, which names Group sre");
  CHECK(approval_denial(request, policy, sre("alice"))->reason == "SelfApproval");
  request.spec.subject = user("bob");
  CHECK(approval_denial(request, policy, sre("bob"))->message ==
        "bob would get this access and so cannot approve it");
}

TEST_CASE("allowing self-approval makes nobody an approver") {
  auto policy = a_policy();
  policy.spec.approval.allow_self_approval = true;
  CHECK_FALSE(approval_denial(a_request(), policy, sre("alice")));
  CHECK(approval_denial(a_request(), policy, person("alice", {"developers"}))->reason ==
        "ApproverNotAllowed");
}

TEST_CASE("approvers, the requester and the subject may revoke, the latter two without the policy") {
  auto request = a_request();
  request.status.subject = user("carl");
  const auto policy = a_policy();
  CHECK(may_revoke(request, &policy, sre("bob")));
  CHECK_FALSE(may_revoke(request, nullptr, sre("bob")));
  CHECK(may_revoke(request, nullptr, person("alice")));
  CHECK(may_revoke(request, nullptr, person("carl")));
  CHECK_FALSE(may_revoke(request, &policy, person("dave", {"developers"})));
}

TEST_CASE("a label selector means what Kubernetes means by it") {
  const std::map<std::string, std::string> labels{{"team", "payments"}, {"env", ""}};
  const auto one = [](std::string key, std::string op, std::vector<std::string> values = {}) {
    return api::LabelSelector{
        .match_labels = {},
        .match_expressions = {{.key = std::move(key), .op = std::move(op), .values = std::move(values)}}};
  };
  CHECK(matches({}, labels));
  CHECK(matches({.match_labels = {{"team", "payments"}}}, labels));
  CHECK_FALSE(matches({.match_labels = {{"team", "payments"}, {"tier", "1"}}}, labels));
  CHECK(matches(one("team", "In", {"a", "payments"}), labels));
  CHECK_FALSE(matches(one("tier", "In", {""}), labels));
  CHECK(matches(one("tier", "NotIn", {"1"}), labels));
  CHECK_FALSE(matches(one("team", "NotIn", {"payments"}), labels));
  CHECK(matches(one("env", "Exists"), labels));
  CHECK_FALSE(matches(one("tier", "Exists"), labels));
  CHECK(matches(one("tier", "DoesNotExist"), labels));
  CHECK_FALSE(matches(one("env", "DoesNotExist"), labels));
  CHECK_FALSE(matches(one("team", "Near", {"payments"}), labels));
}

TEST_CASE("a sentence has no comment that shows nothing") {
  for (const char* comment : {"", " \t\r\n", "\u3000", "\u200b", "\u3164"})
    CHECK(with_comment("bob approved", comment) == "bob approved");
  CHECK(with_comment("bob approved", "\u00e9") == "bob approved: \u00e9");
}

TEST_CASE("a sentence ends with its comment, without the white space around that") {
  CHECK(with_comment("bob approved", " looks\n\nright \r\n") == "bob approved: looks\n\nright");
}

TEST_CASE("what is invisible in a text is visible in its quotation") {
  CHECK(in_quotes("INC-1\n\tx\\y \"z\" zo\u00eb") == "\"INC-1\\n\\tx\\y \"z\" zo\u00eb\"");
  CHECK(in_quotes("\r\x1b\u200b\U000e0041\xff") == "\"\\r\\u001b\\u200b\\U000e0041\\ufffd\"");
  CHECK(in_quotes(std::string(300, 'x')) == "\"" + std::string(253, 'x') + "...\"");
}

TEST_CASE("a username that only looks like a ServiceAccount's is a User's") {
  const std::string prefix = "system:serviceaccount:";
  CHECK(subject_for(person(prefix + "ci:robot.one")) == robot("ci", "robot.one"));
  for (const std::string& rest :
       {std::string(100, 'a') + ":x", std::string("A B:c/d"), std::string("a:b:c"), std::string("ci:"),
        std::string(":robot"), std::string("ci:-x"), std::string("ci:x..y"), "ci:" + std::string(254, 'x')}) {
    CAPTURE(rest);
    CHECK(subject_for(person(prefix + rest)) == user(prefix + rest));
    CHECK(username_of(subject_for(person(prefix + rest))) == prefix + rest);
  }
}
