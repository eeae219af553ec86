#include "bare.hpp"

#include <stdexcept>
#include <thread>

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kKinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr std::chrono::seconds kUntilWatched{3};

Json kind() {
  const Json text{{"type", "string"}};
  const Json schema{
      {"type", "object"},
      {"properties",
       {{"spec",
         {{"type", "object"}, {"properties", {{"role", text}, {"duration", text}, {"reason", text}}}}},
        {"status", {{"type", "object"}, {"properties", {{"phase", text}, {"expiresAt", text}}}}}}}};
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", "bareaccesses.bench.curfew.dev"}}},
          {"spec",
           {{"group", "bench.curfew.dev"},
            {"scope", "Namespaced"},
            {"names", {{"plural", kBare}, {"singular", "bareaccess"}, {"kind", "BareAccess"}}},
            {"versions", Json::array({{{"name", "v1"},
                                       {"served", true},
                                       {"storage", true},
                                       {"schema", {{"openAPIV3Schema", schema}}},
                                       {"subresources", {{"status", Json::object()}}}}})}}}};
}

bool is_established(const Json& definition) {
  for (const Json& each : definition.value("status", Json::object()).value("conditions", Json::array())) {
    if (each.at("type") == "Established" && each.at("status") == "True") return true;
  }
  return false;
}

}  // namespace

BareChain::BareChain(Arena& arena, std::string place) : arena_(arena), place_(std::move(place)) {
  const std::string target = std::string(kKinds) + "/bareaccesses.bench.curfew.dev";
  const Json known =
      arena.admin.get(std::string(kKinds) + "?fieldSelector=metadata.name%3Dbareaccesses.bench.curfew.dev");
  if (!known.at("items").empty()) return;
  arena.admin.post(std::string(kKinds), kind());
  for (int tries = 0; !is_established(arena.admin.get(target)); ++tries) {
    if (tries > 100) throw std::runtime_error("the bare kind is not served within 10 s");
    std::this_thread::sleep_for(100ms);
  }
  std::this_thread::sleep_for(kUntilWatched);  // from its store, by the API server
}

Json BareChain::ask(const std::string& name) {
  return arena_.admin.post(
      path_of(kBare, place_),
      {{"apiVersion", "bench.curfew.dev/v1"},
       {"kind", "BareAccess"},
       {"metadata", {{"name", name}}},
       {"spec",
        {{"role", "view"}, {"duration", "1h"}, {"reason", "looking at the incident of last night"}}}});
}

void BareChain::approve(const std::string& name) {
  arena_.admin.patch(path_of(kBare, place_, name),
                     {{"metadata", {{"annotations", {{"bench.curfew.dev/approve", "ok"}}}}}});
}

void BareChain::bind(const std::string& name) {
  arena_.admin.post(
      path_of(kBindings, place_),
      {{"apiVersion", "rbac.authorization.k8s.io/v1"},
       {"kind", "RoleBinding"},
       {"metadata", {{"name", name}}},
       {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}}},
       {"subjects",
        Json::array({{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", "alice"}}})}});
}

void BareChain::set_phase(const std::string& name, const std::string& phase) {
  arena_.admin.patch(path_of(kBare, place_, name, "status"),
                     {{"status", {{"phase", phase}, {"expiresAt", "2026-01-01T00:00:00Z"}}}});
}

void BareChain::unbind(const std::string& name) {
  arena_.admin.remove(path_of(kBindings, place_, name));
}

void BareChain::clear() {
  arena_.admin.remove(path_of(kBare, place_));
  arena_.admin.remove(path_of(kBindings, place_));
}

}  // namespace curfew::bench
