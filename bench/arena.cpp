#include "arena.hpp"

#include <atomic>
#include <csignal>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "http/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/request.hpp"
#include "processes.hpp"
#include "util/percent_encoding.hpp"

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<http::Transport> transport_of(const std::filesystem::path& kubeconfig) {
  const auto config = kube::load_kubeconfig(kubeconfig);
  if (!config) throw std::runtime_error(config.error().message);
  auto transport = http::CpprestTransport::create(*config);
  if (!transport) throw std::runtime_error(transport.error().message);
  return std::move(*transport);
}

std::filesystem::path kubeconfig_of(const std::filesystem::path& state, const std::string& person) {
  return state / "test" / (person + ".kubeconfig");
}

void wait_until(const std::string& what, std::chrono::seconds patience, const std::function<bool()>& is_so) {
  const auto until = Steady::now() + patience;
  while (!is_so()) {
    if (Steady::now() > until)
      throw std::runtime_error("not within " + std::to_string(patience.count()) + " s: " + what);
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace

double milliseconds_between(Steady::time_point from, Steady::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::string path_of(std::string_view plural, std::string_view ns, std::string_view name,
                    std::string_view subresource) {
  const std::string group = plural == kBindings || plural == kClusterBindings
                                ? "/apis/rbac.authorization.k8s.io/v1"
                            : plural == "namespaces" ? "/api/v1"
                            : plural == "events"     ? "/apis/events.k8s.io/v1"
                            : plural == kBare        ? "/apis/bench.curfew.dev/v1"
                                                     : "/apis/curfew.dev/v1alpha1";
  return kube::target_of({.path = group, .plural = std::string(plural), .kind = {}}, ns, name, subresource);
}

Json as_sent(Json object) {
  for (const char* field : {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"})
    object["metadata"].erase(field);
  return object;
}

Caller::Caller(const std::filesystem::path& kubeconfig)
    : transport_(transport_of(kubeconfig)), client_(*transport_, {.deadline = 60s}) {}

Json Caller::send(http::Method method, const std::string& target, const Json& body) {
  auto answer = client_.send_json(method, target, body, {});
  if (!answer)
    throw std::runtime_error(std::string(http::to_string(method)) + " " + target + ": " +
                             answer.error().message);
  return std::move(*answer);
}

Json Caller::get(const std::string& target) {
  auto answer = client_.get_raw(target, {});
  if (!answer) throw std::runtime_error("GET " + target + ": " + answer.error().message);
  return std::move(*answer);
}

std::string Caller::get_text(const std::string& target) {
  auto answer = transport_->send(
      {.method = http::Method::Get, .target = target, .content_type = {}, .body = {}}, 60s, {});
  if (!answer || answer->status != 200) throw std::runtime_error("cannot read " + target);
  return std::move(answer->body);
}

std::size_t Caller::read_all(const std::string& target) {
  std::size_t bytes = 0;
  std::string more;
  do {
    const std::string page = get_text(target + "?limit=500" + (more.empty() ? "" : "&continue=" + more));
    bytes += page.size();
    // A text search instead of parsing the page. The metadata may also be at the end:
    // {"apiVersion":...,"metadata":{"continue":"...","resourceVersion":"..."}}.
    const auto at = page.find("\"continue\":\"");
    more = at == std::string::npos ? "" : page.substr(at + 12, page.find('"', at + 12) - at - 12);
    more = curfew::percent_encode(more);
  } while (!more.empty());
  return bytes;
}

Controller::Controller(const std::filesystem::path& program, const std::filesystem::path& state)
    : program_(program), state_(state), log_(state / "test" / "bench-controller.log") {}

Controller::~Controller() = default;

void Controller::start() {
  log_begin_ = child_ || std::filesystem::exists(log_) ? std::filesystem::file_size(log_) : 0;
  const std::string kubeconfig = kubeconfig_of(state_, "curfew").string();
  child_.emplace(std::vector<std::string>{program_.string(), "--kubeconfig", kubeconfig, "--metrics-address",
                                          "127.0.0.1:0", "--pending-per-requester", "0", "--requester-qps",
                                          "0", "--pending-per-namespace", "0", "--namespace-qps", "0",
                                          "--cluster-qps", "0", "--completed-request-ttl", "8760h"},
                 log_);
}

void Controller::await_leading() {
  wait_until("the controller leads", 60s,
             [&] { return child_->log().find("\"msg\":\"leading\"", log_begin_) != std::string::npos; });
}

void Controller::stop() {
  child_->signal(SIGTERM);
  if (child_->wait(10s) != 0)
    throw std::runtime_error("the controller did not end well: see " + log_.string());
}

void Controller::await_quiet() {
  constexpr double kBusy = 0.05;  // of a core
  for (int quiet = 0; quiet < 2;) {
    const double before = cpu_seconds();
    std::this_thread::sleep_for(1s);
    quiet = cpu_seconds() - before < kBusy ? quiet + 1 : 0;
  }
}

void Controller::start_and_settle() {
  start();
  await_leading();
  await_quiet();
}

double Controller::rss_mib() const {
  return rss_mib_of(child_->pid());
}

double Controller::cpu_seconds() const {
  return cpu_seconds_of(child_->pid());
}

Arena::Arena(std::filesystem::path state, const std::filesystem::path& program, Scale size)
    : scale(size),
      admin(kubeconfig_of(state, "admin")),
      alice(kubeconfig_of(state, "alice")),
      bob(kubeconfig_of(state, "bob")),
      curfew(kubeconfig_of(state, "curfew")),
      controller(program, state),
      state_(std::move(state)) {}

void Arena::make_place(const std::string& name, int approvals) {
  admin.post(path_of("namespaces"),
             {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
  make_policy(name, approvals, {{"namespaces", {{"names", Json::array({name})}}}});
}

void Arena::make_cluster_place(const std::string& name, int approvals) {
  make_policy(name, approvals, {{"scope", "Cluster"}});
}

void Arena::make_policy(const std::string& name, int approvals, const Json& where) {
  Json approval{{"required", approvals}};
  if (approvals > 0) approval["approvers"] = Json::array({{{"kind", "Group"}, {"name", "sre"}}});
  Json spec{{"requesters", Json::array({{{"kind", "User"}, {"name", "alice"}}})},
            {"roles", Json::array({{{"kind", "ClusterRole"}, {"name", "view"}}})},
            {"duration", {{"default", "1h"}, {"max", "4h"}}},
            {"approval", approval}};
  spec.update(where);
  admin.post(path_of("accesspolicies"), {{"apiVersion", "curfew.dev/v1alpha1"},
                                         {"kind", "AccessPolicy"},
                                         {"metadata", {{"name", name}}},
                                         {"spec", spec}});
  std::this_thread::sleep_for(1s);  // until the admission policies see the new policy
}

double Arena::api_server_cpu_seconds() const {
  return cpu_seconds_of(api_server_of(state_));
}

double Arena::etcd_written_bytes() const {
  auto etcd =
      http::CpprestTransport::create({.server = "http://127.0.0.1:" + std::to_string(etcd_port_of(state_))});
  if (!etcd) throw std::runtime_error(etcd.error().message);
  const auto answer = (*etcd)->send(
      {.method = http::Method::Get, .target = "/metrics", .content_type = {}, .body = {}}, 10s, {});
  constexpr std::string_view kMetric = "\netcd_debugging_mvcc_total_put_size_in_bytes ";
  const auto at = answer ? answer->body.find(kMetric) : std::string::npos;
  if (at == std::string::npos) throw std::runtime_error("etcd does not say how much it has stored");
  return std::stod(answer->body.substr(at + kMetric.size()));
}

void Arena::write_profile(const std::filesystem::path& file, std::chrono::seconds period) {
  std::ofstream out(file, std::ios::binary);
  out << admin.get_text("/debug/pprof/profile?seconds=" + std::to_string(period.count()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

void Arena::clear_place(const std::string& name) {
  admin.remove(path_of(name.empty() ? kClusterRequests : kRequests, name));
  if (name.empty()) {
    admin.remove(path_of(kClusterBindings) + "?labelSelector=curfew.dev%2Frequest-uid");
  } else {
    admin.remove(path_of(kBindings, name));
  }
}

Json Arena::ask(const std::string& place, const std::string& name, const Json& more) {
  return ask_for("AccessRequest", path_of(kRequests, place), place, name, more);
}

Json Arena::ask_cluster(const std::string& policy, const std::string& name, const Json& more) {
  return ask_for("ClusterAccessRequest", path_of(kClusterRequests), policy, name, more);
}

Json Arena::ask_for(const std::string& kind, const std::string& target, const std::string& policy,
                    const std::string& name, const Json& more) {
  Json spec{{"policy", policy},
            {"role", {{"kind", "ClusterRole"}, {"name", "view"}}},
            {"duration", "1h"},
            {"reason", "looking at the incident of last night"}};
  spec.merge_patch(more);
  return alice.post(target, {{"apiVersion", "curfew.dev/v1alpha1"},
                             {"kind", kind},
                             {"metadata", {{"name", name}}},
                             {"spec", spec}});
}

void Arena::approve(const std::string& place, const std::string& name) {
  annotate(place, name, "curfew.dev/approve", "ok");
}

void Arena::revoke(const std::string& place, const std::string& name) {
  annotate(place, name, "curfew.dev/revoke", "done");
}

void Arena::annotate(const std::string& place, const std::string& name, const std::string& annotation,
                     const std::string& value) {
  bob.patch(path_of(place.empty() ? kClusterRequests : kRequests, place, name),
            {{"metadata", {{"annotations", {{annotation, value}}}}}});
}

void Arena::await_phase(const std::string& place, const std::string& name, const std::string& phase) {
  wait_until(place + "/" + name + " is " + phase, 60s, [&] {
    const Json request = admin.get(path_of(kRequests, place, name));
    return request.value("status", Json::object()).value("phase", "") == phase;
  });
}

void in_parallel(int count, int threads, const std::function<void(int)>& work) {
  std::atomic<int> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  {
    std::vector<std::jthread> workers;
    workers.reserve(static_cast<std::size_t>(threads));
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        try {
          for (int i = next++; i < count; i = next++) work(i);
        } catch (...) {
          const std::scoped_lock lock(mutex);
          failure = std::current_exception();
          next = count;
        }
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace curfew::bench
