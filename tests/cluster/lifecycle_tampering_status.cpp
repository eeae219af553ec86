#include <algorithm>

#include "unguarded.hpp"

// Statuses that somebody wrote past the guard, and changes that were made while no controller ran.
using namespace curfew::test;

TEST_CASE("what somebody writes into a status makes no access, and ends it under its own name",
          "[replica][disruptive]") {
  const Unguarded u;
  const Request over = u.active("over");
  const Request over_and_unbound = u.active("over-and-unbound");
  const Request waiting(u.scene, u.scene.space.policy(one_of_sre()), "duration: 10m", std::nullopt,
                        "waiting");
  waiting.await("Pending");
  u.guard.remove("curfew-bindings");
  u.guard.remove("curfew-writes");

  u.patch_status(over, {{"phase", "Expired"}, {"complete", true}, {"endedAt", "2026-01-01T00:00:00Z"}});
  REQUIRE_THAT(u.remove(over_and_unbound), Succeeds());
  u.patch_status(over_and_unbound,
                 {{"phase", "Expired"}, {"complete", true}, {"endedAt", "2026-01-01T00:00:00Z"}});
  u.patch_status(waiting, {{"phase", "Active"}, {"expiresAt", "2099-01-01T00:00:00Z"}, {"approvals", "1/1"}});

  over.await_no_binding(seconds(5));
  over.await("Revoked", seconds(5));
  CHECK(over.condition("Granted")["reason"] == "StatusChanged");
  for (const char* action : {"Tampered", "Revoked"}) {
    CHECK(
        over.await_record(action)["message"] ==
        "somebody set status.phase to Expired, although no AuditRecord says that access ended: it was ended");
  }
  CHECK(over.recorded() == Texts{"Requested", "Granted", "Tampered", "Revoked"});
  over_and_unbound.await_record("Revoked", seconds(5));
  waiting.await("Rejected", seconds(5));
  CHECK(waiting.recorded() == Texts{"Requested", "Tampered", "Rejected"});
  CHECK(waiting.text("expiresAt").empty());
  CHECK(waiting.condition("Granted")["reason"] == "StatusChanged");
}

TEST_CASE("what was changed while no controller ran is found at the start", "[replica][disruptive]") {
  Unguarded u;
  const Request unlabelled = u.active("unlabelled");
  const Request later = u.active("later");
  const Request remade = u.active("remade");
  const Request orphaned = u.active("orphaned");
  const Request untouched = u.active("untouched");
  const Request scheduled(
      u.scene, u.policy,
      "duration: 10m, startTime: \"" + curfew::format_rfc3339(now() + std::chrono::days(30)) + "\"",
      std::nullopt, "scheduled");
  scheduled.await("Scheduled");
  const Json of_another = untouched.binding().value();
  CHECK(u.controller.stop() == 0);
  u.guard.remove("curfew-bindings");
  u.guard.remove("curfew-writes");
  u.patch(unlabelled, labelled(nullptr));
  // Changed not only in the binding, but also in the status, which only Curfew could write.
  u.patch(later, annotated("expires-at", "2099-01-01T00:00:00Z"));
  u.patch_status(later, {{"expiresAt", "2099-01-01T00:00:00Z"}});
  // A grant that Curfew never made.
  u.make_again(scheduled, as_if_of(scheduled, of_another));
  u.patch_status(scheduled, {{"phase", "Active"},
                             {"expiresAt", of_another["metadata"]["annotations"]["curfew.dev/expires-at"]}});
  const Json granted = remade.binding().value();
  REQUIRE_THAT(u.remove(remade), Succeeds());
  u.make_again(remade, granted, {{"subjects", {subject("dave")}}});
  REQUIRE_THAT(
      u.scene.admin.kubectl(u.scene.space.on("delete", "orphaned", {"--cascade=orphan", "--timeout=60s"})),
      Succeeds());
  REQUIRE(orphaned.binding().has_value());

  u.controller.start_leading();
  for (const Request* request : {&unlabelled, &later, &remade}) {
    INFO(request->name());
    request->await_no_binding(seconds(5));
    request->await("Revoked", seconds(5));
    const Texts recorded = request->recorded();
    for (const char* action : {"Tampered", "Revoked"}) CHECK(std::ranges::count(recorded, action) == 1);
  }
  scheduled.await_no_binding(seconds(5));
  scheduled.await("Revoked", seconds(5));
  CHECK(scheduled.recorded() == Texts{"Requested", "Tampered", "Revoked"});
  orphaned.await_no_binding(seconds(5));
  orphaned.await_record("Revoked", seconds(5));
  CHECK(untouched.text("phase") == "Active");
}
