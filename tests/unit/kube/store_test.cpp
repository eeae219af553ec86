#include "kube/store.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "api/rbac.hpp"

using namespace curfew;
using namespace curfew::kube;

namespace {

using Binding = api::RoleBinding;

const api::ObjectKey kStored{"n", "a"};

Binding binding(const std::string& name, const std::string& version, const std::string& role = "view") {
  Binding result;
  result.metadata.name = name;
  result.metadata.ns = "n";
  result.metadata.uid = "uid-" + name;
  result.metadata.resource_version = version;
  result.role_ref = {"ClusterRole", role};
  return result;
}

std::shared_ptr<const Binding> shared(Binding object) {
  return std::make_shared<const Binding>(std::move(object));
}

struct Fixture {
  Store<Binding> store;
  Store<Binding>::Writer writer{store};

  // The version that readers see; "-" for none. get and list must agree.
  std::string seen(const std::string& name = "a") const {
    const auto object = store.get({"n", name});
    std::string listed = "-";
    for (const auto& each : store.list()) {
      if (each->metadata.name != name) continue;
      CHECK(listed == "-");
      listed = each->metadata.resource_version;
    }
    const std::string got = object ? object->metadata.resource_version : "-";
    CHECK(listed == got);
    return got;
  }
};

}  // namespace

TEST_CASE("resource versions compare as numbers of any length") {
  CHECK(compare_resource_versions("9", "10") < 0);
  CHECK(compare_resource_versions("10", "10") == 0);
  CHECK(compare_resource_versions("010", "10") == 0);
  CHECK(compare_resource_versions("", "0") == 0);
  CHECK(compare_resource_versions("", "1") < 0);
  CHECK(compare_resource_versions("99999999999999999999999999", "100000000000000000000000000") < 0);
  CHECK(compare_resource_versions("2", "1") > 0);
}

TEST_CASE_METHOD(Fixture, "a store is in step once a first list is complete, empty or not") {
  CHECK_FALSE(store.synced());
  CHECK(writer.replace_all({}, {}, "10").empty());
  CHECK(store.synced());
  CHECK(store.size() == 0);
}

TEST_CASE_METHOD(Fixture, "a new list gives the difference to what was known") {
  CHECK(writer
            .replace_all({shared(binding("a", "1")), shared(binding("b", "2")), shared(binding("c", "3"))},
                         {}, "10")
            .size() == 3);
  const auto unchanged = store.get({"n", "a"});
  const auto changes = writer.replace_all(
      {shared(binding("a", "1")), shared(binding("b", "12")), shared(binding("d", "13"))}, {}, "20");
  REQUIRE(changes.size() == 3);
  for (const auto& [before, after] : changes) {
    const std::string name = (after ? after : before)->metadata.name;
    if (name == "b")
      CHECK((before->metadata.resource_version == "2" && after->metadata.resource_version == "12"));
    else if (name == "c")
      CHECK((before && !after));
    else
      CHECK((name == "d" && !before && after));
  }
  CHECK(store.get({"n", "a"}) == unchanged);
  CHECK(store.size() == 3);
}

TEST_CASE_METHOD(
    Fixture, "an object that was deleted and made again between lists is a change even at the same version") {
  writer.replace_all({shared(binding("a", "1"))}, {}, "10");
  Binding other = binding("a", "1");
  other.metadata.uid = "another";
  const auto changes = writer.replace_all({shared(other)}, {}, "20");
  REQUIRE(changes.size() == 1);
  CHECK(changes.front().after->metadata.uid == "another");
}

TEST_CASE_METHOD(Fixture, "an object that a list has but cannot read keeps its last state") {
  writer.replace_all({shared(binding("a", "1"))}, {}, "10");
  CHECK(writer.replace_all({}, {kStored, {"n", "never-known"}}, "20").empty());
  CHECK(seen() == "1");
  CHECK(store.size() == 1);
}

TEST_CASE_METHOD(Fixture, "events give what was before and what is after") {
  writer.replace_all({}, {}, "10");
  const auto added = writer.apply(binding("a", "11"));
  CHECK((!added.before && added.after->metadata.resource_version == "11"));
  const auto modified = writer.apply(binding("a", "12"));
  CHECK((modified.before == added.after && modified.after->metadata.resource_version == "12"));
  const auto deleted = writer.remove(kStored, shared(binding("a", "13")), "13");
  CHECK(deleted.before->metadata.resource_version == "13");  // the event's state is newer than the stored one
  CHECK_FALSE(deleted.after);
  CHECK(seen() == "-");
}

TEST_CASE_METHOD(Fixture, "a deletion of something unreadable, or unknown, is a deletion") {
  writer.replace_all({shared(binding("a", "1"))}, {}, "10");
  CHECK(writer.remove(kStored, nullptr, "11").before->metadata.resource_version == "1");
  const auto unknown = writer.remove({"n", "never-known"}, shared(binding("never-known", "12")), "12");
  CHECK((!unknown.before && !unknown.after));
}

TEST_CASE_METHOD(Fixture, "a write of ours is seen before its event, and the event takes over") {
  writer.replace_all({}, {}, "10");
  store.assume(binding("a", "15"));
  CHECK(seen() == "15");
  CHECK(store.size() == 0);
  CHECK_FALSE(writer.apply(binding("a", "15")).before);
  CHECK(seen() == "15");
  CHECK(store.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a write of ours whose event came first is ignored") {
  writer.replace_all({}, {}, "10");
  writer.apply(binding("a", "15"));
  writer.apply(binding("a", "16", "changed by somebody else"));
  store.assume(binding("a", "15"));
  CHECK(seen() == "16");
}

TEST_CASE_METHOD(Fixture, "events older than a write of ours do not hide it") {
  writer.replace_all({shared(binding("a", "5"))}, {}, "10");
  store.assume(binding("a", "15"));
  writer.apply(binding("a", "12"));
  CHECK(seen() == "15");
  writer.apply(binding("b", "14"));
  CHECK(seen() == "15");
}

TEST_CASE_METHOD(Fixture, "a write of ours that was deleted since is gone with the deletion") {
  writer.replace_all({}, {}, "10");
  store.assume(binding("a", "15"));
  writer.apply(binding("a", "15"));
  writer.remove(kStored, shared(binding("a", "16")), "16");
  CHECK(seen() == "-");
  store.assume(binding("a", "15"));  // the answer to the write arrives last
  CHECK(seen() == "-");
}

TEST_CASE_METHOD(Fixture, "a write of ours that left the selection is gone once the watch has passed it") {
  writer.replace_all({shared(binding("a", "5"))}, {}, "10");
  store.assume(binding("a", "15"));
  CHECK(seen() == "15");
  writer.remove(kStored, shared(binding("a", "15")), "15");
  CHECK(seen() == "-");
}

TEST_CASE_METHOD(Fixture,
                 "another object's event or a bookmark that passes a write of ours ends the assumption") {
  writer.replace_all({}, {}, "10");
  store.assume(binding("a", "15"));
  SECTION("event") {
    writer.apply(binding("b", "16"));
  }
  SECTION("bookmark at that very version") {
    writer.advance("15");
  }
  SECTION("deletion") {
    writer.remove({"n", "b"}, nullptr, "20");
  }
  CHECK(seen() == "-");  // it was never in the selection
}

TEST_CASE_METHOD(Fixture, "a list after a write of ours decides, one from before it does not") {
  writer.replace_all({}, {}, "10");
  store.assume(binding("a", "15"));
  writer.replace_all({}, {}, "14");
  CHECK(seen() == "15");
  writer.replace_all({}, {}, "15");
  CHECK(seen() == "-");
}

TEST_CASE_METHOD(Fixture, "of two writes of ours the newer is seen, in whatever order they are handed in") {
  writer.replace_all({}, {}, "10");
  store.assume(binding("a", "16"));
  store.assume(binding("a", "15"));
  CHECK(seen() == "16");
  store.assume(binding("a", "100"));
  CHECK(seen() == "100");
  writer.apply(binding("a", "16"));
  CHECK(seen() == "100");
}

TEST_CASE_METHOD(Fixture, "a history that goes back ends all assumptions") {
  writer.replace_all({}, {}, "1000");
  store.assume(binding("a", "1001"));
  writer.replace_all({shared(binding("a", "3"))}, {}, "10");
  CHECK(seen() == "3");
  writer.apply(binding("a", "11"));
  CHECK(seen() == "11");
}

TEST_CASE_METHOD(Fixture,
                 "what was assumed, and is in no list that is as far, is gone: nobody else tells of it") {
  writer.replace_all({}, {}, "10");
  store.assume(binding("a", "15"));
  store.assume(binding("b", "17"));
  store.assume(binding("c", "14"));
  const auto changes = writer.replace_all({}, {{"n", "c"}}, "16");
  REQUIRE(changes.size() == 1);
  REQUIRE(changes[0].before);
  CHECK(changes[0].before->metadata.name == "a");
  CHECK_FALSE(changes[0].after);
  CHECK(seen("a") == "-");
  CHECK(seen("b") == "17");  // newer than the list
}
