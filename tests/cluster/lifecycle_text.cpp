#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lifecycle.hpp"
#include "support/text.hpp"

// Any text that users write is stored unchanged.
using namespace curfew::test;

TEST_CASE("reasons and comments reach the records as they were written", "[lifecycle]") {
  struct Case {
    const char* name;
    std::string text;
  };
  const auto [name, text] = GENERATE(values<Case>({
      {"quotes and braces", R"(he said "no", she said 'yes' \ {{ .Values }} $(id) `id` %s)"},
      {"newlines and tabs", "first line\nsecond line\r\n\tthird"},
      {"right-to-left marks", "safe \u202egnp.exe\u202c and \u2066isolated\u2069 \u200f"},
      {"emoji", "\U0001F525 production \U0001F469\u200D\U0001F692 \U0001F1E9\U0001F1EA"},
      {"1024 characters of four bytes", repeated("\U0001F525", 1024)},
      {"markup", "<script>alert(1)</script> --- key: [value]"},
      {"control characters", std::string("bell \a escape \x1b[31m")},
  }));
  DYNAMIC_SECTION(name) {
    const Scene scene;
    const Request request(scene, scene.space.policy(one_of_sre()),
                          "duration: 10m, reason: " + Json(text).dump());
    request.approve(scene.bob, text);
    request.await("Active");
    REQUIRE_THAT(request.say(scene.alice, "revoke", text), Succeeds());
    request.await("Revoked");

    const auto records = request.records();
    REQUIRE(records.size() == 4);
    for (const Json& record : records) CHECK(record["reason"] == text);
    CHECK(records[1]["comment"] == text);
    CHECK(records[3]["comment"] == text);
    CHECK(request.stored()["spec"]["reason"] == text);
    CHECK(eventually(seconds(3), [&] { return request.events().size() >= 2; }));
  }
}

TEST_CASE("a reason or a comment of 1,025 characters is refused with its limit", "[lifecycle]") {
  const Scene scene;
  const std::string policy = scene.space.policy(one_of_sre());
  CHECK_THAT(scene.alice.apply(
                 scene.space.request("ask", "{policy: " + policy + ", reason: " + repeated("x", 1025) + "}")),
             Refused("1024 characters"));
  const Request request(scene, policy, "reason: short");
  CHECK_THAT(request.say(scene.bob, "approve", repeated("x", 1025)), Refused("1024"));
}

TEST_CASE("people may be called anything", "[lifecycle]") {
  const std::string name = GENERATE(as<std::string>(), "O'Brien \"the \\ slash\"", "\u05d0\u05dc\u05d9\u05e1",
                                    "a.very+long_name@example.com/with:colons");
  DYNAMIC_SECTION(name) {
    const Scene scene;
    const Person asker = scene.cluster.somebody(name, {"developers"});
    const Person approver = scene.cluster.somebody(name + " (sre)", {"sre"});
    const Request request(scene, scene.space.policy(one_of_sre()), "duration: 10m", asker);
    request.approve(approver);
    request.await("Active");
    CHECK(scene.can_list_pods(asker));
    CHECK(request.binding().value()["subjects"][0]["name"] == name);
    CHECK(Json::parse(request.binding()
                          .value()["metadata"]["annotations"]["curfew.dev/approved-by"]
                          .get<std::string>()) == Json{name + " (sre)"});
    REQUIRE_THAT(request.say(asker, "revoke", "done"), Succeeds());
    request.await("Revoked");
    CHECK(request.records().back()["actor"]["username"] == name);
  }
}
