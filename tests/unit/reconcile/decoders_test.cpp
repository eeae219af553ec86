#include "reconcile/decoders.hpp"

#include <nlohmann/json.hpp>

#include "api/codec.hpp"
#include "core/decide/binding.hpp"
#include "core/policy/role_rules.hpp"
#include "unit/reconcile/reconcile_test.hpp"

using Json = nlohmann::json;

namespace {

// Metadata filled to make Curfew run out of memory.
Json padded(Json object) {
  for (int i = 0; i < 100; ++i) {
    object["metadata"]["labels"]["label-" + std::to_string(i)] = std::string(63, 'v');
    object["metadata"]["annotations"]["annotation-" + std::to_string(i)] = std::string(1000, 'v');
    object["metadata"]["finalizers"].push_back("example.com/" + std::to_string(i));
    object["metadata"]["ownerReferences"].push_back(
        {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "c"}, {"uid", std::to_string(i)}});
  }
  return object;
}

bool is_bare(const api::ObjectMeta& meta) {
  return meta.labels.empty() && meta.annotations.empty() && meta.finalizers.empty() &&
         meta.owner_references.empty();
}

}  // namespace

TEST_CASE("of a role only what it allows is kept, as a hash and as powers that outlive a grant") {
  const Json rules = Json::parse(R"([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}])");
  const auto role = reconcile::decode_role(
      padded({{"metadata", {{"name", "r"}, {"namespace", "n"}, {"uid", "u"}, {"resourceVersion", "7"}}},
              {"rules", rules}}));
  REQUIRE(role);
  CHECK(role->metadata.key() == api::ObjectKey{"n", "r"});
  CHECK(role->metadata.resource_version == "7");
  const api::PolicyRule rule{.api_groups = {""},
                             .resources = {"secrets"},
                             .verbs = {"create"},
                             .resource_names = {},
                             .non_resource_urls = {}};
  CHECK(role->facts().uid == "u");
  CHECK(role->facts().rules_hash == core::rules_hash(std::vector{rule}));
  CHECK_FALSE(role->facts().is_aggregated);
  CHECK(role->outliving_powers == std::vector<InternedString>{"create secrets"});
  const auto aggregated =
      reconcile::decode_cluster_role({{"metadata", {{"name", "view"}}}, {"aggregationRule", Json::object()}});
  REQUIRE(aggregated);
  CHECK(aggregated->facts().is_aggregated);
}

TEST_CASE("a role that is not one is an error, as in the full decoder") {
  CHECK_FALSE(reconcile::decode_role({{"metadata", {{"name", "r"}}}, {"rules", "many"}}));
  CHECK_FALSE(reconcile::decode_cluster_role("view"));
}

TEST_CASE("of a request and a policy nothing is kept of what others may write into their metadata") {
  const auto request = reconcile::decode_request(padded(api::encode(request_in(api::Phase::Active))));
  REQUIRE(request);
  CHECK(is_bare(request->metadata));
  CHECK(request->spec.policy == "payments-debug");
  const auto policy = reconcile::decode_policy(
      padded({{"metadata", {{"name", "p"}, {"uid", "u"}}}, {"spec", Json::object()}}));
  REQUIRE(policy);
  CHECK(is_bare(policy->metadata));
  CHECK(policy->metadata.uid == "u");
}

TEST_CASE("of a namespace its labels are kept, which policies select by") {
  const auto ns = reconcile::decode_namespace(
      padded({{"metadata", {{"name", "payments"}, {"labels", {{"team", "a"}}}}}}));
  REQUIRE(ns);
  CHECK(ns->metadata.labels.at("team") == "a");
  CHECK(ns->metadata.annotations.empty());
}

TEST_CASE("of a binding as much is kept as tells whether it is what was granted") {
  const auto granted = binding("2026-11-24T21:00:00Z");
  Json json = padded(api::encode(granted));
  const auto kept = reconcile::decode_binding(json);
  REQUIRE(kept);
  CHECK(kept->metadata.labels == granted.metadata.labels);
  CHECK(kept->metadata.annotations == granted.metadata.annotations);
  CHECK(kept->metadata.owner_references == granted.metadata.owner_references);
  CHECK(kept->metadata.finalizers.size() == 1);  // enough to show that a finalizer holds it
  CHECK(kept->subjects == granted.subjects);
  SECTION("more than one subject") {
    for (int i = 0; i < 100; ++i)
      json["subjects"].push_back({{"kind", "User"}, {"name", "u" + std::to_string(i)}});
    CHECK(reconcile::decode_binding(json)->subjects.size() == 2);
  }
  SECTION("an end that is a novel") {
    json["metadata"]["annotations"][std::string(api::kExpiresAtAnnotation)] =
        "2026-11-24T21:00:00Z" + std::string(100'000, ' ');
    const auto unreadable = reconcile::decode_binding(json);
    CHECK_FALSE(api::stated_end(*unreadable));
    CHECK(unreadable->metadata.annotations.at(std::string(api::kExpiresAtAnnotation)).size() <= 1024);
  }
  SECTION("nobody's label") {
    json["metadata"]["labels"].erase(std::string(api::kRequestUidLabel));
    CHECK(reconcile::decode_binding(json)->metadata.owner_references.empty());
  }
}
