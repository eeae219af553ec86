#pragma once

#include <memory>
#include <string>

#include "api/names.hpp"
#include "kube/scoped_store.hpp"
#include "unit/support/decoded.hpp"

// Objects as the tests of this layer need them, in one line each.
namespace curfew::testing {

inline constexpr const char* kUid = "3f2c9a4e-0000-4000-8000-000000000001";
inline constexpr const char* kOtherUid = "3f2c9a4e-0000-4000-8000-000000000002";

inline api::AccessRequest request(const std::string& name = "debug", const std::string& uid = kUid) {
  return decoded<api::AccessRequest>(
      {{"metadata", {{"namespace", "payments"}, {"name", name}, {"uid", uid}}},
       {"spec", {{"policy", "payments-debug"}, {"requester", {{"username", "alice"}}}}}});
}

inline api::AccessRequest request_in(api::Phase phase, const std::string& name = "debug",
                                     const std::string& uid = kUid) {
  auto json = api::encode(request(name, uid));
  json["status"] = {{"phase", api::to_string(phase)}, {"complete", api::is_terminal(phase)}};
  return decoded<api::AccessRequest>(json);
}

// The binding of the grant of request(name, uid) that ends at `expires_at`, the text of its annotation.
inline api::RoleBinding binding(const std::string& expires_at, const std::string& name = "debug",
                                const std::string& uid = kUid) {
  const nlohmann::json owner{
      {"apiVersion", api::kGroupVersion}, {"kind", "AccessRequest"}, {"name", name}, {"uid", uid}};
  return decoded<api::RoleBinding>(
      {{"metadata",
        {{"namespace", "payments"},
         {"name", std::string(api::kBindingPrefix) + uid},
         {"uid", "binding-of-" + uid},
         {"resourceVersion", "500"},
         {"labels", {{std::string(api::kRequestUidLabel), uid}}},
         {"annotations",
          {{std::string(api::kExpiresAtAnnotation), expires_at},
           {std::string(api::kRequestAnnotation), "payments/" + name},
           {std::string(api::kPolicyAnnotation), "payments-debug"}}},
         {"ownerReferences", nlohmann::json::array({owner})}}},
       {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
       {"subjects", nlohmann::json::array({{{"kind", "User"}, {"name", "alice"}}})}});
}

inline api::RoleBinding binding(TimePoint end, const std::string& name = "debug",
                                const std::string& uid = kUid) {
  return binding(format_rfc3339(end), name, uid);
}

inline api::RoleBinding binding_with_uid(const std::string& uid) {
  api::RoleBinding made = binding("2026-11-24T21:00:00Z");
  made.metadata.uid = uid;
  return made;
}

inline api::AuditRecord record(api::AuditAction action, const std::string& name = "debug",
                               const std::string& uid = kUid) {
  return decoded<api::AuditRecord>(
      {{"metadata", {{"name", api::record_name(uid, action)}}},
       {"action", api::to_string(action)},
       {"request", {{"namespace", "payments"}, {"name", name}, {"uid", uid}}},
       {"policy", {{"name", "payments-debug"}, {"uid", "policy-uid"}, {"generation", 1}}},
       {"reason", "INC-1"}});
}

inline api::AccessPolicy policy_with(const nlohmann::json& spec, const std::string& name = "payments-debug") {
  return decoded<api::AccessPolicy>({{"metadata", {{"name", name}}}, {"spec", spec}});
}

inline api::Namespace namespace_with(const nlohmann::json& labels, const std::string& name = "payments") {
  return decoded<api::Namespace>({{"metadata", {{"name", name}, {"labels", labels}}}});
}

// A Role, whose namespace is `ns`, or a ClusterRole.
template <class T>
T role_named(const std::string& name, const std::string& ns = {}) {
  nlohmann::json metadata{{"name", name}, {"uid", "role-uid"}, {"resourceVersion", "7"}};
  if (!ns.empty()) metadata["namespace"] = ns;
  return decoded<T>({{"metadata", std::move(metadata)}});
}

template <class T>
std::shared_ptr<const T> shared(T object) {
  return std::make_shared<const T>(read_back(std::move(object)));
}

// Adds the object to the store as a reflector would when the watch delivers it.
template <class T>
std::shared_ptr<const T> deliver(kube::Store<T>& store, T object) {
  return typename kube::Store<T>::Writer(store).apply(read_back(std::move(object))).after;
}

template <class T>
std::shared_ptr<const T> deliver(kube::ScopedStore<T>& store, T object) {
  kube::Store<T>& part = store.of(object.metadata.ns);
  return deliver(part, std::move(object));
}

template <class T>
std::shared_ptr<const T> take_away(kube::Store<T>& store, const api::ObjectKey& key) {
  return typename kube::Store<T>::Writer(store).remove(key, nullptr, "900").before;
}

template <class T>
std::shared_ptr<const T> take_away(kube::ScopedStore<T>& store, const api::ObjectKey& key) {
  return take_away(store.of(key.ns), key);
}

}  // namespace curfew::testing
