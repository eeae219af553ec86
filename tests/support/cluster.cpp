#include "support/cluster.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <random>
#include <sstream>
#include <utility>

namespace curfew::test {
namespace {

std::string last_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace

Person::Person(std::string name, std::filesystem::path kubectl, std::filesystem::path kubeconfig)
    : name_(std::move(name)), kubectl_(std::move(kubectl)), kubeconfig_(std::move(kubeconfig)) {}

ProcessResult Person::kubectl(std::vector<std::string> arguments, const std::string& input) const {
  arguments.insert(arguments.begin(), {kubectl_.string(), "--kubeconfig", kubeconfig_.string()});
  return run(arguments, {.input = input, .environment = {}, .timeout = std::chrono::seconds(60)});
}

Json Person::get(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "get");
  return json_of(std::move(arguments));
}

Json Person::credentials() const {
  return json_of({"config", "view", "--raw", "--flatten"});
}

Json Person::json_of(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"-o", "json"});
  const ProcessResult result = kubectl(std::move(arguments));
  INFO(name_ << " gets: " << result.err);
  REQUIRE(result.ok());
  return Json::parse(result.out);
}

bool Person::can(std::vector<std::string> verb_and_what) const {
  verb_and_what.insert(verb_and_what.begin(), {"auth", "can-i"});
  return last_line(kubectl(std::move(verb_and_what)).out) == "yes";
}

Cluster::Cluster(std::filesystem::path state)
    : state_(std::move(state)), kubectl_(state_ / "test" / "kubectl") {}

const Cluster& Cluster::shared() {
  const char* state = std::getenv("CURFEW_TEST_STATE");
  if (state == nullptr || !std::filesystem::exists(std::filesystem::path(state) / "test" / "kubectl")) {
    FAIL(
        "no control plane: run these tests through ctest, or set CURFEW_TEST_STATE to a folder made by tests/cluster/setup");
  }
  static const Cluster cluster{std::filesystem::path(state)};
  return cluster;
}

Person Cluster::as(const std::string& name) const {
  const std::filesystem::path kubeconfig = state_ / "test" / (name + ".kubeconfig");
  INFO(kubeconfig);
  REQUIRE(std::filesystem::exists(kubeconfig));
  return {name, kubectl_, kubeconfig};
}

Person Cluster::somebody(const std::string& name, const std::vector<std::string>& groups) const {
  std::vector<std::string> arguments{"user", "--", name};
  arguments.insert(arguments.end(), groups.begin(), groups.end());
  return {name, kubectl_, controlplane(arguments)};
}

Person Cluster::service_account(const std::string& ns, const std::string& name) const {
  return {"system:serviceaccount:" + ns + ":" + name, kubectl_, controlplane({"token", ns, name})};
}

std::filesystem::path Cluster::controlplane(const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv{CURFEW_SOURCE_DIR "/tools/controlplane", "--state", state_.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const ProcessResult result = run(argv);
  INFO(result.err);
  REQUIRE(result.ok());
  return last_line(result.out);
}

std::string unique(const std::string& prefix) {
  std::random_device source;
  std::ostringstream name;
  name << prefix << '-' << std::hex << (source() | 0x10000000U);
  return name.str();
}

TestNamespace::TestNamespace(const Cluster& cluster, const std::string& prefix)
    : cluster_(cluster), name_(unique(prefix)) {
  const ProcessResult made = cluster_.admin().kubectl({"create", "namespace", name_});
  INFO(made.err);
  REQUIRE(made.ok());
}

TestNamespace::~TestNamespace() {
  std::vector<std::string> policies{"delete", "accesspolicies", "--wait=false"};
  policies.insert(policies.end(), policies_.begin(), policies_.end());
  if (!policies_.empty()) cluster_.admin().kubectl(policies);
  cluster_.admin().kubectl({"delete", "namespace", name_, "--wait=false"});
}

std::string TestNamespace::policy(const std::string& spec) {
  const std::string policy_name = unique("policy");
  const ProcessResult made = cluster_.admin().apply(
      "apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " + policy_name +
      "}\nspec: " + spec + "\n");
  INFO(made.err);
  REQUIRE(made.ok());
  policies_.push_back(policy_name);
  return policy_name;
}

std::string TestNamespace::request(const std::string& request_name, const std::string& spec) const {
  return "apiVersion: curfew.dev/v1alpha1\nkind: AccessRequest\nmetadata: {name: " + request_name +
         ", namespace: " + name_ + "}\nspec: " + spec + "\n";
}

}  // namespace curfew::test
