#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/process.hpp"

namespace curfew::test {

using Json = nlohmann::json;

// A user with a kubeconfig.
class Person {
 public:
  Person(std::string name, std::filesystem::path kubectl, std::filesystem::path kubeconfig);

  const std::string& name() const { return name_; }
  const std::filesystem::path& kubeconfig() const { return kubeconfig_; }

  // The kubeconfig as JSON, with all files that it refers to inlined.
  Json credentials() const;

  ProcessResult kubectl(std::vector<std::string> arguments, const std::string& input = {}) const;
  // kubectl apply -f -, which also accepts JSON.
  ProcessResult apply(const std::string& yaml) const { return kubectl({"apply", "-f", "-"}, yaml); }
  // The object or list as JSON; fails the test if it cannot be read.
  Json get(std::vector<std::string> arguments) const;
  bool can(std::vector<std::string> verb_and_what) const;

 private:
  Json json_of(std::vector<std::string> arguments) const;
  std::string name_;
  std::filesystem::path kubectl_;
  std::filesystem::path kubeconfig_;
};

// The control plane that the setup test started: alice (developers), bob and carol (sre), dave (no group),
// admin (system:masters) and curfew (the controller's ServiceAccount).
class Cluster {
 public:
  // The control plane that CURFEW_TEST_STATE names. Fails the test if there is none: a missing cluster is no
  // reason to skip.
  static const Cluster& shared();

  Person as(const std::string& name) const;
  Person admin() const { return as("admin"); }
  // The controller's own identity.
  Person curfew() const { return as("curfew"); }
  // A new user, with a client certificate.
  Person somebody(const std::string& name, const std::vector<std::string>& groups = {}) const;
  // A ServiceAccount, with a token.
  Person service_account(const std::string& ns, const std::string& name) const;

  const std::filesystem::path& state() const { return state_; }
  const std::filesystem::path& kubectl() const { return kubectl_; }

 private:
  explicit Cluster(std::filesystem::path state);
  std::filesystem::path controlplane(const std::vector<std::string>& arguments) const;

  std::filesystem::path state_;
  std::filesystem::path kubectl_;
};

// A name that no other test and no other run uses: PREFIX-XXXXXXXX.
std::string unique(const std::string& prefix);

// Whether the tests ask for access to the whole cluster, by ClusterAccessRequests under policies whose scope
// is Cluster, instead of for access in their namespace: on a control plane that was set up for that.
bool is_cluster_wide();

// A namespace for one test, and the AccessPolicies that it creates. The destructor deletes all of them.
class TestNamespace {
 public:
  explicit TestNamespace(const Cluster& cluster, const std::string& prefix = "t");
  ~TestNamespace();
  TestNamespace(const TestNamespace&) = delete;
  TestNamespace& operator=(const TestNamespace&) = delete;

  const std::string& name() const { return name_; }
  // Creates an AccessPolicy with this spec (YAML or JSON in flow style) and returns its unique name.
  std::string policy(const std::string& spec);

  // Of the AccessRequest of that name in this namespace, or, if is_cluster_wide(), of the
  // ClusterAccessRequest whose name begins with that of the namespace: what follows, as arguments of kubectl.
  std::string request(const std::string& request_name, const std::string& spec) const;  // the object, as YAML
  std::vector<std::string> target(const std::string& request_name) const;               // the object
  // kubectl VERB, the object, and what follows.
  std::vector<std::string> on(const std::string& verb, const std::string& request_name,
                              const std::vector<std::string>& more = {}) const;
  std::vector<std::string> binding(const std::string& binding_name) const;  // its RoleBinding, or the like
  std::vector<std::string> on_binding(const std::string& verb, const std::string& binding_name,
                                      const std::vector<std::string>& more = {}) const;
  std::string request_name(const std::string& request_name) const;  // its name
  std::string key(const std::string& request_name) const;           // as Curfew writes it: NAMESPACE/NAME
  std::string url(const std::string& request_name) const;           // its path in the API

 private:
  void end_cluster_wide_access() const;

  const Cluster& cluster_;
  std::string name_;
  std::vector<std::string> policies_;
  mutable std::vector<std::string> cluster_requests_;
};

}  // namespace curfew::test
