#include "many.hpp"

#include <fstream>

namespace curfew::test {

namespace {

std::vector<std::string> command(const Scene& scene, const Person& who, const std::string& path, int count) {
  const auto kubeconfig = scene.cluster.state() / "test" / unique("many");
  std::ofstream(kubeconfig) << who.credentials();
  return {CURFEW_SOURCE_DIR "/tests/cluster/send-many",
          "--kubeconfig",
          kubeconfig.string(),
          "--path",
          path,
          "--count",
          std::to_string(count)};
}

}  // namespace

ProcessResult create_many(const Scene& scene, const std::string& path, const Json& object, int count) {
  return run(command(scene, scene.admin, path, count),
             {.input = object.dump(), .environment = {}, .timeout = seconds(100)});
}

std::future<ProcessResult> send_many(const Scene& scene, const Person& who, const Json& spec, int count,
                                     bool deletes) {
  const Json request{{"apiVersion", "curfew.dev/v1alpha1"},
                     {"kind", "AccessRequest"},
                     {"metadata", {{"generateName", "many-"}}},
                     {"spec", spec}};
  const std::string path = "/apis/curfew.dev/v1alpha1/namespaces/" + scene.space.name() + "/accessrequests";
  auto send = command(scene, who, path, count);
  if (deletes) send.emplace_back("--delete");
  return std::async(std::launch::async, [send = std::move(send), body = request.dump()] {
    return run(send, {.input = body, .environment = {}, .timeout = seconds(120)});
  });
}

}  // namespace curfew::test
