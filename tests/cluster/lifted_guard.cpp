#include "lifted_guard.hpp"

namespace curfew::test {

void Guard::remove(const std::string& policy) const {
  REQUIRE_THAT(scene_.admin.kubectl({"delete", "validatingadmissionpolicy", policy}), Succeeds());
}

void Guard::weaken(const std::string& binding) const {
  REQUIRE_THAT(scene_.admin.kubectl({"patch", "validatingadmissionpolicybinding", binding, "--type", "merge",
                                     "--patch", R"({"spec": {"validationActions": ["Audit"]}})"}),
               Succeeds());
}

void Guard::lift() const {
  for (const char* policy : {"curfew-identity", "curfew-eligibility"}) remove(policy);
  REQUIRE_THAT(
      scene_.admin.kubectl({"delete", "mutatingadmissionpolicy", "curfew-requester", "--ignore-not-found"}),
      Succeeds());
}

void Guard::install() const {
  scene_.admin.kubectl({"apply", "-k", CURFEW_SOURCE_DIR "/manifests"});
}

void Guard::settle() const {
  install();
  await_guard(scene_.admin);
}

Json guard_ledger(const Person& admin) {
  const ProcessResult found = admin.kubectl(
      {"get", "configmap", "curfew-guard", "-n", "curfew-system", "--ignore-not-found", "-o", "json"});
  if (!found.ok() || found.out.empty()) return Json::object();
  return Json::parse(Json::parse(found.out).at("data").at("ledger").get<std::string>());
}

void await_guard(const Person& admin) {
  Json saved;
  Json live;
  const bool is_saved = eventually(seconds(30), [&] {
    const ProcessResult all = admin.kubectl(
        {"get",
         "validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings,crds",
         "-l", "app.kubernetes.io/name=curfew", "-o", "json"});
    saved = guard_ledger(admin).value("objects", Json::object());
    live = Json::object();
    if (!all.ok() || saved.empty()) return false;
    for (const Json& object : Json::parse(all.out).at("items")) {
      const Json& metadata = object.at("metadata");
      const std::string id =
          object.at("kind").get<std::string>() + "/" + metadata.at("name").get<std::string>();
      if (saved.contains(id))
        live[id] = {{"uid", metadata.at("uid")}, {"generation", metadata.at("generation")}};
    }
    return live == saved;
  });
  INFO("saved: " << saved.dump() << "\nin the cluster: " << live.dump());
  REQUIRE(is_saved);
}

ProcessResult once_unguarded(const Person& who, const std::vector<std::string>& arguments,
                             const std::string& input) {
  ProcessResult result;
  const bool done = eventually(seconds(10), [&] { return (result = who.kubectl(arguments, input)).ok(); });
  INFO("still refused: " << result.all());
  REQUIRE(done);
  return result;
}

}  // namespace curfew::test
