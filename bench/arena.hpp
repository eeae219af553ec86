#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "http/transport.hpp"
#include "kube/client.hpp"
#include "support/process.hpp"

// The environment of the benchmarks: a real API server with Curfew installed, requesters and approvers, and a
// controller that is started and stopped. The raw calls and the calls of Curfew's users go through the same
// client in the same process. Every failure throws std::runtime_error with a message, because a benchmark has
// no partial results.
namespace curfew::bench {

using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;

double milliseconds_between(Steady::time_point from, Steady::time_point to);

inline constexpr std::string_view kRequests = "accessrequests";
inline constexpr std::string_view kClusterRequests = "clusteraccessrequests";
inline constexpr std::string_view kRecords = "auditrecords";
inline constexpr std::string_view kBindings = "rolebindings";
inline constexpr std::string_view kClusterBindings = "clusterrolebindings";
inline constexpr std::string_view kBare = "bareaccesses";  // see bare.hpp

// "/apis/.../namespaces/NS/PLURAL[/NAME[/SUBRESOURCE]]" for the kinds above, and namespaces, events and
// accesspolicies.
std::string path_of(std::string_view plural, std::string_view ns = {}, std::string_view name = {},
                    std::string_view subresource = {});

// An object as it was sent, without the fields that the API server adds.
Json as_sent(Json object);

// A client with one kubeconfig. Thread-safe.
class Caller {
 public:
  explicit Caller(const std::filesystem::path& kubeconfig);

  Json post(const std::string& target, const Json& object) {
    return send(http::Method::Post, target, object);
  }
  Json patch(const std::string& target, const Json& change) {
    return send(http::Method::Patch, target, change);
  }
  Json remove(const std::string& target) { return send(http::Method::Delete, target, Json::object()); }
  Json get(const std::string& target);
  // The body of any answer of status 200.
  std::string get_text(const std::string& target);
  // Reads and discards all pages of 500: the least that a client needs for a list. Returns the number of
  // bytes.
  std::size_t read_all(const std::string& target);
  kube::Client& client() { return client_; }

 private:
  Json send(http::Method method, const std::string& target, const Json& body);

  std::unique_ptr<http::Transport> transport_;
  kube::Client client_;
};

// The program under measurement, as one replica that takes the lease.
class Controller {
 public:
  Controller(const std::filesystem::path& program, const std::filesystem::path& state);
  ~Controller();

  // One person makes all requests here, so the flags turn flood control off. Completed requests are kept for
  // longer than a run takes. All else has its default.
  void start();
  void await_leading();
  void stop();
  // Waits until the controller has been almost idle for two seconds.
  void await_quiet();
  // start(), await_leading() and await_quiet().
  void start_and_settle();
  double rss_mib() const;
  double cpu_seconds() const;

 private:
  const std::filesystem::path program_;
  const std::filesystem::path state_;
  std::filesystem::path log_;
  std::size_t log_begin_ = 0;
  std::optional<test::Child> child_;
};

struct Scale {
  int pending = 10'000;
  int stored = 100'000;
  int live = 1'000;
};

class Arena {
 public:
  Arena(std::filesystem::path state, const std::filesystem::path& controller, Scale size);

  const Scale scale;
  // Where "cost" writes profiles of the API server; empty: nowhere.
  std::filesystem::path profiles;
  Caller admin;
  Caller alice;   // requester
  Caller bob;     // approver
  Caller curfew;  // the controller's own identity
  Controller controller;

  // Creates a namespace and a policy, both called `name`. The policy accepts alice's requests in that
  // namespace and requires `approvals` approvals by group sre.
  void make_place(const std::string& name, int approvals);
  // Creates a policy that differs from make_place()'s in its scope, Cluster.
  void make_cluster_place(const std::string& name, int approvals);
  // Deletes the requests of a namespace, then the bindings; of the empty one, the cluster-wide ones.
  void clear_place(const std::string& name);

  // Creates a request and returns it as stored. `more` is merged into its spec.
  Json ask(const std::string& place, const std::string& name, const Json& more = Json::object());
  // A ClusterAccessRequest under policy `policy`.
  Json ask_cluster(const std::string& policy, const std::string& name, const Json& more = Json::object());
  // An empty place stands for cluster-wide requests.
  void approve(const std::string& place, const std::string& name);
  void revoke(const std::string& place, const std::string& name);
  void await_phase(const std::string& place, const std::string& name, const std::string& phase);
  const std::filesystem::path& state() const { return state_; }
  // The processor time that the API server has used so far.
  double api_server_cpu_seconds() const;
  // The bytes of keys and values that etcd has been told to store so far, each revision of an object anew.
  double etcd_written_bytes() const;
  // A processor profile of the API server over the next `period`, for "go tool pprof".
  void write_profile(const std::filesystem::path& file, std::chrono::seconds period);

 private:
  void make_policy(const std::string& name, int approvals, const Json& where);
  Json ask_for(const std::string& kind, const std::string& target, const std::string& policy,
               const std::string& name, const Json& more);
  void annotate(const std::string& place, const std::string& name, const std::string& annotation,
                const std::string& value);

  const std::filesystem::path state_;
};

// Calls work(i) for each i in [0, count) on `threads` threads. An exception stops further calls and is
// rethrown.
void in_parallel(int count, int threads, const std::function<void(int)>& work);

}  // namespace curfew::bench
