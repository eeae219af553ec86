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

// Where the benchmarks take place: a real API server with Curfew installed, people who ask and approve, and a
// controller that is started and stopped. Raw calls and those of Curfew's people go through the same client,
// in the same process. Everything throws std::runtime_error, in a sentence, where it does not go as planned:
// a benchmark has no half results.
namespace curfew::bench {

using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;

double milliseconds_between(Steady::time_point from, Steady::time_point to);

inline constexpr std::string_view kRequests = "accessrequests";
inline constexpr std::string_view kRecords = "auditrecords";
inline constexpr std::string_view kBindings = "rolebindings";

// "/apis/.../namespaces/NS/PLURAL[/NAME[/SUBRESOURCE]]" for the three kinds above, and namespaces and
// accesspolicies.
std::string path_of(std::string_view plural, std::string_view ns = {}, std::string_view name = {},
                    std::string_view subresource = {});

// Somebody with a kubeconfig. Thread-safe.
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
  // All pages of 500, read and thrown away: what a client that does nothing else needs for it. How many
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

  // All requests come from one person here, which would be a flood; otherwise as it ships, but for keeping
  // what is complete as long as this takes.
  void start();
  void await_leading();
  void stop();
  // Until it has had next to nothing to do for two seconds.
  void await_quiet();
  // The three above, one after the other.
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
  Caller admin;
  Caller alice;   // asks
  Caller bob;     // approves
  Caller curfew;  // the controller's own identity
  Controller controller;

  // A namespace and a policy for requests in it by alice, which `approvals` of group sre decide; both of that
  // name.
  void make_place(const std::string& name, int approvals);
  // Deletes what is in it: requests, then bindings.
  void clear_place(const std::string& name);

  // A request as stored. More fields for its spec.
  Json ask(const std::string& place, const std::string& name, const Json& more = Json::object());
  void approve(const std::string& place, const std::string& name);
  void revoke(const std::string& place, const std::string& name);
  void await_phase(const std::string& place, const std::string& name, const std::string& phase);
  const std::filesystem::path& state() const { return state_; }

 private:
  const std::filesystem::path state_;
};

// Calls work(i) for each of [0, count), by so many threads. The first exception ends it, and is thrown.
void in_parallel(int count, int threads, const std::function<void(int)>& work);

}  // namespace curfew::bench
