#include "arena.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "http/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/request.hpp"
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
  const std::string group = plural == kBindings      ? "/apis/rbac.authorization.k8s.io/v1"
                            : plural == "namespaces" ? "/api/v1"
                                                     : "/apis/curfew.dev/v1alpha1";
  return kube::target_of({.path = group, .plural = std::string(plural), .kind = {}}, ns, name, subresource);
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

std::size_t Caller::read_all(const std::string& target) {
  std::size_t bytes = 0;
  std::string more;
  do {
    const auto answer =
        transport_->send({.method = http::Method::Get,
                          .target = target + "?limit=500" + (more.empty() ? "" : "&continue=" + more),
                          .content_type = {},
                          .body = {}},
                         60s, {});
    if (!answer || answer->status != 200) throw std::runtime_error("cannot list " + target);
    bytes += answer->body.size();
    // A text search instead of parsing the page. The metadata may also be at the end:
    // {"apiVersion":...,"metadata":{"continue":"...","resourceVersion":"..."}}.
    const auto at = answer->body.find("\"continue\":\"");
    more = at == std::string::npos ? ""
                                   : answer->body.substr(at + 12, answer->body.find('"', at + 12) - at - 12);
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
  std::ifstream status("/proc/" + std::to_string(child_->pid()) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  throw std::runtime_error("the controller is not running");
}

double Controller::cpu_seconds() const {
  std::ifstream file("/proc/" + std::to_string(child_->pid()) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));  // the name may have spaces
  std::string skipped;
  constexpr int kBeforeTimes = 11;
  for (int i = 0; i < kBeforeTimes; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
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
  Json approval{{"required", approvals}};
  if (approvals > 0) approval["approvers"] = Json::array({{{"kind", "Group"}, {"name", "sre"}}});
  admin.post(path_of("accesspolicies"),
             {{"apiVersion", "curfew.dev/v1alpha1"},
              {"kind", "AccessPolicy"},
              {"metadata", {{"name", name}}},
              {"spec",
               {{"requesters", Json::array({{{"kind", "User"}, {"name", "alice"}}})},
                {"roles", Json::array({{{"kind", "ClusterRole"}, {"name", "view"}}})},
                {"namespaces", {{"names", Json::array({name})}}},
                {"duration", {{"default", "1h"}, {"max", "4h"}}},
                {"approval", approval}}}});
  std::this_thread::sleep_for(1s);  // until the admission policies see the new policy
}

void Arena::clear_place(const std::string& name) {
  admin.remove(path_of(kRequests, name));
  admin.remove(path_of(kBindings, name));
}

Json Arena::ask(const std::string& place, const std::string& name, const Json& more) {
  Json spec{{"policy", place},
            {"role", {{"kind", "ClusterRole"}, {"name", "view"}}},
            {"duration", "1h"},
            {"reason", "looking at the incident of last night"}};
  spec.merge_patch(more);
  return alice.post(path_of(kRequests, place), {{"apiVersion", "curfew.dev/v1alpha1"},
                                                {"kind", "AccessRequest"},
                                                {"metadata", {{"name", name}}},
                                                {"spec", spec}});
}

void Arena::approve(const std::string& place, const std::string& name) {
  bob.patch(path_of(kRequests, place, name),
            {{"metadata", {{"annotations", {{"curfew.dev/approve", "ok"}}}}}});
}

void Arena::revoke(const std::string& place, const std::string& name) {
  bob.patch(path_of(kRequests, place, name),
            {{"metadata", {{"annotations", {{"curfew.dev/revoke", "done"}}}}}});
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
