#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "api/codec.hpp"
#include "runtime/leader_elector.hpp"
#include "unit/runtime/manual_clock.hpp"
#include "util/guarded.hpp"

namespace curfew::testing {

// The API server's part: one Lease with optimistic locking. `before_call` runs before each call and may fail
// it.
struct FakeLeaseStore final : runtime::LeaseStore {
  struct State {
    std::optional<api::Lease> lease;
    int version = 0;
    int gets = 0;
    int writes = 0;
  };
  Guarded<State> state;
  std::function<std::optional<Error>(std::chrono::milliseconds)> before_call = [](std::chrono::milliseconds) {
    return std::nullopt;
  };
  std::function<void(const api::Lease&)> on_write = [](const api::Lease&) {};

  Result<api::Lease> get(std::chrono::milliseconds deadline, std::stop_token) override {
    if (const auto error = before_call(deadline)) return tl::unexpected(*error);
    return state.with([](State& s) -> Result<api::Lease> {
      ++s.gets;
      return s.lease ? Result<api::Lease>(*s.lease) : fail(ErrorKind::NotFound, "no such lease");
    });
  }
  Result<api::Lease> create(const api::Lease& lease, std::chrono::milliseconds deadline,
                            std::stop_token) override {
    if (const auto error = before_call(deadline)) return tl::unexpected(*error);
    return put(lease, "");
  }
  Result<api::Lease> update(const api::Lease& lease, std::chrono::milliseconds deadline,
                            std::stop_token) override {
    if (const auto error = before_call(deadline)) return tl::unexpected(*error);
    return put(lease, lease.metadata.resource_version);
  }

  // A write as by kubectl: without a lock, not counted.
  void overwrite(const std::function<void(api::Lease&)>& change) {
    state.with([&](State& s) {
      if (!s.lease) s.lease = api::Lease{};
      change(*s.lease);
      s.lease->metadata.resource_version = std::to_string(++s.version);
    });
  }
  api::Lease stored() const {
    return state.with([](const State& s) { return s.lease.value(); });
  }
  int gets() const {
    return state.with([](const State& s) { return s.gets; });
  }
  int writes() const {
    return state.with([](const State& s) { return s.writes; });
  }

 private:
  Result<api::Lease> put(const api::Lease& lease, const std::string& expected_version) {
    const auto written = state.with([&](State& s) -> Result<api::Lease> {
      const std::string actual = s.lease ? s.lease->metadata.resource_version : "";
      if (actual != expected_version)
        return fail(expected_version.empty() ? ErrorKind::AlreadyExists : ErrorKind::Conflict,
                    "changed meanwhile");
      s.lease = lease;
      s.lease->metadata.resource_version = std::to_string(++s.version);
      ++s.writes;
      return *s.lease;
    });
    if (written) on_write(*written);
    return written;
  }
};

struct Candidate {
  Candidate(FakeLeaseStore& store, const Clock& clock, const std::string& name)
      : elector(store, clock, {"curfew-system", "curfew"}, name,
                runtime::ElectionCallbacks{[this] { ++started; }, [this] { ++stopped; }}) {}

  std::chrono::milliseconds attempt() { return elector.attempt({}); }

  int started = 0;
  int stopped = 0;
  runtime::LeaderElector elector;
};

struct ElectionFixture {
  ManualClock clock;
  FakeLeaseStore store;
  Candidate a{store, clock, "a"};
  Candidate b{store, clock, "b"};

  void unreachable() {
    store.before_call = [](std::chrono::milliseconds) {
      return Error{.kind = ErrorKind::Transport, .message = "connection refused"};
    };
  }
  void reachable() {
    store.before_call = [](std::chrono::milliseconds) { return std::nullopt; };
  }
};

}  // namespace curfew::testing
