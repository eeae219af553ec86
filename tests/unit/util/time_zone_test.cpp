#include "util/time_zone.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace curfew;
using namespace std::chrono_literals;

namespace {

TimePoint at(const std::string& text) {
  const auto time = parse_rfc3339(text);
  INFO(text);
  REQUIRE(time);
  return *time;
}

// A local time such as "2026-11-24T21:00:00".
LocalSeconds on_the_wall(const std::string& text) {
  return LocalSeconds(floor_to_second(at(text + "Z")).time_since_epoch());
}

std::shared_ptr<const TimeZone> zone(const std::string& name) {
  auto found = TimeZone::find(name);
  INFO(name);
  REQUIRE(found);
  return found;
}

}  // namespace

TEST_CASE("a zone is found by its name in the database, and others are not found") {
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
                           "Pacific/Apia", "America/Argentina/Buenos_Aires"}) {
    CAPTURE(name);
    CHECK(TimeZone::find(name));
  }
  for (const char* name : {"", "Europe/Atlantis", "europe/berlin", "Berlin", "+01:00", "/etc/passwd",
                           "../../../etc/passwd", "Europe/", "Europe"}) {
    CAPTURE(name);
    CHECK_FALSE(TimeZone::find(name));
  }
}

TEST_CASE("a moment is what the wall shows there, and back") {
  const auto [name, moment, wall] = GENERATE(table<std::string, std::string, std::string>(
      {{"UTC", "2026-11-24T20:00:00Z", "2026-11-24T20:00:00"},
       {"Europe/Berlin", "2026-11-24T20:00:00Z", "2026-11-24T21:00:00"},
       {"Europe/Berlin", "2026-07-24T20:00:00Z", "2026-07-24T22:00:00"},
       {"America/New_York", "2026-11-24T20:00:00Z", "2026-11-24T15:00:00"},
       {"Asia/Kolkata", "2026-11-24T20:00:00Z", "2026-11-25T01:30:00"},
       {"Pacific/Apia", "2026-11-24T20:00:00Z", "2026-11-25T09:00:00"},
       {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23:59:59"},
       {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00:00:00"}}));
  CAPTURE(name, moment);
  CHECK(zone(name)->to_local(at(moment)) == on_the_wall(wall));
  CHECK(zone(name)->first_moment_of(on_the_wall(wall)) == at(moment));
}

TEST_CASE("a fraction of a second is not on the wall") {
  CHECK(zone("Europe/Berlin")->to_local(at("2026-11-24T20:00:00.999999Z")) ==
        on_the_wall("2026-11-24T21:00:00"));
}

TEST_CASE("a time that never comes is the moment of the jump, all of it") {
  for (const char* wall :
       {"2026-03-29T02:00:00", "2026-03-29T02:30:00", "2026-03-29T02:59:59", "2026-03-29T03:00:00"}) {
    CAPTURE(wall);
    CHECK(zone("Europe/Berlin")->first_moment_of(on_the_wall(wall)) == at("2026-03-29T01:00:00Z"));
  }
  CHECK(zone("Australia/Lord_Howe")->first_moment_of(on_the_wall("2026-10-04T02:15:00")) ==
        at("2026-10-03T15:30:00Z"));
  CHECK(zone("Pacific/Apia")->first_moment_of(on_the_wall("2011-12-30T12:00:00")) ==
        at("2011-12-30T10:00:00Z"));
}

TEST_CASE("a time that comes twice is the first of the two") {
  CHECK(zone("Europe/Berlin")->first_moment_of(on_the_wall("2026-10-25T02:30:00")) ==
        at("2026-10-25T00:30:00Z"));
  CHECK(zone("Europe/Berlin")->first_moment_of(on_the_wall("2026-10-25T03:00:00")) ==
        at("2026-10-25T02:00:00Z"));
  CHECK(zone("Australia/Lord_Howe")->first_moment_of(on_the_wall("2026-04-05T01:45:00")) ==
        at("2026-04-04T14:45:00Z"));
}
