#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"
#include "support/text.hpp"

// A command that begins with a UID applies to the object with that UID, and not to a later one with the same
// name.
using namespace curfew::test;

namespace {

std::string uid_of(const Asked& asked) {
  return asked.stored()["metadata"]["uid"].get<std::string>();
}

}  // namespace

TEST_CASE("a command may name the UID of the request, or how it begins", "[guard]") {
  Asked asked;
  const std::string uid = uid_of(asked);
  const auto length = GENERATE(8U, 9U, 13U, 36U);
  const std::string command = GENERATE("approve", "deny", "revoke");
  if (command == "revoke") asked.set_status({{"phase", "Active"}, {"complete", false}});
  REQUIRE_THAT(asked.annotate(asked.bob,
                              {"curfew.dev/" + command + "=uid=" + uid.substr(0, length) + " looks  right"}),
               Succeeds());
  REQUIRE_THAT(asked.annotate(asked.carol, {"curfew.dev/" + command + "=uid=" + uid.substr(0, length)}),
               Succeeds());
  REQUIRE(asked.decisions().size() == 2);
  CHECK(asked.decisions()[0]["comment"] == "looks  right");
  CHECK(asked.decisions()[1]["comment"] == "");
}

TEST_CASE("a command that names another UID is refused, and says both", "[guard]") {
  Asked asked;
  const std::string before = uid_of(asked);
  REQUIRE_THAT(asked.alice.kubectl(asked.space.on("delete", "ask")), Succeeds());
  REQUIRE_THAT(
      asked.alice.apply(asked.space.request("ask", "{policy: " + asked.policy + ", " + kSettled + "}")),
      Succeeds());
  const std::string command = GENERATE("approve", "deny", "revoke");
  for (const std::string& meant : {before, before.substr(0, 8)}) {
    CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/" + command + "=uid=" + meant + " looks right"}),
               Refused("the UID of this request is " + uid_of(asked) + ", not " + meant +
                       ": it was deleted and made again; look at it first"));
  }
  CHECK(asked.decisions().empty());
}

TEST_CASE("a command that begins with something like a UID is refused, and says what would be one",
          "[guard]") {
  Asked asked;
  const std::string uid = uid_of(asked);
  const std::string meant = GENERATE_COPY(uid.substr(0, 7), std::string(), std::string("XYZ"),
                                          uid.substr(0, 8) + "x", uid + "-1", " " + uid, uid + "\tok",
                                          uid + "\n", uid.substr(0, 8) + "; ok", std::string("\u202E") + uid);
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=uid=" + meant + " ok"}),
             Refused("curfew.dev/approve begins with uid: write uid=, the UID of this request, " + uid +
                     ", or its first eight characters or more, a space, and the comment"));
  CHECK(asked.decisions().empty());
}

TEST_CASE("what resembles the UID that a command may begin with is not taken for a comment", "[guard]") {
  Asked asked;
  const std::string command = GENERATE("approve", "deny", "revoke");
  for (const char* before : {" uid=", "UID=", "Uid=", "uid =", "uid:", "uid: ", "uid ",
                             "(uid=", "\nuid=", "\u00A0uid=", "\u200Buid=", "uuid=", "UUID: ", "uuid ",
                             "\uff55\uff49\uff44=", "\uff35\uff29\uff24\uff1d"}) {
    CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/" + command + "=" + std::string(before) +
                                          uid_of(asked) + " looks right"}),
               Refused("curfew.dev/" + command + " begins with uid: write uid=, the UID of this request, " +
                       uid_of(asked)));
  }
  CHECK(asked.decisions().empty());
}

TEST_CASE("a word that only begins with uid is a comment's", "[guard]") {
  Asked asked;
  const std::string comment =
      GENERATE("uidgen is what they need", "uuidgen is", "\uff55\uff49\uff44\uff47 is");
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=" + comment}), Succeeds());
  CHECK(asked.decisions()[0]["comment"] == comment);
}

TEST_CASE("a comment of 1024 characters may follow the UID, and no longer one", "[guard]") {
  Asked asked;
  const std::string prefix = "curfew.dev/approve=uid=" + uid_of(asked) + " ";
  CHECK_THAT(asked.annotate(asked.bob, {prefix + repeated("\U0001F525", 1025)}), Refused("1024 at most"));
  REQUIRE_THAT(asked.annotate(asked.bob, {prefix + repeated("\U0001F525", 1024)}), Succeeds());
  CHECK(asked.decisions()[0]["comment"] == repeated("\U0001F525", 1024));
}

TEST_CASE("a UID later in a comment is part of it", "[guard]") {
  Asked asked;
  REQUIRE_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=not uid=00000000 but this"}), Succeeds());
  CHECK(asked.decisions()[0]["comment"] == "not uid=00000000 but this");
}
