#include "storm.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace curfew::test {
namespace {

constexpr int kMinSeconds = 3;  // seconds of access that expires
constexpr int kMaxSeconds = 8;
constexpr seconds kTurn{1};

const std::vector<StormKind>& kinds() {
  static const std::vector<StormKind> all{
      {"expire", "none", true, {}, {"Requested", "Granted", "Expired"}},
      {"robot", "robot", true, {}, {"Requested", "Granted", "Expired"}},
      {"approve", "one", true, {{"approve", "bob"}}, {"Requested", "Approved", "Granted", "Expired"}},
      {"quorum",
       "two",
       true,
       {{"approve", "bob"}, {"approve", "carol"}},
       {"Requested", "Approved", "Approved", "Granted", "Expired"}},
      {"deny", "one", false, {{"deny", "bob"}}, {"Requested", "Denied"}},
      {"withdraw", "one", false, {{"revoke", "alice"}}, {"Requested", "Withdrawn"}},
      {"revoke", "none", false, {{"revoke", "alice", "Active"}}, {"Requested", "Granted", "Revoked"}},
      {"enough",
       "one",
       false,
       {{"approve", "bob"}, {"revoke", "bob", "Active"}},
       {"Requested", "Approved", "Granted", "Revoked"}},
      {"unbind", "none", false, {{"unbind", "admin", "Active"}}, {"Requested", "Granted", "Revoked"}},
      {"drop", "one", false, {{"delete", "alice", "Pending"}}, {"Requested", "Withdrawn"}, true},
      {"delete", "none", false, {{"delete", "alice", "Active"}}, {"Requested", "Granted", "Revoked"}, true},
      // Deleted at about its expiry: it ends by one of the two, and only once.
      {"race",
       "none",
       true,
       {{"wait", "", "Active"}, {"delete", "alice"}},
       {"Requested", "Granted", "Expired"},
       true,
       "Revoked"},
  };
  return all;
}

// A ServiceAccount that requests for others, as a GitOps tool does.
Person robot(const Scene& scene) {
  const std::string& space = scene.space.name();
  REQUIRE_THAT(scene.admin.kubectl({"create", "serviceaccount", "robot", "-n", space}), Succeeds());
  REQUIRE_THAT(scene.admin.kubectl({"create", "rolebinding", "robot", "-n", space, "--clusterrole",
                                    "curfew-requester", "--serviceaccount", space + ":robot"}),
               Succeeds());
  return scene.cluster.service_account(space, "robot");
}

std::string approvals(int count) {
  return developers_may_view("{required: " + std::to_string(count) +
                             ", approvers: [{kind: Group, name: sre}]}");
}

std::vector<Json> items(const Person& who, Texts arguments) {
  const Json list = who.get(std::move(arguments));
  return list["items"].get<std::vector<Json>>();
}

}  // namespace

unsigned storm_seed() {
  const char* given = std::getenv("CURFEW_STORM_SEED");
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
}

Storm::Storm(const Scene& scene, unsigned seed)
    : scene_(scene),
      people_{{"alice", scene.alice},
              {"bob", scene.bob},
              {"carol", scene.carol},
              {"admin", scene.admin},
              {"robot", robot(scene)}},
      random_(seed) {
  policies_ = {{"none", scene.space.policy(automatic())},
               {"one", scene.space.policy(approvals(1))},
               {"two", scene.space.policy(approvals(2))}};
  policies_["robot"] = scene.space.policy(
      "{requesters: [{kind: ServiceAccount, namespace: " + scene.space.name() +
      ", name: robot}], subjects: [{kind: User, name: alice}], roles: [{kind: ClusterRole, name: view}], namespaces: {selector: "
      "{}}, duration: {default: 10m, max: 1h}, approval: {required: 0}}");
}

void Storm::start(int a_turn, int most) {
  thread_ = std::jthread([this, a_turn, most](const std::stop_token& stop) {
    try {
      run(stop, a_turn, most);
    } catch (const std::exception& e) {
      const std::scoped_lock lock(mutex_);
      errors_.emplace_back(e.what());
    }
    through_ = true;
  });
}

void Storm::run(const std::stop_token& stop, int a_turn, int most) {
  while (!stop.stop_requested()) {
    const TimePoint next = now() + kTurn;
    const int left = most - static_cast<int>(expected_.size());
    const bool is_asking = asking_ && left > 0;
    if (!is_asking && lives_.empty()) return;
    if (is_asking) ask(std::min(a_turn, left));
    act();
    ++turn_;
    sleep_until(next);
  }
}

void Storm::ask(int count) {
  std::map<std::string, std::string> texts;
  for (int i = 0; i < count; ++i) {
    // The kinds in turn, so that a short storm has all of them.
    const StormKind& kind = kinds()[expected_.size() % kinds().size()];
    const std::string name = kind.name + "-" + std::to_string(expected_.size());
    texts[kind.policy == "robot" ? "robot" : "alice"] += "---\n" + scene_.space.request(name, spec_of(kind));
    expected_.push_back({.name = name,
                         .actions = kind.actions,
                         .or_end = kind.or_end,
                         .runs_out = kind.is_short && kind.or_end.empty(),
                         .is_deleted = kind.is_deleted});
    if (!kind.steps.empty())
      lives_.push_back({.kind = &kind, .name = name, .not_before = turn_ + random(0, 1)});
  }
  for (const auto& [who, text] : texts)
    check(people_.at(who).kubectl({"create", "-f", "-"}, text), who + " asks");
}

std::string Storm::spec_of(const StormKind& kind) {
  const std::string duration = kind.is_short ? std::to_string(random(kMinSeconds, kMaxSeconds)) + "s" : "30m";
  const std::string subject = kind.policy == "robot" ? ", subject: {kind: User, name: alice}" : "";
  return "{policy: " + policies_.at(kind.policy) +
         ", role: {kind: ClusterRole, name: view}, duration: " + duration + subject + "}";
}

// One kubectl call for all who do the same, because kubectl costs the machine more than Curfew does.
void Storm::act() {
  const auto live = look();
  if (!live) return;
  std::map<Command, Texts> due;
  for (Lifecycle& life : lives_) {
    const StormStep& step = life.kind->steps[life.next_step];
    const auto found = live->find(life.name);
    // Access that expired between two looks was never seen; a life that only waits for it continues all the
    // same.
    const bool ran_out_unseen = step.verb == "wait" && found == live->end();
    const bool is_there =
        step.when.empty() || ran_out_unseen || (found != live->end() && found->second.phase == step.when);
    if (!is_there || turn_ < life.not_before) continue;
    due[{step.verb, step.who}].push_back(step.verb == "unbind" ? found->second.binding : life.name);
    ++life.next_step;
    life.not_before = turn_ + (step.verb == "wait" ? random(1, kMaxSeconds) : random(1, 2));
  }
  for (const auto& [what, names] : due) {
    if (what.first != "wait") command(what, names);
  }
  std::erase_if(lives_, [](const Lifecycle& life) { return life.next_step == life.kind->steps.size(); });
}

std::optional<std::map<std::string, Storm::Seen>> Storm::look() {
  const ProcessResult result =
      scene_.admin.kubectl({"get", "accessrequests", "-n", scene_.space.name(), "--field-selector",
                            "status.complete!=true", "-o", "json"});
  check(result, "a look at the requests");
  std::map<std::string, Seen> seen;
  const Json list = Json::parse(result.out, nullptr, false);
  if (!list.is_object()) return std::nullopt;
  for (const Json& request : list["items"]) {
    const Json status = request.value("status", Json::object());
    seen[request["metadata"]["name"]] = {.phase = status.value("phase", ""),
                                         .binding = status.value("bindingName", "")};
  }
  return seen;
}

void Storm::command(const Command& command, const Texts& names) {
  const auto& [verb, who] = command;
  const bool annotates = verb != "delete" && verb != "unbind";
  Texts arguments{annotates ? "annotate" : "delete", verb == "unbind" ? "rolebindings" : "accessrequests"};
  arguments.insert(arguments.end(), names.begin(), names.end());
  arguments.insert(arguments.end(),
                   {"-n", scene_.space.name(), annotates ? "curfew.dev/" + verb + "=storm" : "--wait=false"});
  check(people_.at(who).kubectl(arguments), who + " " + verb);
}

void Storm::check(const ProcessResult& result, const std::string& what) {
  if (result.ok()) return;
  const std::scoped_lock lock(mutex_);
  errors_.push_back(what + ": " + result.all());
}

bool Storm::await_end(milliseconds patience) const {
  const TimePoint until = now() + patience;
  const Texts live{"accessrequests", "-n", scene_.space.name(), "--field-selector", "status.complete!=true"};
  while (!items(scene_.admin, live).empty()) {
    if (now() > until) return false;
    sleep_until(now() + seconds(1));
  }
  // Deleted requests are visible in the records only.
  return true;
}

Evidence Storm::evidence() const {
  const std::string& space = scene_.space.name();
  Evidence evidence{
      .requests = items(scene_.admin, {"accessrequests", "-n", space}),
      .records = items(scene_.admin, {"auditrecords", "--field-selector", "request.namespace=" + space}),
      .bindings = items(scene_.admin, {"rolebindings", "-n", space, "-l", "curfew.dev/request-uid"}),
      .calls = {}};
  for (const auto& file : std::filesystem::directory_iterator(scene_.cluster.state() / "logs")) {
    if (!file.path().filename().string().starts_with("audit")) continue;  // including the older ones
    std::ifstream log(file.path());
    for (std::string line; std::getline(log, line);) {
      const bool is_record = line.find("\"resource\":\"auditrecords\"") != std::string::npos &&
                             line.find("\"verb\":\"create\"") != std::string::npos;
      const bool is_binding = line.find("\"resource\":\"rolebindings\"") != std::string::npos &&
                              line.find(space) != std::string::npos;
      if (!is_record && !is_binding) continue;
      Json entry = Json::parse(line, nullptr, false);
      if (entry.is_object() && time_of(entry["stageTimestamp"]) >= began_)
        evidence.calls.push_back(std::move(entry));
    }
  }
  return evidence;
}

std::vector<std::string> Storm::errors() const {
  const std::scoped_lock lock(mutex_);
  return errors_;
}

}  // namespace curfew::test
