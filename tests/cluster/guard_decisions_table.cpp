#include <catch2/catch_test_macros.hpp>
#include <map>

#include "guard.hpp"
#include "support/decision_table.hpp"

// The API server's early answer to those cases of tests/cases/decisions that it can decide; the core
// decides all of them.
using namespace curfew::test;

namespace {

class Answers {
 public:
  explicit Answers(const DecisionTable& table) : table_(table) {}
  ~Answers() {
    for (const auto& [name, unused] : name_spaces_)
      admin_.kubectl({"delete", "accessrequests", "--all", "-n", name});
  }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  ProcessResult create(const Json& row) {
    const std::string ns = DecisionTable::ns(row);
    if (name_spaces_.emplace(ns, true).second) admin_.kubectl({"create", "namespace", ns});
    Json spec = table_.request(row);
    spec["policy"] = policy(table_.policy(row));
    const Json request{
        {"apiVersion", "curfew.dev/v1alpha1"},
        {"kind", "AccessRequest"},
        {"metadata",
         {{"name", request_ = "case-" + std::to_string(++count_)}, {"namespace", name_space_ = ns}}},
        {"spec", std::move(spec)}};
    ProcessResult said = admin_.kubectl(as(table_.requester(row), {"create", "-f", "-"}), request.dump());
    if (said.ok()) settle(cluster_, ns, request_);
    return said;
  }

  // A person's decision on the last request that was created.
  ProcessResult say(const Act& act) const {
    return admin_.kubectl(
        as(act.person, {"annotate", "accessrequest", request_, "-n", name_space_, "--overwrite",
                        kCommands.at(act.verdict) + "=" + unique("because")}));
  }

 private:
  static std::vector<std::string> as(const Json& person, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--as", person.at("username").get<std::string>(), "--as-group", "curfew-test-people"});
    for (const Json& group : person.at("groups"))
      arguments.insert(arguments.end(), {"--as-group", group.get<std::string>()});
    return arguments;
  }

  const std::string& policy(const Json& spec) {
    std::string& name = policies_[spec.dump()];
    if (name.empty()) name = space_.policy(spec.dump());
    return name;
  }

  const DecisionTable& table_;
  const Cluster& cluster_ = Cluster::shared();
  Person admin_ = cluster_.admin();
  TestNamespace space_{cluster_};
  std::map<std::string, std::string> policies_;
  std::map<std::string, bool> name_spaces_;
  std::string request_;
  std::string name_space_;
  int count_ = 0;
};

void check(const ProcessResult& said, const std::string& answer) {
  if (answer == "allowed") {
    CHECK_THAT(said, Succeeds());
  } else {
    CHECK_THAT(said, Refused(kSentences.at(answer)));
  }
}

}  // namespace

TEST_CASE("the API server answers what it can of the table of decisions, as the core does",
          "[guard][namespaced]") {
  const DecisionTable table(CURFEW_SOURCE_DIR "/tests/cases/decisions");
  Answers answers(table);
  std::size_t answered = 0;
  for (const Json& row : table.cases()) {
    if (!row.contains("cel")) continue;
    INFO(row.at("name").get<std::string>());
    const Json& cel = row.at("cel");
    check(answers.create(row), cel.at("create").get<std::string>());
    std::vector<Act> acts;
    for (const Json& step : row.value("then", Json::array())) {
      for (const Act& act : table.acts(step)) acts.push_back(act);
    }
    const Json expected = cel.value("decisions", Json::array());
    REQUIRE(acts.size() == expected.size());
    for (std::size_t i = 0; i < acts.size(); ++i) {
      INFO(acts[i].person.at("username") << " says " << acts[i].verdict);
      check(answers.say(acts[i]), expected[i].get<std::string>());
    }
    ++answered;
  }
  CHECK(answered >= 60);
}
