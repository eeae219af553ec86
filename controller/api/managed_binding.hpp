#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/rbac.hpp"
#include "util/time.hpp"

// What a RoleBinding says of itself as the binding of a grant: its name, its label and its end. Pure.
namespace curfew::api {

// A binding that goes within this time before its end has expired; one that goes earlier was revoked, or
// removed by somebody.
inline constexpr std::chrono::milliseconds kEndLead{1000};

// The value of label curfew.dev/request-uid; empty where there is none.
std::string request_uid_of(const RoleBinding& binding);

// Whether it is named "curfew-" and the UID in its label. Only such bindings are Curfew's, whoever owns them:
// the garbage collector removes the owner of a binding whose request is deleted with --cascade=orphan.
bool has_name_of_grant(const RoleBinding& binding);

// Annotation curfew.dev/expires-at; nullopt where it is missing or is not a time.
std::optional<TimePoint> stated_end(const RoleBinding& binding);

}  // namespace curfew::api
