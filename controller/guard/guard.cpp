#include "guard/guard.hpp"

#include <utility>

namespace curfew::guard {
namespace {

kube::Resource admission(const char* plural, const char* kind) {
  return {.path = "/apis/admissionregistration.k8s.io/v1", .plural = plural, .kind = kind};
}

kube::Resource kinds() {
  return {.path = "/apis/apiextensions.k8s.io/v1",
          .plural = "customresourcedefinitions",
          .kind = "CustomResourceDefinition"};
}

}  // namespace

Guard::Guard(kube::Client& client, std::string ns, bool eligibility_policy, const Clock& clock,
             std::function<void()> on_change)
    : watch_([eligibility_policy] { return shipped_guard(eligibility_policy); }, clock, std::move(on_change)),
      ledgers_(client, std::move(ns)) {}

void Guard::add_watches(kube::Watches& watches) {
  add(watches, admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy"), policies_);
  add(watches, admission("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"), bindings_);
  add(watches, kinds(), kinds_, {.labels = "app.kubernetes.io/name=curfew"});
}

void Guard::add(kube::Watches& watches, const kube::Resource& resource, kube::Store<GuardObject>& store,
                const kube::Selection& selection) {
  const auto kind = resource.kind;
  watches.add(
      store,
      kube::ReflectorConfig<GuardObject>{
          .resource = resource,
          .selection = selection,
          .decode = [this, kind](const nlohmann::json& json) { return watch_.decode(kind, json); },
          .is_wanted = [this, kind](const api::ObjectKey& key) { return watch_.concerns(kind, key.name); },
          .on_change =
              [this, kind](const auto& before, const auto& after) {
                watch_.observe(kind, (after ? after : before)->metadata.name, after);
              }});
}

std::vector<std::string> Guard::unsynced() const {
  std::vector<std::string> resources;
  if (!policies_.synced()) resources.emplace_back("validatingadmissionpolicies");
  if (!bindings_.synced()) resources.emplace_back("validatingadmissionpolicybindings");
  if (!kinds_.synced()) resources.emplace_back("customresourcedefinitions");
  return resources;
}

}  // namespace curfew::guard
