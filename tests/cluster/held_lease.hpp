#pragma once

#include "lifecycle.hpp"

namespace curfew::test {

// Another holder has Lease curfew for an hour: no replica leads until this goes out of scope.
class HeldLease {
 public:
  explicit HeldLease(const Scene& scene) : scene_(scene) { hold("somebody-else"); }
  ~HeldLease() { hold(""); }
  HeldLease(const HeldLease&) = delete;
  HeldLease& operator=(const HeldLease&) = delete;

 private:
  void hold(const std::string& who) const {
    const Json patch{{"spec",
                      {{"holderIdentity", who},
                       {"leaseDurationSeconds", 3600},
                       {"renewTime", curfew::format_rfc3339_micro(now())}}}};
    const ProcessResult held = scene_.admin.kubectl(
        {"patch", "lease", "curfew", "-n", "curfew-system", "--type", "merge", "--patch", patch.dump()});
    CHECK_THAT(held, Succeeds());
  }

  const Scene& scene_;
};

}  // namespace curfew::test
