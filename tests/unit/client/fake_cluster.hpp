#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/cluster.hpp"
#include "client/session.hpp"

namespace curfew::client::test {

// A cluster in memory: JSON by path. Lists know field selectors, limits and continue tokens.
class FakeCluster final : public Cluster {
 public:
  std::string username = "bob";
  std::vector<std::string> groups{"sre", "developers"};
  std::set<std::string> forbidden;                      // paths without a query
  mutable std::set<std::string> expired_tokens;         // each fails once with 410
  mutable std::vector<Error> refusals;                  // of the next patches, in order
  std::map<std::string, std::string> refused_policies;  // creations under them fail with that message
  std::function<void()> after_patch_refusal = [] {};
  // Replaces the watch, which otherwise passes what there is and ends.
  std::function<Result<void>(const std::function<bool(const nlohmann::json& event)>& take)> on_watch;
  mutable std::vector<std::string>
      calls;  // "GET path?query", "GET of 3", "CREATE of 2", "PATCH name", "WHOAMI"
  mutable std::vector<nlohmann::json> created;
  mutable std::vector<nlohmann::json> patches;

  // Adds or replaces the object.
  void add(const nlohmann::json& object);
  void remove(const std::string& path) { objects_.erase(path); }
  // The calls that begin with this text.
  long count(std::string_view begin) const;

  const Kubeconfig& kubeconfig() const override { return kubeconfig_; }

 private:
  using Json = nlohmann::json;

  Result<Json> read(const std::string& path) const override;
  std::vector<Result<Json>> read_objects(const std::vector<ObjectRef>& refs) const override;
  Result<Json> review_self() const override;
  Result<void> watch(const std::string& path,
                     const std::function<bool(const Json& event)>& take) const override;
  std::vector<Result<Json>> create_objects(const std::vector<Json>& objects, const std::string& ns,
                                           bool dry_run) const override;
  Result<Json> patch(const ObjectRef& ref, const Json& change) const override;
  Result<Json> object_at(const std::string& path) const;

  mutable std::map<std::string, Json> objects_;
  Kubeconfig kubeconfig_{.ns = "payments", .server = "https://one.test:6443"};
};

// Moves only when somebody sleeps.
class SleepingClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  std::chrono::steady_clock::time_point steady() const override { return steady_; }
  void sleep(std::chrono::milliseconds time) {
    now_ += time;
    steady_ += time;
  }

 private:
  TimePoint now_ = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(20);
  std::chrono::steady_clock::time_point steady_;
};

// A person at a fake cluster.
struct World {
  std::shared_ptr<FakeCluster> cluster = std::make_shared<FakeCluster>();
  std::shared_ptr<SleepingClock> clock = std::make_shared<SleepingClock>();
  // After each sleep: what others have done meanwhile.
  std::function<void()> meanwhile = [] {};

  Session session(const std::string& ns = "") {
    return {
        .cluster = cluster, .ns = ns, .seen = SeenRequests({}), .clock = clock, .sleep = [this](auto time) {
          clock->sleep(time);
          meanwhile();
        }};
  }
};

// Requested by alice of group developers under policy debug; group sre decides. `more` is merged into the
// object.
nlohmann::json a_request(const std::string& name = "fix",
                         const nlohmann::json& more = nlohmann::json::object());
nlohmann::json a_policy(const std::string& name = "debug",
                        const nlohmann::json& more = nlohmann::json::object());
nlohmann::json a_cluster_role(const std::string& name = "view");
// Of request payments/fix with that UID.
nlohmann::json a_record(const std::string& action, const std::string& time, const std::string& uid);

inline constexpr char kRequests[] = "/apis/curfew.dev/v1alpha1/accessrequests";
inline constexpr char kPayments[] = "/apis/curfew.dev/v1alpha1/namespaces/payments/accessrequests";
inline constexpr char kPolicies[] = "/apis/curfew.dev/v1alpha1/accesspolicies";
inline constexpr char kClusterRoles[] = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

}  // namespace curfew::client::test
