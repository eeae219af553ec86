#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cluster.hpp"
#include "client/kubectl.hpp"

namespace curfew::client {

// The cluster through kubectl: one process a call.
class KubectlCluster final : public Cluster {
 public:
  // The size of a call's command line is bounded: more objects take another call.
  static constexpr std::size_t kMaxObjectsPerCall = 200;

  explicit KubectlCluster(Kubectl kubectl) : kubectl_(std::move(kubectl)) {}

  const Kubeconfig& kubeconfig() const override;  // read once

 private:
  using Json = nlohmann::json;

  Result<Json> read(const std::string& path) const override;
  std::vector<Result<Json>> read_objects(const std::vector<ObjectRef>& refs) const override;
  Result<Json> review_self() const override;
  Result<void> watch(const std::string& path,
                     const std::function<bool(const Json& event)>& take) const override;
  std::vector<Result<Json>> create_objects(const std::vector<Json>& objects, const std::string& ns,
                                           bool dry_run) const override;
  Result<Json> patch(const ObjectRef& ref, const Json& change) const override;

  // All namespaced objects are in namespace `ns`.
  std::vector<Result<Json>> read_together(const std::string& ns, const std::vector<ObjectRef>& refs) const;

  Kubectl kubectl_;
  mutable std::optional<Kubeconfig> kubeconfig_;
};

}  // namespace curfew::client
