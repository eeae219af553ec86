#pragma once

#include <string>
#include <vector>

#include "controller.hpp"
#include "lifecycle.hpp"
#include "lifted_guard.hpp"

// What somebody who has removed the admission policies can write.
namespace curfew::test {

struct Unguarded {
  Scene scene;
  Guard guard{scene};
  Controller controller{scene.cluster};
  std::string policy = scene.space.policy(automatic());

  Unguarded() { controller.start_leading(); }
  ~Unguarded() {
    guard.settle();
    controller.stop();
  }

  Request active(const std::string& name, const std::string& duration = "30m") const {
    Request request(scene, policy, "duration: " + duration, std::nullopt, name);
    request.await("Active", seconds(5));
    return request;
  }
  ProcessResult patch(const Request& request, const Json& patch) const {
    return once_unguarded(scene.admin, {"patch", "rolebinding", request.binding_name(), "-n",
                                        scene.space.name(), "--type", "merge", "--patch", patch.dump()});
  }
  void patch_status(const Request& request, const Json& status) const {
    const Json patch{{"status", status}};
    once_unguarded(scene.admin,
                   scene.space.on("patch", request.name(),
                                  {"--subresource", "status", "--type", "merge", "--patch", patch.dump()}));
  }
  ProcessResult remove(const Request& request) const {
    return scene.admin.kubectl({"delete", "rolebinding", request.binding_name(), "-n", scene.space.name()});
  }
  // Recreates the binding as it was, with `change` merged in.
  void make_again(const Request& request, Json binding, const Json& change = Json::object()) const {
    for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields"})
      binding["metadata"].erase(field);
    binding.merge_patch(change);
    once_unguarded(scene.admin, {"create", "-f", "-"}, binding.dump());
    REQUIRE(binding["metadata"]["name"] == request.binding_name());
  }
};

inline Json annotated(const char* annotation, const Json& value) {
  return {{"metadata", {{"annotations", {{std::string("curfew.dev/") + annotation, value}}}}}};
}

inline Json labelled(const Json& value) {
  return {{"metadata", {{"labels", {{"curfew.dev/request-uid", value}}}}}};
}

inline Json subject(const std::string& name) {
  return {{"kind", "User"}, {"apiGroup", "rbac.authorization.k8s.io"}, {"name", name}};
}

// Another request's binding, rewritten for this request.
inline Json as_if_of(const Request& request, Json binding) {
  binding["metadata"]["name"] = request.binding_name();
  binding["metadata"]["ownerReferences"][0].update({{"name", request.name()}, {"uid", request.uid()}});
  binding.merge_patch(labelled(request.uid()));
  binding.merge_patch(
      annotated("request", binding["metadata"]["namespace"].get<std::string>() + "/" + request.name()));
  return binding;
}

}  // namespace curfew::test
