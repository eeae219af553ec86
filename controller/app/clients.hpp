#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "http/transport.hpp"
#include "kube/client.hpp"
#include "kube/contact_monitor.hpp"
#include "kube/in_flight.hpp"
#include "kube/server_clock.hpp"
#include "telemetry/metrics.hpp"

namespace curfew::app {

// One API client per purpose, with a shared transport and a shared contact monitor. What is passed by
// reference must outlive it.
class Clients {
 public:
  Clients(std::unique_ptr<http::Transport> transport, int max_in_flight, telemetry::Metrics& metrics,
          kube::ServerClock& clock)
      : transport_(std::move(transport)),
        in_flight_(max_in_flight),
        general(*transport_, options(metrics, clock, &in_flight_)),
        endings(*transport_, options(metrics, clock)),
        lease(*transport_, hurried(options(metrics, clock))) {}

 private:
  static constexpr std::chrono::milliseconds kLeaseCallDeadline{2000};

  kube::ClientOptions options(telemetry::Metrics& metrics, kube::ServerClock& clock,
                              kube::InFlight* in_flight = nullptr) {
    return {
        .contact = &contact_,
        .in_flight = in_flight,
        .observe_call =
            [&metrics](std::string_view verb, std::string_view resource, int status,
                       std::chrono::nanoseconds took) {
              metrics.api_request_took(verb, resource, status,
                                       std::chrono::duration_cast<std::chrono::microseconds>(took));
            },
        .observe_date = [&clock](TimePoint date,
                                 std::chrono::nanoseconds round_trip) { clock.observe(date, round_trip); }};
  }
  static kube::ClientOptions hurried(kube::ClientOptions options) {
    options.deadline = kLeaseCallDeadline;
    return options;
  }

  kube::ContactMonitor contact_;
  std::unique_ptr<http::Transport> transport_;
  kube::InFlight in_flight_;

 public:
  kube::Client general;  // the only one with the in-flight limit, which does not apply to watches
  kube::Client endings;  // for ending access
  kube::Client lease;
};

}  // namespace curfew::app
