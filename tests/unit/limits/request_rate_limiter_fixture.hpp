#pragma once

#include <optional>
#include <string>

#include "limits/request_rate_limiter.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "unit/support/builders.hpp"

namespace curfew::testing {

struct FloodGateFixture {
  ManualClock clock;
  limits::RequestRateLimits limits{.requester = {.pending = 2, .qps = 1, .burst = 4},
                                   .ns = {.pending = 0, .qps = 0, .burst = 1},
                                   .cluster = {.pending = 0, .qps = 0, .burst = 1}};
  limits::RequestRateLimiter gate{clock, limits};

  FloodGateFixture() = default;
  explicit FloodGateFixture(limits::RequestRateLimits those) : limits(those) {}

  api::AccessRequest asks(const std::string& who, const std::string& uid,
                          const std::string& where = "payments") {
    auto made = request("ask-" + uid, uid);
    made.metadata.ns = where;
    made.spec.requester->username = who;
    made.metadata.creation_timestamp = clock.now();
    gate.observe(nullptr, shared(made));
    return made;
  }
  void becomes(const api::AccessRequest& asked, api::Phase phase) {
    auto after = asked;
    after.status.phase = phase;
    after.status.complete = api::is_terminal(phase);
    gate.observe(shared(asked), shared(after));
  }
  void goes(const api::AccessRequest& asked) { gate.observe(shared(asked), nullptr); }
  std::optional<core::Flood> judge(const api::AccessRequest& asked) { return gate.judge(asked, false, true); }
  std::optional<core::Flood> judge_gone(const api::AccessRequest& asked) {
    return gate.judge(asked, true, true);
  }
  bool lets_in(const api::AccessRequest& asked) { return !judge(asked); }
  // Admits and grants up to `count` requests, so that none stays pending. Returns how many were granted.
  int grants(const std::string& who, const std::string& where, int count) {
    int granted = 0;
    for (int i = 0; i < count; ++i) {
      const auto asked = asks(who, "uid-" + std::to_string(next_++), where);
      if (!lets_in(asked)) continue;
      becomes(asked, api::Phase::Active);
      ++granted;
    }
    return granted;
  }
  void writes(const core::RecordSummary& summary) {
    auto written = record(api::AuditAction::Rejected);
    written.metadata.name = summary.record_name;
    gate.recorded(written);
  }

 private:
  int next_ = 1000;
};

// Small limits of the same kind as the defaults.
inline limits::RequestRateLimits small() {
  return {.requester = {.pending = 0, .qps = 0.5, .burst = 4},
          .ns = {.pending = 0, .qps = 1, .burst = 20},
          .cluster = {.pending = 0, .qps = 2, .burst = 200}};
}

}  // namespace curfew::testing
