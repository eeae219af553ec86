#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "guard.hpp"
#include "support/yaml.hpp"

// What the API server says at once of a request that extends another: policies curfew-extensions and
// curfew-cluster-extensions, and curfew-eligibility of the AccessPolicy.
using namespace curfew::test;
using std::chrono::seconds;

namespace {

std::string developers_ask(const std::string& duration) {
  return "{requesters: [{kind: Group, name: developers}], roles: [{kind: ClusterRole, name: view}, {kind: ClusterRole, name: edit}], "
         "subjects: [{kind: User, name: dave}], namespaces: {selector: {}}, duration: " +
         duration + ", approval: {required: 0}}";
}

// The object of `yaml`, with this metadata besides.
std::string with_metadata(const std::string& yaml, const Json& metadata) {
  Json object = to_json(YAML::Load(yaml));
  object["metadata"].update(metadata);
  return object.dump();
}

// alice's request `ask`, Active until an hour before it is as long as extensions may make it.
struct Extended : Asked {
  explicit Extended(const std::string& duration = "{max: 1h, maxTotal: 4h}")
      : Asked(developers_ask(duration), kSettled) {
    become({{"phase", "Active"}});
  }

  std::string kind() const { return is_cluster_wide() ? "ClusterAccessRequest" : "AccessRequest"; }
  std::string named(const std::string& name = "ask") const { return space.request_name(name); }
  // The request as the messages name it.
  std::string ask() const { return kind() + " " + named(); }

  void become(const Json& status) const {
    Json whole{{"phase", "Active"},
               {"complete", false},
               {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
               {"subject", {{"kind", "User"}, {"name", "alice"}}},
               {"expiresAt", "2099-01-01T00:00:00Z"},
               {"extendableUntil", "2099-01-01T01:00:00Z"}};
    whole.merge_patch(status);
    set_status(whole);
  }

  // An extension, as YAML.
  std::string extension(const Json& more) const {
    Json spec{
        {"policy", policy}, {"extends", named()}, {"role", {{"kind", "ClusterRole"}, {"name", "view"}}}};
    spec.merge_patch(more);
    return space.request("more", spec.dump());
  }
  // Asks for it, without making it.
  ProcessResult extend(const Json& more) const { return extend(alice, more); }
  ProcessResult extend(const Person& who, const Json& more) const {
    return who.kubectl({"create", "--dry-run=server", "-f", "-"}, extension(more));
  }
  // The API server's copy of what an extension names follows a moment later.
  bool is_refused_soon(const Json& more, const std::string& sentence) const {
    return eventually(seconds(5), [&] {
      const ProcessResult said = extend(more);
      return said.exit_code != 0 && said.err.find(sentence) != std::string::npos;
    });
  }
  bool is_accepted_soon() const {
    return eventually(seconds(5), [&] { return extend(Json::object()).exit_code == 0; });
  }
};

// alice's access in two namespaces, by one request.
struct ExtendedInSeveral : Extended {
  std::string several = space.name() + "-several";

  ExtendedInSeveral() {
    REQUIRE_THAT(alice.apply(request(several, {{"namespaces", {"shop", "stock"}}})), Succeeds());
    const Json active{{"status", {{"phase", "Active"}, {"complete", false}}}};
    REQUIRE_THAT(curfew.kubectl({"patch", "clusteraccessrequest", several, "--subresource", "status",
                                 "--type", "merge", "--patch", active.dump()}),
                 Succeeds());
  }
  ~ExtendedInSeveral() {
    admin.kubectl({"delete", "clusteraccessrequest", several, "--wait=false", "--ignore-not-found"});
  }
  ExtendedInSeveral(const ExtendedInSeveral&) = delete;
  ExtendedInSeveral& operator=(const ExtendedInSeveral&) = delete;

  std::string request(const std::string& name, Json spec) const {
    spec.update({{"policy", policy}, {"role", {{"kind", "ClusterRole"}, {"name", "view"}}}});
    return Json{{"apiVersion", "curfew.dev/v1alpha1"},
                {"kind", "ClusterAccessRequest"},
                {"metadata", {{"name", name}}},
                {"spec", spec}}
        .dump();
  }
  ProcessResult extend_in(const Json& namespaces) const {
    return alice.kubectl({"create", "--dry-run=server", "-f", "-"},
                         request(several + "-2", {{"extends", several}, {"namespaces", namespaces}}));
  }
};

}  // namespace

TEST_CASE("an extension of one's own active access is accepted", "[guard]") {
  const Extended e;
  CHECK(e.is_accepted_soon());
  CHECK_THAT(e.extend({{"role", nullptr}, {"subject", {{"kind", "User"}, {"name", "alice"}}}}),
             Refused("spec.role is missing"));
  CHECK_THAT(e.extend({{"subject", {{"kind", "User"}, {"name", "alice"}}}}), Succeeds());
}

TEST_CASE("an extension is refused at once, by one sentence, where what it extends is not the same",
          "[guard]") {
  const Extended e;
  REQUIRE(e.is_accepted_soon());
  struct Case {
    Json spec;
    std::string sentence;
  };
  const std::string other = const_cast<Extended&>(e).space.policy(developers_ask("{max: 1h, maxTotal: 4h}"));
  for (const auto& [spec, sentence] : std::vector<Case>{
           {{{"role", {{"kind", "ClusterRole"}, {"name", "edit"}}}},
            e.ask() + " is for ClusterRole view, not ClusterRole edit: an extension is for the same role"},
           {{{"subject", {{"kind", "User"}, {"name", "dave"}}}},
            e.ask() + " gives access to alice, not dave: an extension is for the same subject"},
           {{{"policy", other}}, ": an extension is under the same"},
           {{{"startTime", "2026-11-24T20:00:00Z"}},
            "extends and startTime exclude each other: an extension begins when it is decided"},
           {{{"extends", "Ask"}},
            "\"Ask\" is not the name of " + std::string(is_cluster_wide() ? "a " : "an ") + e.kind()},
           {{{"extends", e.named("more")}}, "spec.extends names this request itself"}}) {
    INFO(spec.dump());
    const ProcessResult said = e.extend(spec);
    INFO(said.err);
    CHECK_THAT(said, Refused(sentence));
    CHECK(said.err.find('\n') == said.err.size() - 1);
  }
  const Person erin = e.cluster.somebody("erin", {"developers"});
  CHECK_THAT(e.extend(erin, Json::object()),
             Refused(e.ask() + " was asked for by somebody else: only who asked for it extends it"));
}

TEST_CASE("an extension is refused at once where what it extends gives no access or lasts long enough",
          "[guard]") {
  const Extended e;
  REQUIRE(e.is_accepted_soon());
  e.become({{"phase", "Pending"}});
  CHECK(e.is_refused_soon(Json::object(),
                          e.ask() + " is Pending and gives no access yet: extend it once it is Active"));
  e.become({{"phase", "Scheduled"}});
  CHECK(e.is_refused_soon(Json::object(), e.ask() + " is Scheduled and gives no access yet"));
  e.become({{"expiresAt", "2099-01-01T01:00:00Z"}});
  CHECK(e.is_refused_soon(
      Json::object(), e.ask() +
                          " lasts until 2099-01-01T01:00:00Z already: beyond maxTotal, which AccessPolicy " +
                          e.policy + " allows until 2099-01-01T01:00:00Z"));
  e.become({{"phase", "Revoked"}, {"complete", true}});
  CHECK(e.is_refused_soon(Json::object(), e.ask() + " is over (Revoked): ask for access anew"));
}

TEST_CASE("a policy without maxTotal has no extensions", "[guard]") {
  const Extended e("{max: 1h}");
  CHECK(e.is_refused_soon(Json::object(), "AccessPolicy " + e.policy +
                                              " allows no extensions: it has no spec.duration.maxTotal"));
}

TEST_CASE("a request that extends nothing is compared with none", "[guard]") {
  const Extended e;
  e.become({{"phase", "Revoked"}, {"complete", true}});
  CHECK_THAT(e.extend({{"extends", nullptr}}), Succeeds());
}

// Comparing every request with all of its namespace would make each the slower the more there are.
TEST_CASE("the API server labels extensions, and compares no other request", "[guard]") {
  const Extended e;
  const auto labels = [&](const Json& more, const Json& metadata = Json::object()) {
    const ProcessResult made = e.alice.kubectl({"create", "--dry-run=server", "-o", "json", "-f", "-"},
                                               with_metadata(e.extension(more), metadata));
    REQUIRE_THAT(made, Succeeds());
    return Json::parse(made.out)["metadata"].value("labels", Json::object());
  };
  REQUIRE(e.is_accepted_soon());
  CHECK(labels(Json::object()) == Json{{"curfew.dev/extends", "true"}});
  CHECK(labels(Json::object(), {{"labels", {{"team", "a"}}}}) ==
        Json{{"curfew.dev/extends", "true"}, {"team", "a"}});
  CHECK(labels({{"extends", nullptr}}).empty());
}

TEST_CASE("a request of another namespace is not extended", "[guard][namespaced]") {
  const Extended e;
  const TestNamespace elsewhere(e.cluster);
  // There is none of that name there: Curfew rejects it.
  const Json spec{
      {"policy", e.policy}, {"extends", "ask"}, {"role", {{"kind", "ClusterRole"}, {"name", "edit"}}}};
  CHECK_THAT(
      e.alice.kubectl({"create", "--dry-run=server", "-f", "-"}, elsewhere.request("more", spec.dump())),
      Succeeds());
}

TEST_CASE("an extension for other namespaces is refused at once, by one sentence", "[guard][namespaced]") {
  const ExtendedInSeveral e;
  REQUIRE(eventually(seconds(5), [&] { return e.extend_in({"stock", "shop"}).ok(); }));
  struct Case {
    Json namespaces;
    std::string others;
  };
  for (const auto& [namespaces, others] :
       std::vector<Case>{{{"shop"}, "shop"},
                         {{"shop", "payments"}, "shop, payments"},
                         {{"stock", "shop", "payments"}, "stock, shop, payments"}}) {
    const ProcessResult said = e.extend_in(namespaces);
    CHECK_THAT(said, Refused("ClusterAccessRequest " + e.several + " gives access in shop, stock, not in " +
                             others + ": an extension is for the same namespaces"));
    CHECK(said.err.find('\n') == said.err.size() - 1);
  }
}
