#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "util/guarded.hpp"

namespace curfew::telemetry {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

constexpr std::array kTerminalPhases = {api::Phase::Denied,    api::Phase::Rejected, api::Phase::TimedOut,
                                        api::Phase::Withdrawn, api::Phase::Expired,  api::Phase::Revoked};
constexpr std::array kLivePhases = {api::Phase::Pending, api::Phase::Scheduled, api::Phase::Active};
constexpr std::array kErrorKinds = {
    ErrorKind::NotFound,        ErrorKind::AlreadyExists, ErrorKind::Conflict,      ErrorKind::Gone,
    ErrorKind::TooManyRequests, ErrorKind::Unavailable,   ErrorKind::InternalError, ErrorKind::Invalid,
    ErrorKind::Forbidden,       ErrorKind::Unauthorized,  ErrorKind::Timeout,       ErrorKind::Cancelled,
    ErrorKind::Transport,       ErrorKind::Tls,           ErrorKind::Decode,        ErrorKind::Other};
constexpr std::array<std::string_view, 9> kVerbs = {"get",   "list",  "watch",  "create", "update",
                                                    "patch", "apply", "delete", "other"};
constexpr std::array<std::string_view, 14> kResources = {"accesspolicies",
                                                         "accessrequests",
                                                         "auditrecords",
                                                         "clusterroles",
                                                         "configmaps",
                                                         "customresourcedefinitions",
                                                         "events",
                                                         "leases",
                                                         "namespaces",
                                                         "rolebindings",
                                                         "roles",
                                                         "validatingadmissionpolicies",
                                                         "validatingadmissionpolicybindings",
                                                         "other"};
constexpr std::array<std::string_view, 6> kCodes = {"none", "2xx", "3xx", "4xx", "5xx", "other"};

// Seconds. People decide in minutes or the next day. A grant is a few writes. A deletion is issued within the
// last second before the end, so that lateness is negative when all is well.
const Buckets kApprovalWait = {5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 259200};
const Buckets kGrantLatency = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const Buckets kLateness = {-1, -0.5, -0.25, -0.1, -0.05, 0, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300};
const Buckets kApiLatency = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

double seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// `value` if it is known, otherwise "other": labels stay bounded whatever callers pass.
template <std::size_t N>
std::string bounded(const std::array<std::string_view, N>& known, std::string_view value) {
  for (const std::string_view one : known) {
    if (one == value) return std::string(one);
  }
  return "other";
}

std::string code_class(int status) {
  if (status == 0) return "none";
  return status >= 200 && status < 600 ? std::to_string(status / 100) + "xx" : "other";
}

}  // namespace

// Members are in the order in which /metrics reads best. The constructor adds the children of labelled
// families at zero, except those of curfew_requests and curfew_api_requests_total.
struct Metrics::Impl {
  using Counters = prometheus::Family<Counter>;
  using Histograms = prometheus::Family<Histogram>;

  prometheus::Registry registry;

  Counters& counters(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Counter& counter(const std::string& name, const std::string& help) { return counters(name, help).Add({}); }
  Gauge& gauge(const std::string& name, const std::string& help, const prometheus::Labels& labels = {}) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
  }
  Histograms& histograms(const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
  Histogram& histogram(const std::string& name, const std::string& help, const Buckets& buckets) {
    return histograms(name, help).Add({}, buckets);
  }

  Counters& requests_completed =
      counters("curfew_requests_completed_total", "Access requests that reached a final phase.");
  prometheus::Family<Gauge>& requests = prometheus::BuildGauge()
                                            .Name("curfew_requests")
                                            .Help("Access requests that are not over, by policy and phase.")
                                            .Register(registry);
  Gauge& reviews_pending =
      gauge("curfew_reviews_pending", "Access requests whose access has ended and waits for its review.");
  Gauge& reviews_overdue =
      gauge("curfew_reviews_overdue", "Of those, the ones that have waited longer than their policy allows.");
  Histogram& approval_wait = histogram(
      "curfew_approval_wait_seconds",
      "From a request to the last approval that it needed; of requests that need one.", kApprovalWait);
  Gauge& active_grants = gauge("curfew_grants_active", "Access requests whose binding is in place.");
  Histogram& grant_latency = histogram(
      "curfew_grant_latency_seconds",
      "From the last decision (of a request that needs none: itself) reaching this replica to its binding.",
      kGrantLatency);
  Histogram& revocation_lateness = histogram(
      "curfew_revocation_lateness_seconds",
      "From the promised end to the binding seen gone; negative is early; without what went more than 1 s early, which was revoked.",
      kLateness);
  Gauge& bindings_past_end =
      gauge("curfew_bindings_past_end", "Bindings that are still there although their end has passed.");

  Gauge& leader = gauge("curfew_leader", "1 where this replica leads, otherwise 0.");
  Gauge& guard_in_force = gauge(
      "curfew_guard_in_force", "1 while the admission policies are as shipped; while 0, nothing is granted.");
  Gauge& clock_offset = gauge(
      "curfew_clock_offset_seconds",
      "Our wall clock minus the API server's, as its answers' Dates tell it; beyond half a second the API server's counts.");

  Gauge& queue_depth = gauge("curfew_work_queue_depth", "Keys that wait for a worker.");
  Counters& reconcile_errors = counters(
      "curfew_reconcile_errors_total",
      "Errors after which a request, policy or binding is tried again, by kind; a Conflict (others wrote first) is normal.");
  Counter& worker_panics =
      counter("curfew_worker_panics_total", "Exceptions that reached a worker: each one is a bug.");
  Counters& watch_restarts =
      counters("curfew_watch_restarts_total",
               "Watches that failed and were begun again; not those that ended in their time.");
  Counter& events_dropped =
      counter("curfew_events_dropped_total",
              "Kubernetes Events that were not written: too many at once, refused, or no time left.");

  Counters& api_requests =
      counters("curfew_api_requests_total", "Requests to the API server; code \"none\" had no answer.");
  Histograms& api_latency =
      histograms("curfew_api_request_duration_seconds", "How long the API server took to answer.");

  Guarded<std::vector<std::function<void(Metrics&)>>> samplers;
  // The gauges of each policy that is exposed, in the order of kLivePhases.
  Guarded<std::map<PolicyLabels, std::vector<Gauge*>>> policies;
};

Metrics::Metrics(std::string_view version) : impl_(std::make_unique<Impl>()) {
  impl_
      ->gauge("curfew_build_info", "Always 1; the version is in the label.",
              {{"version", std::string(version)}})
      .Set(1);
  for (const api::Phase phase : kTerminalPhases)
    impl_->requests_completed.Add({{"phase", std::string(to_string(phase))}});
  for (const ErrorKind kind : kErrorKinds) impl_->reconcile_errors.Add({{"kind", to_string(kind)}});
  for (const std::string_view resource : kResources)
    impl_->watch_restarts.Add({{"resource", std::string(resource)}});
  for (const std::string_view verb : kVerbs)
    impl_->api_latency.Add({{"verb", std::string(verb)}}, kApiLatency);
}

Metrics::~Metrics() = default;

void Metrics::request_completed(api::Phase phase) {
  if (api::is_terminal(phase))
    impl_->requests_completed.Add({{"phase", std::string(to_string(phase))}}).Increment();
}

void Metrics::approval_took(std::chrono::microseconds since_asked) {
  impl_->approval_wait.Observe(seconds(since_asked));
}

void Metrics::grant_took(std::chrono::microseconds since_approval) {
  impl_->grant_latency.Observe(seconds(since_approval));
}

void Metrics::revocation_was_late(std::chrono::microseconds past_expiry) {
  impl_->revocation_lateness.Observe(seconds(past_expiry));
}

void Metrics::reconcile_failed(ErrorKind kind) {
  impl_->reconcile_errors.Add({{"kind", to_string(kind)}}).Increment();
}

void Metrics::worker_panicked() {
  impl_->worker_panics.Increment();
}

void Metrics::watch_restarted(std::string_view resource) {
  impl_->watch_restarts.Add({{"resource", bounded(kResources, resource)}}).Increment();
}

void Metrics::event_dropped() {
  impl_->events_dropped.Increment();
}

// The first request of a verb and resource adds all its codes, at zero: adding every possible pair up front
// would take hundreds of series.
void Metrics::api_request_took(std::string_view verb, std::string_view resource, int status,
                               std::chrono::microseconds took) {
  prometheus::Labels labels = {{"verb", bounded(kVerbs, verb)}, {"resource", bounded(kResources, resource)}};
  impl_->api_latency.Add({{"verb", labels["verb"]}}, kApiLatency).Observe(seconds(took));
  const std::string code = code_class(status);
  for (const std::string_view one : kCodes) {
    labels["code"] = std::string(one);
    Counter& counter = impl_->api_requests.Add(labels);
    if (one == code) counter.Increment();
  }
}

void Metrics::set_requests(const LiveRequests& by_policy) {
  impl_->policies.with([&](auto& shown) {
    std::erase_if(shown, [&](const auto& entry) {
      if (by_policy.contains(entry.first)) return false;
      for (Gauge* gauge : entry.second) impl_->requests.Remove(gauge);
      return true;
    });
    for (const auto& [policy, counts] : by_policy) {
      auto& gauges = shown[policy];
      for (std::size_t i = 0; i < kLivePhases.size(); ++i) {
        if (gauges.size() <= i)
          gauges.push_back(&impl_->requests.Add({{"phase", std::string(to_string(kLivePhases[i]))},
                                                 {"policy", policy.policy},
                                                 {"scope", policy.scope}}));
        const auto count = counts.find(kLivePhases[i]);
        gauges[i]->Set(count == counts.end() ? 0 : static_cast<double>(count->second));
      }
    }
  });
}

void Metrics::set_reviews(std::size_t pending, std::size_t overdue) {
  impl_->reviews_pending.Set(static_cast<double>(pending));
  impl_->reviews_overdue.Set(static_cast<double>(overdue));
}

void Metrics::set_active_grants(std::size_t count) {
  impl_->active_grants.Set(static_cast<double>(count));
}
void Metrics::set_bindings_past_end(std::size_t count) {
  impl_->bindings_past_end.Set(static_cast<double>(count));
}
void Metrics::set_queue_depth(std::size_t keys) {
  impl_->queue_depth.Set(static_cast<double>(keys));
}
void Metrics::set_leader(bool leads) {
  impl_->leader.Set(leads ? 1 : 0);
}
void Metrics::set_guard_in_force(bool in_force) {
  impl_->guard_in_force.Set(in_force ? 1 : 0);
}
void Metrics::set_clock_offset(std::chrono::microseconds ours_minus_server) {
  impl_->clock_offset.Set(seconds(ours_minus_server));
}

void Metrics::before_render(std::function<void(Metrics&)> sample) {
  impl_->samplers.with([&](auto& samplers) { samplers.push_back(std::move(sample)); });
}

std::string Metrics::render() {
  for (const auto& sample : impl_->samplers.with([](const auto& samplers) { return samplers; }))
    sample(*this);
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace curfew::telemetry
