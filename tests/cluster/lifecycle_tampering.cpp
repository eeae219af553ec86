#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <functional>
#include <list>

#include "unguarded.hpp"

// Someone who has removed the admission policies writes what they would refuse: Curfew notices it at once,
// ends the access and records it. Nothing is granted all the while, because the guard differs from the
// shipped one.
using namespace curfew::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Case {
  std::string name;
  std::function<void(const Unguarded&, const Request&)> tamper;
  std::string said;  // expected in the record
};

const std::vector<Case>& changes() {
  const auto change = [](Json patch) {
    return [patch](const Unguarded& u, const Request& request) { u.patch(request, patch); };
  };
  static const std::vector<Case> all{
      {"subjects", change({{"subjects", {subject("alice"), subject("dave")}}}),
       "is not for User alice alone"},
      {"later", change(annotated("expires-at", "2099-01-01T00:00:00Z")),
       "says that it ends at 2099-01-01T00:00:00Z, not at "},
      {"unreadable", change(annotated("expires-at", "tomorrow")), "which is not a time"},
      {"endless", change(annotated("expires-at", nullptr)), "which is not a time"},
      {"for-another", change(annotated("request", "somewhere/else")), "curfew.dev/request"},
      {"unlabelled", change(labelled(nullptr)), "does not carry this request's label"},
      {"relabelled", change(labelled("5a0e0000-0000-4000-8000-000000000001")),
       "does not carry this request's label"},
      {"unowned", change({{"metadata", {{"ownerReferences", nullptr}}}}), "is not owned by this request"},
  };
  return all;
}

// The time from the API server's acceptance of the change until the binding was gone.
milliseconds noticed_after(const Scene& scene, const Request& request, curfew::TimePoint changed) {
  curfew::TimePoint gone{};
  for (const Json& call : calls_of_curfew(scene.cluster, changed - seconds(20), request.binding_name())) {
    if (call["verb"] == "delete" && call["responseStatus"].value("code", 0) == 200)
      gone = time_of(call["stageTimestamp"]);
  }
  REQUIRE(gone > curfew::TimePoint{});
  return std::chrono::floor<milliseconds>(gone - changed);
}

// One after the other, while the guard is lifted.
void change_each(const Unguarded& u, const std::list<Request>& requests) {
  milliseconds worst{};
  auto request = requests.begin();
  for (const Case& one : changes()) {
    INFO(one.name);
    one.tamper(u, *request);
    const auto changed = now();
    request->await_no_binding(seconds(5));
    request->await("Revoked", seconds(5));
    worst = std::max(worst, noticed_after(u.scene, *request, changed));
    CHECK(request->condition("Granted")["reason"] == "BindingChanged");
    CHECK_THAT(request->await_record("Tampered")["message"].get<std::string>(), ContainsSubstring(one.said));
    CHECK(request->recorded() == Texts{"Requested", "Granted", "Tampered", "Revoked"});
    CHECK_FALSE(u.scene.can_list_pods(u.scene.dave));
    ++request;
  }
  WARN("gone " << worst.count() << " ms after the change was answered, at most");
  CHECK(worst < seconds(1));
}

void make_again_and_see_it_go(const Unguarded& u, const Request& request, const Json& change) {
  INFO(request.name());
  const Json granted = request.binding().value();
  REQUIRE_THAT(u.remove(request), Succeeds());
  u.make_again(request, granted, change);
  request.await_no_binding(seconds(3));
  request.await("Revoked", seconds(5));
  request.await_record("Tampered", seconds(5));
  const Texts recorded = request.recorded();
  CHECK(recorded.size() == 4);
  for (const char* action : {"Tampered", "Revoked"}) CHECK(std::ranges::count(recorded, action) == 1);
  CHECK_FALSE(request.binding().has_value());
}

// Recreates the binding of a request that has ended.
void make_after_the_end(const Unguarded& u, const Request& ended, const Json& granted) {
  u.make_again(ended, granted);
  ended.await_no_binding(seconds(5));
  CHECK_THAT(ended.await_record("Tampered")["message"].get<std::string>(),
             ContainsSubstring("after this request had ended"));
  CHECK(ended.text("phase") == "Revoked");
}

// Creates the binding of a request that has not been granted yet.
void make_before_the_grant(const Unguarded& u, const Request& scheduled, const Json& granted) {
  u.make_again(scheduled, as_if_of(scheduled, granted));
  scheduled.await_no_binding(seconds(5));
  CHECK_THAT(scheduled.await_record("Tampered")["message"].get<std::string>(),
             ContainsSubstring("no AuditRecord says that it was granted"));
  CHECK(scheduled.recorded() == Texts{"Requested", "Tampered"});
}

// A binding of another owner with our label, with the UID of that request or of none: Curfew must not delete
// it.
void make_foreign(const Unguarded& u, const std::string& name, const std::string& request_uid) {
  const Json binding{
      {"apiVersion", "rbac.authorization.k8s.io/v1"},
      {"kind", "RoleBinding"},
      {"metadata",
       {{"name", name},
        {"namespace", u.scene.space.name()},
        {"labels", {{"curfew.dev/request-uid", request_uid}}}}},
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "view"}}},
      {"subjects", {subject("mallory")}}};
  once_unguarded(u.scene.admin, {"create", "-f", "-"}, binding.dump());
  const auto recorded = [&] {
    const Json list =
        u.scene.admin.get({"auditrecords", "--field-selector", "request.namespace=" + u.scene.space.name()});
    return std::ranges::count_if(list["items"], [&](const Json& record) {
      return record["action"] == "Tampered" &&
             record.value("binding", Json::object()).value("name", "") == name;
    });
  };
  CHECK(eventually(seconds(4), [&] { return recorded() == 1; }));
  CHECK(u.controller.has_said(
      "unmanaged binding ignored: label curfew.dev/request-uid without the matching name"));
  CHECK(u.scene.admin.get(u.scene.space.binding(name))["subjects"] == binding["subjects"]);
}

// A binding forged as the grant of the request with that UID, which never had one: it is ended at once and
// reported once. If it has an owner, the garbage collector may be the first to delete it.
void make_look_alike(const Unguarded& u, const Json& granted, const std::string& uid, bool is_owned) {
  INFO(uid << (is_owned ? ", owned" : ""));
  const std::string name = "curfew-" + uid;
  Json binding = granted;
  for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields"})
    binding["metadata"].erase(field);
  if (is_owned)
    binding["metadata"]["ownerReferences"][0].update({{"name", "ghost"}, {"uid", uid}});
  else
    binding["metadata"].erase("ownerReferences");
  binding["metadata"]["name"] = name;
  binding["subjects"] = Json::array({subject("dave")});
  binding.merge_patch(labelled(uid));
  once_unguarded(u.scene.admin, {"create", "-f", "-"}, binding.dump());
  const auto is_there = [&] { return u.scene.admin.kubectl(u.scene.space.on_binding("get", name)).ok(); };
  const auto records = [&] {
    std::vector<Json> found;
    const Json list = u.scene.admin.get({"auditrecords"});
    for (const Json& record : list["items"])
      if (record["action"] == "Tampered" &&
          record["message"].get<std::string>().find(u.scene.space.name() + "/" + name) != std::string::npos)
        found.push_back(record);
    return found;
  };
  const bool is_recorded = eventually(seconds(4), [&] { return records().size() == 1; });
  CHECK(eventually(seconds(2), [&] { return !is_there(); }));
  CHECK_FALSE(u.scene.can_list_pods(u.scene.dave));
  if (is_owned && !is_recorded)
    return;  // the garbage collector was the first, milliseconds after its creation
  REQUIRE(records().size() == 1);
  CHECK_THAT(
      records().front()["message"].get<std::string>(),
      ContainsSubstring(
          "was made by somebody: no AuditRecord says that access was granted to an AccessRequest with the UID " +
          uid));
  CHECK_FALSE(u.scene.admin.kubectl({"get", "auditrecord", uid + "-ended"}).ok());
}

// A waiting request in its own namespace.
struct Elsewhere {
  const Scene& scene;
  TestNamespace space{scene.cluster};

  explicit Elsewhere(const Scene& in) : scene(in) {
    REQUIRE_THAT(scene.alice.apply(space.request(
                     "waits", "{policy: " + space.policy(one_of_sre()) + ", duration: 10m, reason: INC-1}")),
                 Succeeds());
    REQUIRE(eventually(seconds(5), [&] { return waits(); }));
  }
  Json stored() const { return scene.admin.get(space.target("waits")); }
  bool waits() const { return stored().value("/status/phase"_json_pointer, "") == "Pending"; }
};

}  // namespace

TEST_CASE(
    "a binding that is changed, replaced or forged past the guard is gone within a second, and recorded as Tampered",
    "[replica][disruptive]") {
  const Unguarded u;
  std::list<Request> requests;
  for (const Case& one : changes()) requests.push_back(u.active(one.name));
  const Request untouched = u.active("untouched");
  const Request word_for_word = u.active("word-for-word");
  const Request other_role = u.active("other-role");
  const Request ended = u.active("ended");
  const Json granted = ended.binding().value();
  REQUIRE_THAT(ended.say(u.scene.alice, "revoke", "done"), Succeeds());
  ended.await("Revoked");
  const Request scheduled(
      u.scene, u.policy,
      "duration: 10m, startTime: \"" + curfew::format_rfc3339(now() + std::chrono::days(30)) + "\"",
      std::nullopt, "scheduled");
  scheduled.await("Scheduled");
  const Elsewhere elsewhere(u.scene);

  u.guard.remove("curfew-bindings");
  change_each(u, requests);
  make_again_and_see_it_go(u, word_for_word, Json::object());
  make_again_and_see_it_go(u, other_role, {{"roleRef", {{"name", "edit"}}}});
  make_after_the_end(u, ended, granted);
  make_before_the_grant(u, scheduled, granted);
  make_look_alike(u, granted, "5a0e0000-0000-4000-8000-000000000002", false);
  make_look_alike(u, granted, "5a0e0000-0000-4000-8000-000000000003", true);
  make_look_alike(u, granted, elsewhere.stored()["metadata"]["uid"], true);
  CHECK(elsewhere.waits());
  make_foreign(u, "looks-managed", untouched.uid());
  make_foreign(u, "looks-managed-too", "5a0e0000-0000-4000-8000-000000000001");
  CHECK(untouched.text("phase") == "Active");
  CHECK(untouched.binding().has_value());
}
