#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "api/codec.hpp"
#include "core/check/check.hpp"
#include "core/decide/explain.hpp"
#include "core/decide/tally.hpp"
#include "core/describe.hpp"
#include "core_test.hpp"
#include "support/decision_table.hpp"

// Plays every case of tests/cases/decisions through decide and its actions, including the time between
// the steps.
using curfew::test::DecisionTable;
using curfew::testing::decoded;
using nlohmann::json;

namespace {

// Read once, because Catch2 reruns the test case for each section below.
const DecisionTable& the_table() {
  static const DecisionTable table(CURFEW_SOURCE_DIR "/tests/cases/decisions");
  return table;
}

TimePoint time_of(const std::string& text) {
  const auto time = parse_rfc3339(text);
  INFO(text);
  REQUIRE(time);
  return *time;
}

enum class Reach { Namespace, Cluster };

// Whether the case is about a namespace, or about Roles, which exist in one.
bool is_about_namespaces(const json& row) {
  const std::string text = row.dump();
  return row.contains("namespace") || text.find(R"("namespaces":)") != std::string::npos ||
         text.find(R"("kind":"Role")") != std::string::npos || text.find("terminating") != std::string::npos;
}

// One case, from the creation of the request to its last step: an AccessRequest, or a ClusterAccessRequest
// under the same policy for the whole cluster.
class Play {
 public:
  Play(const DecisionTable& table, const json& row, Reach reach = Reach::Namespace)
      : table_(table), policy_(table.policy(row)), reach_(reach) {
    json spec = table.request(row);
    if (const json requester = table.requester(row); !requester.is_null()) spec["requester"] = requester;
    Situation& s = world_.s;
    s.request = decoded<api::AccessRequest>(
        {{"metadata", {{"name", "fix"}, {"uid", "uid-1"}, {"generation", 1}}}, {"spec", spec}});
    if (reach == Reach::Namespace)
      s.request.metadata.ns = s.ns->metadata.name = DecisionTable::ns(row);
    else
      s.ns.reset();
    s.at(time_of(table.created(row)));
    s.request.metadata.creation_timestamp = s.now;
    s.policy.reset();
    if (!policy_.is_null()) set_policy();
    learn(row);
    settle();
    for (const json& step : row.value("then", json::array())) play(step);
  }

  const World& world() const { return world_; }
  // The denial of the grant checks when the request was first seen.
  const std::optional<Denial>& first_denial() const { return first_denial_; }

 private:
  void play(const json& step) {
    if (step.contains("at")) pass_until(time_of(step.at("at").get<std::string>()));
    if (step.contains("policy")) {
      if (step.at("policy").is_null())
        policy_ = nullptr;
      else
        policy_ =
            DecisionTable::merged(policy_.is_null() ? table_.default_policy() : policy_, step.at("policy"));
      set_policy();
    }
    learn(step);
    for (const auto& act : table_.acts(step)) {
      json decision = act.person;
      decision["verdict"] = act.verdict;
      world_.s.by(decoded<api::AccessRequest>({{"decisions", json::array({decision})}}).decisions.at(0));
    }
    settle();
  }

  // Decides again at every wake_at that the last decision asked for, as the controller does.
  void pass_until(TimePoint end) {
    REQUIRE(end >= world_.s.now);
    for (auto wake = decide(world_.s.input()).next.time(); wake && *wake < end;
         wake = decide(world_.s.input()).next.time()) {
      REQUIRE(*wake > world_.s.now);
      world_.s.at(*wake);
      settle();
    }
    world_.s.at(end);
  }

  void set_policy() {
    if (policy_.is_null()) return world_.s.policy.reset();
    json metadata{{"name", "payments-debug"}, {"uid", "policy-uid"}, {"generation", ++generation_}};
    json spec = policy_;
    if (reach_ == Reach::Cluster) {
      spec.erase("namespaces");
      spec["scope"] = api::kClusterScope;
    }
    world_.s.policy =
        decoded<api::AccessPolicy>({{"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
  }

  // Updates the facts around the request that `said` contains.
  void learn(const json& said) {
    Situation& s = world_.s;
    const json ns = said.value("namespace", json::object());
    const json labels = ns.value("labels", json::object());
    for (const auto& [key, value] : labels.items()) {
      if (value.is_null())
        s.ns->metadata.labels.erase(key);
      else
        s.ns->metadata.labels[key] = value.get<std::string>();
    }
    if (ns.value("terminating", false) && s.ns) s.ns->metadata.deletion_timestamp = s.now;

    const json role = said.value("role", json::object());
    s.role_exists = role.value("exists", s.role_exists);
    s.role.uid = role.value("uid", s.role.uid);
    s.role.rules_hash = role.value("rules", s.role.rules_hash);
    s.role.is_aggregated = role.value("aggregated", s.role.is_aggregated);

    const json usage = said.value("usage", json::object());
    s.usage.active = usage.value("active", s.usage.active);
    if (usage.contains("lastEnd")) s.usage.last_end = time_of(usage.at("lastEnd").get<std::string>());

    if (said.contains("extended")) {
      extended_.merge_patch(said.at("extended"));
      s.extended = extended();
    }

    const json guard = said.value("guard", json::object());
    s.guard.in_force = guard.value("inForce", s.guard.in_force);
    if (guard.contains("since")) s.guard.since = time_of(guard.at("since").get<std::string>());
    s.guard.difference = s.guard.in_force ? "" : "ValidatingAdmissionPolicy curfew-identity is gone";
  }

  // The request `first`, which others extend.
  Extended extended() const {
    Extended made;
    const std::string phase = extended_.value("phase", "Active");
    const bool is_gone = extended_.value("gone", false);
    const json subject{{"kind", "User"}, {"name", extended_.value("subject", "alice")}};
    const json role{{"kind", "ClusterRole"}, {"name", extended_.value("role", "view")}};
    if (!is_gone)
      made.request = std::make_shared<const api::AccessRequest>(decoded<api::AccessRequest>(
          {{"metadata", {{"name", "first"}, {"namespace", "payments"}, {"uid", "uid-0"}}},
           {"spec",
            {{"policy", extended_.value("policy", "payments-debug")},
             {"requester", {{"username", extended_.value("requester", "alice")}}}}},
           {"status", {{"phase", phase}, {"subject", subject}, {"roleRef", role}}}}));
    if (extended_.contains("expiresAt"))
      made.access = api::ExtendedRef{.name = "first",
                                     .uid = "uid-0",
                                     .expires_at = time_of(extended_.at("expiresAt")),
                                     .since = time_of(extended_.at("since"))};
    made.is_active = extended_.value("active", !is_gone && phase == "Active");
    if (extended_.contains("ended"))
      made.end = Extended::End{
          .is_by_time = extended_.value("byTime", false), .name = "first", .message = extended_.at("ended")};
    made.is_end_unknown = is_gone && !made.end;
    made.extended_by = extended_.value("by", "");
    return made;
  }

  // Steps to a fixed point and compares explain with every decision on the way.
  void settle() {
    constexpr int kPlenty = 20;
    for (int i = 0; i < kPlenty; ++i) {
      const Input before = world_.s.input();
      if (!before.request->status.phase) first_denial_ = core::first_denial(grant_checks(), before);
      const Decision decision = world_.step();
      if (decision.actions.empty()) return check_wait_explained(before);
      for (const Action& action : decision.actions) check_explained(before, action);
    }
    FAIL("decide and apply reach no fixed point");
  }

  // The findings contain what the request waits for. The exception is a terminating namespace, which no check
  // covers.
  void check_wait_explained(const Input& input) const {
    if (world_.status().complete || world_.phase() == api::Phase::Active ||
        (input.ns && input.ns->metadata.deletion_timestamp))
      return;
    CHECK(std::ranges::any_of(explain(input),
                              [](const Finding& one) { return one.outcome != Finding::Outcome::Passed; }));
  }

  static void check_explained(const Input& before, const Action& action) {
    const std::vector<Finding> findings = explain(before);
    const auto failed = std::ranges::find(findings, Finding::Outcome::Failed, &Finding::outcome);
    if (std::holds_alternative<CreateBinding>(action)) {
      INFO((failed == findings.end() ? std::string() : failed->message));
      CHECK(std::ranges::all_of(findings,
                                [](const Finding& one) { return one.outcome == Finding::Outcome::Passed; }));
    }
    const auto* update = std::get_if<UpdateStatus>(&action);
    if (update == nullptr) return;
    const api::Condition* granted = api::find_condition(update->status.conditions, api::kGranted);
    const bool is_missed = granted != nullptr && granted->reason == api::reason::kStartMissed;
    if (update->status.phase != api::Phase::Rejected && !is_missed) return;
    REQUIRE(granted != nullptr);
    if (granted->reason == api::reason::kGuardNotInForce)
      return;  // decide's message about the guard also contains the remedy
    REQUIRE(failed != findings.end());
    CHECK(failed->message == granted->message);
  }

  const DecisionTable& table_;
  json policy_;
  const Reach reach_;
  json extended_ = json::object();
  World world_;
  int generation_ = 0;
  std::optional<Denial> first_denial_;
};

void check_outcome(const World& world, const json& expect) {
  const api::AccessRequestStatus& status = world.status();
  const api::Condition* granted = api::find_condition(status.conditions, api::kGranted);
  CAPTURE(status.message);
  CHECK(api::to_string(world.phase()) == expect.at("phase").get<std::string>());
  CHECK((granted == nullptr ? std::string() : granted->reason.str()) ==
        expect.at("reason").get<std::string>());
  CHECK((status.expires_at ? format_rfc3339(*status.expires_at) : "") == expect.value("expiresAt", ""));
  CHECK(status.expires_at.has_value() == world.has(api::AuditAction::Granted));
  if (expect.contains("expiresAt")) CHECK(expect.contains("approvals"));
  if (expect.contains("approvals")) CHECK(status.approvals == expect.at("approvals").get<std::string>());
  if (expect.contains("role"))
    CHECK((status.role_ref ? describe(*status.role_ref) : "") == expect.at("role").get<std::string>());
  if (expect.contains("subject"))
    CHECK((status.subject ? describe(*status.subject) : "") == expect.at("subject").get<std::string>());
  if (expect.contains("duration")) CHECK(status.duration == expect.at("duration").get<std::string>());
  if (expect.contains("message")) CHECK(status.message == expect.at("message").get<std::string>());
  CHECK((world.condition(api::kRoleDrifted) == "True RoleChanged") == expect.value("drifted", false));
}

// The binding exists exactly while the phase is Active, and equals what was granted.
void check_binding(const World& world) {
  REQUIRE(world.s.binding.has_value() == (world.phase() == api::Phase::Active));
  CHECK(world.status().complete == api::is_terminal(world.phase()));
  if (!world.s.binding) return;
  CHECK(world.s.binding->role_ref == world.status().role_ref);
  CHECK(world.s.binding->subjects == std::vector{*world.status().subject});
  CHECK(world.s.binding->metadata.annotations.at("curfew.dev/expires-at") ==
        format_rfc3339(*world.status().expires_at));
}

// What the table expects of the API server must equal what the core answers.
void check_early_answer(const Play& play, const json& cel) {
  const auto answer = [](const std::optional<Denial>& denial) {
    return denial ? denial->reason : std::string("allowed");
  };
  CHECK(answer(play.first_denial()) == cel.at("create").get<std::string>());
  const Tally counted = tally(play.world().s.input());
  json decisions = json::array();
  for (const auto& denial : counted.discounted) decisions.push_back(answer(denial));
  CHECK(decisions == cel.value("decisions", json::array()));
}

}  // namespace

TEST_CASE("every request of the table ends up as the table says") {
  for (const json& row : the_table().cases()) {
    DYNAMIC_SECTION(row.at("name").get<std::string>()) {
      const Play play(the_table(), row);
      check_outcome(play.world(), row.at("expect"));
      check_binding(play.world());
      if (row.contains("cel")) check_early_answer(play, row.at("cel"));
    }
  }
}

TEST_CASE("a request for the whole cluster ends up as one for a namespace does") {
  int played = 0;
  for (const json& row : the_table().cases()) {
    if (is_about_namespaces(row)) continue;
    ++played;
    DYNAMIC_SECTION(row.at("name").get<std::string>()) {
      const Play play(the_table(), row, Reach::Cluster);
      check_outcome(play.world(), row.at("expect"));
      check_binding(play.world());
      if (play.world().s.binding) {
        CHECK(play.world().s.binding->metadata.ns.empty());
        CHECK(play.world().s.binding->metadata.owner_references.at(0).kind == "ClusterAccessRequest");
      }
    }
  }
  CHECK(played > 130);
}

TEST_CASE("the table has at least 150 cases, of different names, without a key that nobody reads") {
  CHECK(the_table().cases().size() >= 150);
  std::set<std::string> names;
  for (const json& row : the_table().cases()) {
    CAPTURE(row.at("name"));
    CHECK(names.insert(row.at("name").get<std::string>()).second);
    CHECK_NOTHROW(DecisionTable::allow_only_known_keys(row));
  }
}
