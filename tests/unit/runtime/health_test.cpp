#include "runtime/health.hpp"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

using curfew::runtime::Health;

TEST_CASE("without checks all is well") {
  const Health health;
  CHECK(health.live().status_code() == 200);
  CHECK(health.live().text == "healthz check passed\n");
  CHECK(health.ready().text == "readyz check passed\n");
}

TEST_CASE("a failed check is named with its reason among those that passed, and decides the status") {
  Health health;
  std::optional<std::string> guard = "the admission policy curfew-bindings is missing";
  health.add_ready_check("stores", [] { return std::nullopt; });
  health.add_ready_check("guard", [&] { return guard; });
  health.add_ready_check("contact", [] { return std::nullopt; });

  CHECK(health.ready().status_code() == 503);
  CHECK(health.ready().text ==
        "[+]stores ok\n"
        "[-]guard failed: the admission policy curfew-bindings is missing\n"
        "[+]contact ok\n"
        "readyz check failed\n");
  guard.reset();
  CHECK(health.ready().ok);
  CHECK(health.ready().text == "[+]stores ok\n[+]guard ok\n[+]contact ok\nreadyz check passed\n");
}

TEST_CASE("readiness does not touch liveness") {
  Health health;
  health.add_ready_check("guard", [] { return "gone"; });
  health.add_live_check("workers", [] { return std::nullopt; });
  CHECK(health.live().ok);
  CHECK(health.live().text == "[+]workers ok\nhealthz check passed\n");
}

TEST_CASE("a check that throws has failed") {
  Health health;
  health.add_ready_check("clumsy",
                         []() -> std::optional<std::string> { throw std::runtime_error("no such thing"); });
  CHECK(health.ready().text ==
        "[-]clumsy failed: the check itself failed: no such thing\nreadyz check failed\n");
}
