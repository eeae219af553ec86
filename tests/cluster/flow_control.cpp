#include <catch2/catch_test_macros.hpp>
#include <regex>

#include "lifecycle.hpp"
#include "support/matchers.hpp"

// manifests/flowcontrol: Curfew's share of a busy API server.
using namespace curfew::test;

namespace {

const std::string kFolder = CURFEW_SOURCE_DIR "/manifests/flowcontrol";

class FlowControl {
 public:
  explicit FlowControl(const Cluster& cluster) : admin_(cluster.admin()) {
    REQUIRE_THAT(admin_.kubectl({"apply", "-k", kFolder}), Succeeds());
  }
  ~FlowControl() { admin_.kubectl({"delete", "-k", kFolder}); }
  FlowControl(const FlowControl&) = delete;
  FlowControl& operator=(const FlowControl&) = delete;

  std::string uid(const std::string& schema) const {
    return admin_.get({"flowschema", schema})["metadata"]["uid"];
  }

 private:
  Person admin_;
};

// The UID of the FlowSchema that the API server applied to a call, from its response header.
std::string schema_of(const Person& person, std::vector<std::string> call) {
  call.emplace_back("-v=8");
  static const std::regex header("X-Kubernetes-Pf-Flowschema-Uid: ?\\[?\"?([0-9a-f-]+)", std::regex::icase);
  const std::string said = person.kubectl(std::move(call)).err;
  std::smatch found;
  std::string uid;
  for (auto at = said.cbegin(); std::regex_search(at, said.cend(), found, header); at = found.suffix().first)
    uid = found[1];  // the last: the call itself
  return uid;
}

}  // namespace

TEST_CASE(
    "the optional flow schemas put Curfew's calls on its own level, and its Lease and endings on others") {
  const Cluster& cluster = Cluster::shared();
  const FlowControl flow_control(cluster);
  const auto is_by = [&](const std::string& schema, const std::vector<std::string>& call) {
    return eventually(std::chrono::seconds(10),
                      [&] { return schema_of(cluster.curfew(), call) == flow_control.uid(schema); });
  };
  CHECK(is_by("curfew", {"get", "--raw", "/apis/curfew.dev/v1alpha1/accessrequests?limit=1"}));
  CHECK(is_by("curfew-lease",
              {"get", "--raw", "/apis/coordination.k8s.io/v1/namespaces/curfew-system/leases/curfew"}));
  CHECK(is_by(
      "curfew-endings",
      {"delete", "--raw", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings/curfew-none"}));
  CHECK(schema_of(cluster.admin(), {"get", "--raw", "/api/v1/namespaces?limit=1"}) !=
        flow_control.uid("curfew"));
}
