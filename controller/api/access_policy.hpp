#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::api {

// metav1.LabelSelector. Empty selects everything.
struct LabelSelector {
  struct Requirement {
    std::string key;
    std::string op;  // In, NotIn, Exists, DoesNotExist
    std::vector<std::string> values;

    bool operator==(const Requirement&) const = default;
  };
  std::map<std::string, std::string> match_labels;
  std::vector<Requirement> match_expressions;

  bool operator==(const LabelSelector&) const = default;
};

struct ScheduleWindow {
  std::vector<std::string> days;  // Mon ... Sun
  std::string start;              // HH:MM
  std::string end;

  bool operator==(const ScheduleWindow&) const = default;
};

struct Schedule {
  std::string time_zone;
  std::vector<ScheduleWindow> windows;
  bool end_at_window_close = false;

  bool operator==(const Schedule&) const = default;
};

// AccessPolicySpec::Review: who reviews access after its end.
struct PolicyReview {
  int required = 1;
  std::vector<Subject> reviewers;
  std::string within;  // a duration; empty: 72h
  bool block_while_overdue = false;
  bool operator==(const PolicyReview&) const = default;
};

// AccessPolicySpec::Limits: what one requester may have under the policy.
struct PolicyLimits {
  std::optional<int> active_per_requester;
  std::string cooldown;
  bool once_by_name = false;
  bool operator==(const PolicyLimits&) const = default;
};

struct AccessPolicySpec {
  struct Namespaces {
    std::vector<std::string> names;
    std::optional<LabelSelector> selector;
    bool operator==(const Namespaces&) const = default;
  };
  struct Reason {
    bool required = false;
    std::string pattern;  // empty: any
    bool operator==(const Reason&) const = default;
  };
  struct Approval {
    int required = 1;
    std::vector<Subject> approvers;
    bool allow_self_approval = false;
    std::string timeout;  // empty: none
    bool operator==(const Approval&) const = default;
  };
  using Review = PolicyReview;
  using Limits = PolicyLimits;

  std::string description;
  std::vector<Subject> requesters;
  std::vector<Subject> subjects;
  std::vector<RoleRef> roles;
  std::string scope;  // kClusterScope; any other: in namespaces
  Namespaces namespaces;
  std::string default_duration;  // empty: max_duration
  std::string max_duration;
  std::string max_start_delay;  // empty: Curfew's default
  std::string max_total;        // of a grant and its extensions together; empty: no extensions
  std::optional<Schedule> schedule;
  Reason reason;
  Approval approval;
  std::optional<Review> review;  // of access after its end
  std::optional<Limits> limits;
  std::string on_change;        // empty if not set
  std::optional<bool> suspend;  // nullopt if not set

  bool operator==(const AccessPolicySpec&) const = default;
};

struct AccessPolicyStatus {
  std::int64_t observed_generation = 0;
  std::vector<Condition> conditions;
  int active_grants = 0;
  int pending_requests = 0;

  bool operator==(const AccessPolicyStatus&) const = default;
};

struct AccessPolicy {
  static constexpr std::string_view kKind = "AccessPolicy";
  static constexpr std::string_view kPath = "/apis/curfew.dev/v1alpha1";
  static constexpr std::string_view kPlural = "accesspolicies";

  ObjectMeta metadata;
  AccessPolicySpec spec;
  AccessPolicyStatus status;
};

// Whether the policy is for access to the whole cluster, and not for access in namespaces.
bool is_cluster_wide(const AccessPolicySpec& spec);

nlohmann::json encode(const AccessPolicy& policy);

// The status alone (what is below "status") as a JSON merge patch that replaces all of it: every field is
// present, and null if it is empty, also in nested objects.
nlohmann::json encode_status_patch(const AccessPolicyStatus& status);

}  // namespace curfew::api
