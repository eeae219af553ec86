#pragma once

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/cluster.hpp"
#include "support/matchers.hpp"
#include "util/time.hpp"

// A request's life, as users see it through kubectl.
namespace curfew::test {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

// A namespace and the users who act in it.
struct Scene {
  const Cluster& cluster = Cluster::shared();
  mutable TestNamespace space{cluster};  // remembers the policies made in it
  Person alice = cluster.as("alice");    // group developers
  Person bob = cluster.as("bob");        // group sre
  Person carol = cluster.as("carol");    // group sre
  Person dave = cluster.as("dave");      // in no group
  Person admin = cluster.admin();

  // Applies a merge patch to a policy's spec.
  void change(const std::string& policy, const Json& spec) const;
  // null if there is none.
  Json policy_condition(const std::string& policy, const std::string& type) const;
  // Waits until the policy's condition has that reason, and returns the condition.
  Json await_policy(const std::string& policy, const std::string& type, const std::string& reason,
                    milliseconds patience = seconds(3)) const;
  bool can_list_pods(const Person& who) const { return who.can({"list", "pods", "-n", space.name()}); }
  // The number of Curfew's bindings in the namespace, or of its ClusterRoleBindings.
  int managed_bindings() const;
};

// Flow-style AccessPolicy specs: group developers may request view in all namespaces; `approval` and `more`
// are added.
std::string developers_may_view(const std::string& approval,
                                const std::string& more = "duration: {default: 10m, max: 1h}");
// ... with one approval by sre.
std::string one_of_sre(const std::string& more = "duration: {default: 10m, max: 1h}");
// ... without approval.
std::string automatic(const std::string& more = "duration: {default: 10m, max: 1h}");

// An AccessRequest that a user made.
class Request {
 public:
  // Makes a request under that policy, with `more` in the spec; fails the test if the request is refused.
  Request(const Scene& scene, const std::string& policy, const std::string& more,
          const std::optional<Person>& who = std::nullopt, std::string name = "ask");

  const std::string& name() const { return name_; }
  const std::string& uid() const { return uid_; }
  std::string binding_name() const { return "curfew-" + uid_; }
  // As arguments of kubectl, which fit an AccessRequest and a ClusterAccessRequest.
  std::vector<std::string> target() const { return scene_.space.target(name_); }
  Json stored() const { return scene_.admin.get(target()); }
  Json status() const { return stored().value("status", Json::object()); }
  std::string text(const std::string& field) const { return status().value(field, ""); }
  TimePoint time(const std::string& field) const;
  Json condition(const std::string& type) const;  // null if there is none

  // Waits for that phase; if it does not come, fails the test and shows the status.
  void await(const std::string& phase, milliseconds patience = seconds(2)) const;
  // Waits until the condition has that reason.
  void await_reason(const std::string& condition_type, const std::string& reason,
                    milliseconds patience = seconds(2)) const;
  void await_message(const std::string& part, milliseconds patience = seconds(2)) const;
  // Waits until the RoleBinding is gone.
  void await_no_binding(milliseconds patience = seconds(2)) const;

  // verb: approve, deny or revoke. An approval is retried until Curfew has reconciled the request.
  ProcessResult say(const Person& who, const std::string& verb, const std::string& comment = "ok") const;
  void approve(const Person& who, const std::string& comment = "ok") const {
    REQUIRE_THAT(say(who, "approve", comment), Succeeds());
  }
  void remove(const Person& who) const;

  std::optional<Json> binding() const;
  // Oldest first.
  std::vector<Json> records() const;
  std::vector<std::string> recorded() const;  // their actions
  // Waits until there is a record of that action, and returns it.
  Json await_record(const std::string& action, milliseconds patience = seconds(2)) const;
  // Reasons of the Events on the request, unordered.
  std::vector<std::string> events() const;
  // Waits until there is an Event with that reason, and returns it. Curfew does not wait for Events to be
  // written, so they may come a little later.
  Json await_event(const std::string& reason, milliseconds patience = seconds(3)) const;

 private:
  const Scene& scene_;
  std::string name_;
  std::string uid_;
};

TimePoint now();
void sleep_until(TimePoint time);
TimePoint time_of(const Json& text);

// Curfew's own calls in the API server's audit log, from `since` on; only entries that contain `about`, which
// is faster.
std::vector<Json> calls_of_curfew(const Cluster& cluster, TimePoint since, const std::string& about = "");
// When the API server answered Curfew's first such call on an object with that name; nullopt if there was
// none.
std::optional<TimePoint> call_of_curfew(const Cluster& cluster, const std::string& verb,
                                        const std::string& name, TimePoint since);

// When the API server answered Curfew's first deletion of the request's binding; fails the test, and returns
// the epoch, if there was none.
TimePoint deleted_at(const Scene& scene, const Request& request, TimePoint since);

// The warnings and errors in the controller's log that contain that text.
std::vector<std::string> warnings_about(const Cluster& cluster, const std::string& text);

}  // namespace curfew::test
