#include "many.hpp"

#include <fstream>

namespace curfew::test {

std::future<ProcessResult> send_many(const Scene& scene, const Person& who, const Json& spec, int count, bool deletes) {
  const auto kubeconfig = scene.cluster.state() / "test" / unique("many");
  std::ofstream(kubeconfig) << who.credentials();
  const Json request{{"apiVersion", "curfew.dev/v1alpha1"}, {"kind", "AccessRequest"}, {"metadata", {{"generateName", "many-"}}}, {"spec", spec}};
  const std::string path = "/apis/curfew.dev/v1alpha1/namespaces/" + scene.space.name() + "/accessrequests";
  return std::async(std::launch::async, [=] {
    std::vector<std::string> command{CURFEW_SOURCE_DIR "/tests/cluster/send-many", "--kubeconfig", kubeconfig.string(), "--path", path, "--count", std::to_string(count)};
    if (deletes) command.emplace_back("--delete");
    return run(command, {.input = request.dump()});
  });
}

}  // namespace curfew::test
