#include "support/cluster.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <random>
#include <sstream>
#include <utility>

#include "support/yaml.hpp"

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

std::vector<std::string> command(const std::string& verb, std::vector<std::string> object,
                                 const std::vector<std::string>& more) {
  object.insert(object.begin(), verb);
  object.insert(object.end(), more.begin(), more.end());
  return object;
}

std::string with_cluster_scope(const std::string& policy_spec) {
  Json spec = to_json(YAML::Load(policy_spec));
  spec.erase("namespaces");
  spec["scope"] = "Cluster";
  return spec.dump();
}

}  // namespace

bool is_cluster_wide() {
  return std::filesystem::exists(Cluster::shared().state() / "test" / "cluster-wide");
}

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
  if (cluster_requests_.empty()) return;
  end_cluster_wide_access();
  std::vector<std::string> requests{"delete", "clusteraccessrequests", "--wait=false", "--ignore-not-found"};
  requests.insert(requests.end(), cluster_requests_.begin(), cluster_requests_.end());
  cluster_.admin().kubectl(requests);
}

// The next test's people are the same.
void TestNamespace::end_cluster_wide_access() const {
  const Person admin = cluster_.admin();
  const ProcessResult listed =
      admin.kubectl({"get", "clusterrolebindings", "-l", "curfew.dev/request-uid", "-o", "json"});
  const Json bindings = Json::parse(listed.out, nullptr, false);
  if (!bindings.is_object()) return;
  for (const Json& binding : bindings["items"]) {
    const Json owners = binding["metadata"].value("ownerReferences", Json::array());
    if (!owners.empty() && owners[0].value("name", "").starts_with(name_))
      admin.kubectl({"delete", "clusterrolebinding", binding["metadata"]["name"], "--wait=false"});
  }
}

std::string TestNamespace::policy(const std::string& spec) {
  const std::string policy_name = unique("policy");
  const ProcessResult made = cluster_.admin().apply(
      "apiVersion: curfew.dev/v1alpha1\nkind: AccessPolicy\nmetadata: {name: " + policy_name +
      "}\nspec: " + (is_cluster_wide() ? with_cluster_scope(spec) : spec) + "\n");
  INFO(made.err);
  REQUIRE(made.ok());
  policies_.push_back(policy_name);
  return policy_name;
}

std::string TestNamespace::request(const std::string& request_name, const std::string& spec) const {
  if (is_cluster_wide()) cluster_requests_.push_back(this->request_name(request_name));
  const std::string head =
      is_cluster_wide() ? "kind: ClusterAccessRequest\nmetadata: {name: " + this->request_name(request_name)
                        : "kind: AccessRequest\nmetadata: {name: " + request_name + ", namespace: " + name_;
  return "apiVersion: curfew.dev/v1alpha1\n" + head + "}\nspec: " + spec + "\n";
}

std::string TestNamespace::request_name(const std::string& request_name) const {
  return is_cluster_wide() ? name_ + "-" + request_name : request_name;
}

std::string TestNamespace::key(const std::string& request_name) const {
  return is_cluster_wide() ? this->request_name(request_name) : name_ + "/" + request_name;
}

std::vector<std::string> TestNamespace::target(const std::string& request_name) const {
  if (is_cluster_wide()) return {"clusteraccessrequest", this->request_name(request_name)};
  return {"accessrequest", request_name, "-n", name_};
}

std::vector<std::string> TestNamespace::on(const std::string& verb, const std::string& request_name,
                                           const std::vector<std::string>& more) const {
  return command(verb, target(request_name), more);
}

std::vector<std::string> TestNamespace::on_binding(const std::string& verb, const std::string& binding_name,
                                                   const std::vector<std::string>& more) const {
  return command(verb, binding(binding_name), more);
}

std::vector<std::string> TestNamespace::binding(const std::string& binding_name) const {
  if (is_cluster_wide()) return {"clusterrolebinding", binding_name};
  return {"rolebinding", binding_name, "-n", name_};
}

std::string TestNamespace::url(const std::string& request_name) const {
  const std::string base = "/apis/curfew.dev/v1alpha1/";
  return is_cluster_wide() ? base + "clusteraccessrequests/" + this->request_name(request_name)
                           : base + "namespaces/" + name_ + "/accessrequests/" + request_name;
}

}  // namespace curfew::test
