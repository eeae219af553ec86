#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>

#include "guard.hpp"
#include "support/text.hpp"
#include "support/yaml.hpp"

// A request stays small, and only its requester changes its metadata.
using namespace curfew::test;

namespace {

const std::string kTheirs =
    "labels, annotations, finalizers and ownerReferences of this request are changed by its requester only, alice";

Json numbered(const std::string& prefix, int count, const std::string& value) {
  Json map;
  for (int i = 0; i < count; ++i) map[prefix + std::to_string(i)] = value;
  return map;
}

// One owner that exists, because the garbage collector deletes an object without one, and others that do not
// exist.
Json owners(const Asked& asked, int count, const std::string& name) {
  const Json uid = asked.admin.get({"namespace", asked.space.name()})["metadata"]["uid"];
  Json list = Json::array(
      {{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", asked.space.name()}, {"uid", uid}}});
  for (int i = 1; i < count; ++i)
    list.push_back({{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"name", name},
                    {"uid", "11111111-2222-3333-4444-" + std::to_string(i)}});
  return list;
}

Json finalizers(int count) {
  Json list = Json::array();
  for (int i = 0; i < count; ++i) list.push_back("example.com/hold-" + std::to_string(i));
  return list;
}

// managedFields with an entry for a field of that name, which no manager could own.
Json managed(const std::string& field) {
  return Json::array(
      {{{"manager", "somebody"},
        {"operation", "Apply"},
        {"apiVersion", "curfew.dev/v1alpha1"},
        {"fieldsType", "FieldsV1"},
        {"time", "2026-11-24T20:00:00Z"},
        {"fieldsV1", {{"f:metadata", {{"f:annotations", {{"f:" + field, Json::object()}}}}}}}}});
}

// Through a file, because the patch to be refused is too long for a command line.
ProcessResult patch(const Asked& asked, const Person& who, const Json& metadata) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / (unique("curfew-patch") + ".json");
  std::ofstream(file) << Json{{"metadata", metadata}}.dump();
  const ProcessResult said =
      who.kubectl(asked.space.on("patch", "ask", {"--type", "merge", "--patch-file", file}));
  std::filesystem::remove(file);
  return said;
}

ProcessResult patch_as(const Asked& asked, const std::string& user, const Json& metadata) {
  return asked.admin.kubectl(impersonating(
      user, {"curfew-test-people"},
      asked.space.on("patch", "ask", {"--type", "merge", "--patch", Json{{"metadata", metadata}}.dump()})));
}

ProcessResult apply_as_manager(const Asked& asked, const Person& who, const std::string& manager) {
  const Json object{{"apiVersion", "curfew.dev/v1alpha1"},
                    {"kind", "AccessRequest"},
                    {"metadata", {{"name", "ask"}, {"namespace", asked.space.name()}}},
                    {"spec", {{"policy", asked.policy}}}};
  return who.kubectl({"apply", "--server-side", "--force-conflicts", "--field-manager", manager, "-f", "-"},
                     object.dump());
}

struct Limit {
  const char* what;
  Json most;
  Json more;
  std::string sentence;
};

std::vector<Limit> limits(const Asked& asked) {
  return {{"labels",
           {{"labels", numbered("l", 64, "v")}},
           {{"labels", numbered("l", 65, "v")}},
           "metadata.labels has 65 labels: 64 at most"},
          {"annotations",
           {{"annotations", numbered("a", 63, "v")}},
           {{"annotations", numbered("a", 65, "v")}},
           " annotations: 64 at most"},
          {"annotations' size",
           {{"annotations", {{"a", repeated("x", 15000)}}}},
           {{"annotations", {{"a", repeated("x", 16385)}}}},
           "bytes, keys and values together: 16384 at most"},
          {"annotations that JSON makes longer",
           {{"annotations", {{"a", repeated("<", 2400)}}}},
           {{"annotations", {{"a", repeated("<", 3000)}}}},
           "bytes, keys and values together: 16384 at most"},
          {"finalizers",
           {{"finalizers", finalizers(8)}},
           {{"finalizers", finalizers(9)}},
           "metadata.finalizers has 9 entries: 8 at most"},
          {"owners",
           {{"ownerReferences", owners(asked, 8, "x")}},
           {{"ownerReferences", owners(asked, 9, "x")}},
           "metadata.ownerReferences has 9 entries: 8 at most"},
          {"owners' size",
           {{"ownerReferences", owners(asked, 8, repeated("x", 253))}},
           {{"ownerReferences", owners(asked, 2, repeated("x", 9000))}},
           "bytes: 8192 at most"},
          {"generateName",
           {{"generateName", repeated("x", 253)}},
           {{"generateName", repeated("x", 300000)}},
           "metadata.generateName has 300000 characters: 253 at most"}};
}

}  // namespace

TEST_CASE("the metadata of a request is changed by its requester, and by nobody else", "[guard]") {
  Asked asked;
  for (const Json& metadata :
       {Json{{"labels", {{"team", "payments"}}}}, Json{{"annotations", {{"example.com/ticket", "INC-1"}}}},
        Json{{"finalizers", {"example.com/hold"}}}, Json{{"ownerReferences", owners(asked, 2, "nope")}},
        Json{{"annotations", {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}}}},
        Json{{"annotations", nullptr}}}) {
    INFO(metadata.dump());
    for (const Person& stranger : {asked.bob, asked.dave, asked.admin})
      CHECK_THAT(patch(asked, stranger, metadata), Refused(kTheirs));
  }
  // Without a missing owner, because the garbage collector would delete the request.
  CHECK_THAT(patch(asked, asked.alice,
                   {{"labels", {{"team", "payments"}}},
                    {"annotations", {{"example.com/ticket", "INC-1"}}},
                    {"finalizers", {"example.com/hold"}}}),
             Succeeds());
  for (const Json& metadata :
       {Json{{"labels", nullptr}}, Json{{"labels", {{"team", "sales"}}}},
        Json{{"annotations", {{"example.com/ticket", nullptr}}}}, Json{{"finalizers", nullptr}}}) {
    CHECK_THAT(patch(asked, asked.bob, metadata), Refused(kTheirs));
  }
  // kubectl would rewrite its own annotation.
  CHECK_THAT(asked.replace(asked.dave, Json::object()), Refused(kTheirs));
  CHECK_THAT(asked.replace(asked.alice, Json::object()), Succeeds());
  CHECK_THAT(patch(asked, asked.alice, {{"labels", nullptr}, {"finalizers", nullptr}}), Succeeds());
  CHECK(asked.decisions().empty());
}

TEST_CASE("a misspelt command is refused by its name", "[guard]") {
  Asked asked;
  const std::string known =
      " is not an annotation of a request: curfew.dev/approve, curfew.dev/deny and curfew.dev/revoke decide it, "
      "curfew.dev/review-justified and curfew.dev/review-disputed review it";
  const std::string name = GENERATE("curfew.dev/aprove", "Curfew.dev/revoke", "curfew.dev/review-justfied",
                                    "curfew.dev/Approve", "curfew.dev/expires-at");
  for (const Person& who : {asked.alice, asked.bob, asked.admin}) {
    CHECK_THAT(asked.annotate(who, {name + "=ok"}), Refused(name + known));
    CHECK_THAT(patch(asked, who, {{"annotations", {{"example.com/ticket", "INC-1"}, {name, "ok"}}}}),
               Refused(name + known));
  }
  Json another = to_json(YAML::Load(asked.space.request("another", "{policy: " + asked.policy + "}")));
  another["metadata"]["annotations"] = {{name, "ok"}};
  const ProcessResult said = asked.alice.kubectl({"create", "-f", "-"}, another.dump());
  CHECK_THAT(said, Refused(name + known));
  CHECK(said.err.find('\n') == said.err.size() - 1);
  CHECK(asked.decisions().empty());
}

TEST_CASE("annotations of others are no commands, whatever their names resemble", "[guard]") {
  Asked asked;
  CHECK_THAT(patch(asked, asked.alice,
                   {{"annotations", {{"curfew.dev.example.com/approve", "ok"}, {"approve", "curfew.dev/"}}}}),
             Succeeds());
}

TEST_CASE("the garbage collector takes finalizers and owners away from a request", "[guard]") {
  Asked asked;
  const std::string user = GENERATE("system:serviceaccount:kube-system:generic-garbage-collector",
                                    "system:kube-controller-manager");
  REQUIRE_THAT(patch(asked, asked.alice, {{"finalizers", {"example.com/hold"}}}), Succeeds());
  CHECK_THAT(patch_as(asked, user, {{"finalizers", nullptr}}), Succeeds());
}

TEST_CASE("a person with the verb end removes finalizers of a request, and adds none", "[guard]") {
  Asked asked;
  REQUIRE_THAT(patch(asked, asked.alice, {{"finalizers", {"example.com/hold", "example.com/keep"}}}),
               Succeeds());
  CHECK_THAT(patch(asked, asked.admin,
                   {{"finalizers", {"example.com/hold", "example.com/keep", "example.com/mine"}}}),
             Refused(kTheirs));
  CHECK_THAT(patch(asked, asked.bob, {{"finalizers", {"example.com/keep"}}}), Refused(kTheirs));
  CHECK_THAT(patch(asked, asked.admin, {{"finalizers", {"example.com/keep"}}}), Succeeds());
  CHECK_THAT(patch(asked, asked.admin, {{"finalizers", nullptr}}), Succeeds());
}

TEST_CASE("a request is neither made nor grown beyond what its metadata may hold", "[guard][namespaced]") {
  Asked asked;
  for (const Limit& limit : limits(asked)) {
    INFO(limit.what);
    CHECK_THAT(patch(asked, asked.alice, limit.most), Succeeds());
    CHECK_THAT(patch(asked, asked.alice, limit.more), Refused(limit.sentence));
    CHECK_THAT(patch(asked, asked.alice, {{limit.most.begin().key(), nullptr}}), Succeeds());
    if (std::string(limit.what) == "generateName") continue;  // Kubernetes itself limits it there
    for (const bool fits : {true, false}) {
      Json request{{"apiVersion", "curfew.dev/v1alpha1"},
                   {"kind", "AccessRequest"},
                   {"metadata", fits ? limit.most : limit.more},
                   {"spec", {{"policy", asked.policy}}}};
      request["metadata"].update({{"name", "another"}, {"namespace", asked.space.name()}});
      const ProcessResult said =
          asked.alice.kubectl({"create", "--dry-run=server", "-f", "-"}, request.dump());
      if (fits) {
        CHECK_THAT(said, Succeeds());
      } else {
        CHECK_THAT(said, Refused(limit.sentence));
      }
    }
  }
}

TEST_CASE("64 labels with the longest names fit", "[guard]") {
  Asked asked;
  Json labels;
  for (int i = 0; i < 64; ++i)
    labels[repeated("a", 50) + "." + repeated("b", 50) + "." + repeated("c", 50) + "." + repeated("d", 98) +
           "/" + repeated("e", 60) + std::to_string(100 + i)] = repeated("v", 63);
  CHECK_THAT(patch(asked, asked.alice, {{"labels", labels}}), Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/approve=ok"}), Succeeds());
}

TEST_CASE("what is over a limit already stays or shrinks, and is decided like anything else",
          "[guard][namespaced]") {
  Asked asked;
  exempt_labelled_namespaces(asked.cluster);
  REQUIRE_THAT(asked.admin.kubectl({"label", "namespace", asked.space.name(), "curfew-test=unguarded"}),
               Succeeds());
  const Json fat{{"labels", numbered("l", 100, "v")},
                 {"annotations",
                  {{"a", repeated("x", 60000)},
                   {"curfew.dev/approve", "from a time without the guard"},
                   {"curfew.dev/aprove", "likewise"}}},
                 {"finalizers", finalizers(12)},
                 {"generateName", repeated("x", 1000)},
                 {"managedFields", managed(repeated("x", 60000))}};
  REQUIRE(eventually(std::chrono::seconds(10), [&] { return patch(asked, asked.alice, fat).ok(); }));
  REQUIRE_THAT(asked.admin.kubectl({"label", "namespace", asked.space.name(), "curfew-test-"}), Succeeds());
  REQUIRE(eventually(std::chrono::seconds(10),
                     [&] { return !patch(asked, asked.bob, {{"labels", {{"mine", "v"}}}}).ok(); }));

  CHECK_THAT(patch(asked, asked.alice, {{"labels", {{"more", "v"}}}}),
             Refused("metadata.labels has 101 labels: 64 at most"));
  CHECK_THAT(patch(asked, asked.alice, {{"annotations", {{"a", repeated("x", 60001)}}}}),
             Refused("16384 at most"));
  CHECK_THAT(patch(asked, asked.alice, {{"finalizers", finalizers(13)}}), Refused("8 at most"));
  CHECK_THAT(patch(asked, asked.alice, {{"managedFields", managed(repeated("x", 70000))}}),
             Refused("49152 at most"));
  CHECK_THAT(asked.annotate(asked.bob, {"--overwrite", "curfew.dev/approve=ok"}), Succeeds());
  CHECK_FALSE(asked.stored()["metadata"]["annotations"].contains("curfew.dev/approve"));
  CHECK_THAT(asked.annotate(asked.bob, {"curfew.dev/revoke=enough"}), Succeeds());
  CHECK(asked.decisions().size() == 2);
  CHECK_THAT(patch(asked, asked.alice,
                   {{"labels", {{"l0", nullptr}}},
                    {"annotations", {{"a", repeated("x", 50000)}}},
                    {"finalizers", finalizers(10)}}),
             Succeeds());
  CHECK_THAT(patch_as(asked, "system:serviceaccount:kube-system:generic-garbage-collector",
                      {{"finalizers", nullptr}}),
             Succeeds());
}

TEST_CASE("nobody fills the managed fields of a request", "[guard]") {
  Asked asked;
  const auto name = GENERATE("alice", "bob");
  const Person who = asked.cluster.as(name);
  INFO(name);
  CHECK_THAT(patch(asked, who, {{"managedFields", managed(repeated("x", 1000000))}}),
             Refused("bytes: 49152 at most"));
  CHECK_THAT(patch(asked, who, {{"managedFields", managed(repeated("<", 10000))}}),
             Refused("bytes: 49152 at most"));
  Json wide = managed("x");
  for (int i = 0; i < 100000; ++i) wide[0]["fieldsV1"]["f:" + std::to_string(i)] = Json::object();
  CHECK_THAT(patch(asked, who, {{"managedFields", wide}}), Refused("bytes: 49152 at most"));
}

TEST_CASE("managed fields that JSON makes longer keep nobody from deciding", "[guard]") {
  Asked asked;
  const Json padded{{"managedFields", managed(repeated("<", 8150))}};  // as many as fit
  CHECK_THAT(
      patch(asked, asked.dave, padded),
      Refused(
          "more than 16 entries or 24576 bytes in metadata.managedFields of a request are for its requester and for decisions only"));
  REQUIRE_THAT(patch(asked, asked.alice, {{"finalizers", {"example.com/hold"}}}), Succeeds());
  REQUIRE_THAT(patch(asked, asked.alice, padded), Succeeds());
  asked.set_status({{"phase", "Active"}, {"complete", false}});
  CHECK_THAT(asked.annotate(asked.bob, {"--field-manager=" + repeated("b", 128), "curfew.dev/revoke=enough"}),
             Succeeds());
  CHECK_THAT(
      asked.annotate(asked.carol, {"--field-manager=" + repeated("c", 128), "curfew.dev/revoke=enough"}),
      Succeeds());
  CHECK(asked.decisions().size() == 2);
  CHECK_THAT(patch_as(asked, "system:serviceaccount:kube-system:generic-garbage-collector",
                      {{"finalizers", nullptr}}),
             Succeeds());
}

TEST_CASE("nobody uses up the managers that the requester of a request may have", "[guard][namespaced]") {
  Asked asked;
  const auto foreign = [](int count) {
    Json list = Json::array();
    for (int i = 0; i < count; ++i) {
      list.push_back(managed("x")[0]);
      list.back()["manager"] = "foreign-" + std::to_string(i);
    }
    return Json{{"managedFields", list}};
  };
  const std::string sentence =
      "more than 16 entries or 24576 bytes in metadata.managedFields of a request are for its requester and for decisions only";
  for (const Person& stranger : {asked.bob, asked.dave, asked.admin})
    CHECK_THAT(patch(asked, stranger, foreign(32)), Refused(sentence));
  CHECK_THAT(patch(asked, asked.dave, {{"managedFields", managed(repeated("x", 25000))}}), Refused(sentence));
  // A command that adds nothing new is removed, but its manager stays.
  for (const char* manager : {"one", "another"})
    CHECK_THAT(
        asked.annotate(asked.bob, {std::string("--field-manager=") + manager, "curfew.dev/approve=ok"}),
        Succeeds());
  CHECK(asked.decisions().size() == 1);

  REQUIRE_THAT(patch(asked, asked.alice, {{"finalizers", {"example.com/hold"}}}), Succeeds());
  REQUIRE_THAT(patch(asked, asked.alice, foreign(32)), Succeeds());
  CHECK_THAT(patch(asked, asked.admin, {{"finalizers", nullptr}}), Succeeds());
  CHECK_THAT(apply_as_manager(asked, asked.alice, "mine"), Succeeds());
}

TEST_CASE("with any number of managers, decisions and the garbage collector have space",
          "[guard][namespaced]") {
  Asked asked;
  ProcessResult said;
  int count = 0;
  while (count < 60 && (said = apply_as_manager(asked, asked.alice, "m" + std::to_string(count))).ok())
    ++count;
  CHECK_THAT(
      said,
      Refused(
          "metadata.managedFields has 49 entries: 32 at most; use a field manager that is there already"));
  CHECK_THAT(asked.annotate(asked.bob, {"--field-manager=" + repeated("b", 128), "curfew.dev/approve=ok"}),
             Succeeds());
  CHECK_THAT(asked.annotate(asked.bob, {"--field-manager=" + repeated("c", 128), "curfew.dev/revoke=enough"}),
             Succeeds());
  CHECK_THAT(asked.annotate(asked.alice, {"--field-manager=" + repeated("d", 128), "curfew.dev/revoke=done"}),
             Succeeds());
  CHECK(asked.decisions().size() == 3);
  CHECK_THAT(patch_as(asked, "system:serviceaccount:kube-system:generic-garbage-collector",
                      {{"labels", {{"by", "the-system"}}}}),
             Succeeds());
}
