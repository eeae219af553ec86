#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/meta.hpp"
#include "api/rbac.hpp"
#include "util/time.hpp"

// What a RoleBinding states about itself as the binding of a grant: name, label and end. Pure functions.
namespace curfew::api {

// A binding that is removed within this time before its end has expired; one that is removed earlier was
// revoked, or deleted by somebody.
inline constexpr std::chrono::milliseconds kEndLead{1000};
// Where many grants end together, Curfew begins up to this long before their end to delete the bindings.
inline constexpr std::chrono::milliseconds kMaxEndLead{10'000};

// A binding that carries a grant, as the cluster knows it.
struct BindingRef {
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;  // empty: it does not exist yet

  ObjectKey key() const { return {.ns = ns, .name = name}; }
  bool operator==(const BindingRef&) const = default;
};

BindingRef reference_to(const RoleBinding& binding);

// The value of label curfew.dev/request-uid; empty if the label is absent.
std::string request_uid_of(const RoleBinding& binding);

// Whether the name is "curfew-" and the UID in the label. Only such bindings are Curfew's, regardless of
// their owner reference, which the garbage collector removes if the request is deleted with --cascade=orphan.
bool has_name_of_grant(const RoleBinding& binding);

// Annotation curfew.dev/expires-at; nullopt if it is missing or not a time.
std::optional<TimePoint> stated_end(const RoleBinding& binding);

}  // namespace curfew::api
