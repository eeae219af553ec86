#pragma once

#include <memory>
#include <string>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/audit_record.hpp"
#include "api/names.hpp"
#include "api/rbac.hpp"
#include "kube/store.hpp"

// Objects as the tests of this layer need them, in one line each.
namespace curfew::testing {

inline constexpr const char* kUid = "3f2c9a4e-0000-4000-8000-000000000001";
inline constexpr const char* kOtherUid = "3f2c9a4e-0000-4000-8000-000000000002";

inline api::AccessRequest request(const std::string& name = "debug", const std::string& uid = kUid) {
  api::AccessRequest made;
  made.metadata.ns = "payments";
  made.metadata.name = name;
  made.metadata.uid = uid;
  made.spec.policy = "payments-debug";
  made.spec.requester = api::Person{.username = "alice", .groups = {}};
  return made;
}

inline api::AccessRequest request_in(api::Phase phase, const std::string& name = "debug",
                                     const std::string& uid = kUid) {
  api::AccessRequest made = request(name, uid);
  made.status.phase = phase;
  made.status.complete = api::is_terminal(phase);
  return made;
}

// The binding of the grant of request(name, uid) that ends at `expires_at`, the text of its annotation.
inline api::RoleBinding binding(const std::string& expires_at, const std::string& name = "debug",
                                const std::string& uid = kUid) {
  api::RoleBinding made;
  made.metadata.ns = "payments";
  made.metadata.name = std::string(api::kBindingPrefix) + uid;
  made.metadata.uid = "binding-of-" + uid;
  made.metadata.resource_version = "500";
  made.metadata.labels = {{std::string(api::kRequestUidLabel), uid}};
  made.metadata.annotations = {{std::string(api::kExpiresAtAnnotation), expires_at},
                               {std::string(api::kPolicyAnnotation), "payments-debug"}};
  made.metadata.owner_references = {
      {.api_version = std::string(api::kGroupVersion), .kind = "AccessRequest", .name = name, .uid = uid}};
  made.role_ref = {.kind = "ClusterRole", .name = "view"};
  made.subjects = {{.kind = "User", .name = "alice", .ns = {}}};
  return made;
}

inline api::RoleBinding binding(TimePoint end, const std::string& name = "debug",
                                const std::string& uid = kUid) {
  return binding(format_rfc3339(end), name, uid);
}

inline api::AuditRecord record(api::AuditAction action, const std::string& name = "debug",
                               const std::string& uid = kUid) {
  api::AuditRecord made;
  made.metadata.name = api::record_name(uid, action);
  made.action = action;
  made.request = {.ns = "payments", .name = name, .uid = uid};
  made.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 1};
  made.reason = "INC-1";
  return made;
}

template <class T>
std::shared_ptr<const T> shared(T object) {
  return std::make_shared<const T>(std::move(object));
}

// Adds the object to the store as a reflector would when the watch delivers it.
template <class T>
std::shared_ptr<const T> deliver(kube::Store<T>& store, T object) {
  return typename kube::Store<T>::Writer(store).apply(std::move(object)).after;
}

template <class T>
std::shared_ptr<const T> take_away(kube::Store<T>& store, const api::ObjectKey& key) {
  return typename kube::Store<T>::Writer(store).remove(key, nullptr, "900").before;
}

}  // namespace curfew::testing
