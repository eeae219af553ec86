#include "kube/request.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "api/access_request.hpp"
#include "api/rbac.hpp"

using namespace curfew;
using namespace curfew::kube;
using http::Method;

namespace {

const Resource kRequests = resource_of<api::AccessRequest>();
const api::ObjectKey kKey{"payments", "fix-1"};
const std::string kBase = "/apis/curfew.dev/v1alpha1/namespaces/payments/accessrequests";

}  // namespace

TEST_CASE("names cannot leave their place in the path") {
  CHECK(get_request(kRequests, {"a/b", "../x?y"}).target ==
        "/apis/curfew.dev/v1alpha1/namespaces/a%2Fb/accessrequests/..%2Fx%3Fy");
}

TEST_CASE("lists carry selectors, limit and continue") {
  CHECK(list_request(resource_of<api::Namespace>(), {}, {}).target == "/api/v1/namespaces?limit=500");
  CHECK(list_request(kRequests,
                     {.ns = "payments", .labels = "a=b,c in (d)", .fields = "status.complete!=true"},
                     {.limit = 0})
            .target ==
        kBase + "?labelSelector=a%3Db%2Cc%20in%20%28d%29&fieldSelector=status.complete%21%3Dtrue");
  CHECK(list_request(kRequests, {}, {.limit = 10, .resource_version = "0"}).target ==
        "/apis/curfew.dev/v1alpha1/accessrequests?limit=10&resourceVersion=0");
  // The API server refuses a resourceVersion beside a continue token.
  CHECK(list_request(kRequests, {}, {.continue_token = "a=", .resource_version = "7"}).target ==
        "/apis/curfew.dev/v1alpha1/accessrequests?limit=500&continue=a%3D");
}

TEST_CASE("watches ask for bookmarks and say when they end") {
  const auto request = watch_request(kRequests, {.fields = "status.complete!=true"},
                                     {.resource_version = "12", .timeout = std::chrono::seconds(290)});
  CHECK(request.method == Method::Get);
  CHECK(
      request.target ==
      "/apis/curfew.dev/v1alpha1/accessrequests?watch=true&fieldSelector=status.complete%21%3Dtrue&resourceVersion=12&allowWatchBookmarks=true&timeoutSeconds=290");
}

TEST_CASE("writes say who they are") {
  const auto created = create_request(kRequests, "payments", {{"a", 1}});
  CHECK(created.method == Method::Post);
  CHECK(created.target == kBase + "?fieldManager=curfew");
  CHECK(created.content_type == "application/json");
  CHECK(created.body == R"({"a":1})");
  CHECK(update_request(kRequests, kKey, {}).method == Method::Put);
  CHECK(update_request(kRequests, kKey, {}).target == kBase + "/fix-1?fieldManager=curfew");
  const auto patched = merge_patch_request(kRequests, kKey, {{"a", nullptr}});
  CHECK(patched.method == Method::Patch);
  CHECK(patched.target == kBase + "/fix-1?fieldManager=curfew");
  CHECK(patched.content_type == "application/merge-patch+json");
  CHECK(patched.body == R"({"a":null})");
  CHECK(status_patch_request(kRequests, kKey, {}).target == kBase + "/fix-1/status?fieldManager=curfew");
}

TEST_CASE("a deletion is for one uid only, dependents in the background") {
  const auto request = delete_request(kRequests, kKey, "u-1");
  CHECK(request.method == Method::Delete);
  CHECK(request.target == kBase + "/fix-1");
  const auto body = nlohmann::json::parse(request.body);
  CHECK(body["preconditions"]["uid"] == "u-1");
  CHECK(body["propagationPolicy"] == "Background");
}

TEST_CASE("text that is not UTF-8 is replaced, not thrown over") {
  CHECK(create_request(kRequests, "n", {{"a", "b\xff"}}).body == "{\"a\":\"b\xEF\xBF\xBD\"}");
}
