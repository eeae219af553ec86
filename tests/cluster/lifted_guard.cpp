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
  sleep_until(now() + seconds(6));
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
