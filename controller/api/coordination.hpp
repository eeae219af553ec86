#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "api/meta.hpp"

namespace curfew::api {

// coordination.k8s.io/v1 Lease, as leader election uses it.
struct Lease {
  static constexpr std::string_view kKind = "Lease";
  static constexpr std::string_view kPath = "/apis/coordination.k8s.io/v1";
  static constexpr std::string_view kPlural = "leases";

  ObjectMeta metadata;
  std::string holder_identity;  // empty: not held, free to take
  int lease_duration_seconds = 0;
  std::optional<TimePoint> acquire_time;
  std::optional<TimePoint> renew_time;
  int lease_transitions = 0;
};

nlohmann::json encode(const Lease& lease);

}  // namespace curfew::api
