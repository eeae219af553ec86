#include <algorithm>

#include "core/check/check.hpp"
#include "core/decide/binding.hpp"
#include "core/decide/decide.hpp"
#include "core_test.hpp"

// Requests for several namespaces: one decision, a binding in each, all or none.

namespace {

const std::vector<std::string> kPlaces{"payments", "shop", "stock"};
constexpr TimePoint kWideEnd = kNow + 30min;

// alice's access in three namespaces, until kWideEnd.
class Wide {
 public:
  std::vector<Place> places;
  Situation s;

  Wide() {
    s.request.metadata.ns.clear();
    s.request.spec.namespaces = kPlaces;
    s.policy->spec.namespaces.names = kPlaces;
    s.request.status = active();
    s.observed_decisions = 0;
    for (const std::string& where : kPlaces) places.push_back(bound(where));
  }

  Place& at(const std::string& where) { return *std::ranges::find(places, where, &Place::where); }
  void lose(const std::string& where, std::optional<TimePoint> when = {}) {
    at(where).gone_binding = at(where).binding;
    at(where).binding.reset();
    at(where).binding_gone_at = when.value_or(s.now);
  }
  Input input() const {
    Input in = s.input();
    std::vector<Place> rest = places;
    const auto at_hand =
        std::ranges::find_if(rest, [](const Place& place) { return place.binding != nullptr; });
    const auto chosen = at_hand == rest.end() ? rest.begin() : at_hand;
    static_cast<Place&>(in) = *chosen;
    rest.erase(chosen);
    in.others = rest;
    return in;
  }
  Decision decided() const { return decide(input()); }

  api::RoleBinding binding_in(const std::string& where, TimePoint end = kWideEnd) const {
    api::RoleBinding made = binding_for(
        s.request, grant_of(s.request, s.request.status, {.granted_at = kNow, .expires_at = end}), where);
    made.metadata.uid = "binding-in-" + where;
    made.metadata.creation_timestamp = kNow;
    return made;
  }

 private:
  // An Active status, as the steps up to the grant leave it.
  static api::AccessRequestStatus active() {
    api::AccessRequestStatus status;
    status.phase = Phase::Active;
    status.policy = api::PolicyRef{.name = "payments-debug", .uid = "policy-uid", .generation = 3};
    status.subject = user("alice");
    status.role_ref = cluster_role("view");
    status.role_uid = "role-uid";
    status.role_rules_hash = "sha256:as-asked";
    status.duration = "30m";
    status.granted_at = kNow;
    status.expires_at = kWideEnd;
    status.binding_name = "curfew-uid-1";
    return status;
  }
  Place bound(const std::string& where) const {
    Place place;
    place.where = where;
    place.ns = std::make_shared<const api::Namespace>();
    place.binding = std::make_shared<const api::RoleBinding>(binding_in(where));
    place.granted_binding_uid = place.binding_uid = place.binding->metadata.uid;
    return place;
  }
};

std::vector<std::string> deleted_in(const Decision& decision) {
  std::vector<std::string> places;
  for (const Action& action : decision.actions) {
    if (const auto* deletion = std::get_if<DeleteBinding>(&action)) places.push_back(deletion->binding.ns);
  }
  return places;
}

const api::AccessRequestStatus* status_in(const Decision& decision) {
  for (const Action& action : decision.actions) {
    if (const auto* update = std::get_if<UpdateStatus>(&action)) return &update->status;
  }
  return nullptr;
}

bool records(const Decision& decision, AuditAction wanted) {
  return std::ranges::any_of(decision.actions, [&](const Action& action) {
    const auto* write = std::get_if<WriteRecord>(&action);
    return write != nullptr && write->record.action == wanted;
  });
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("access in several namespaces is described by all of them") {
  const Wide w;
  CHECK(describe(scope_of(w.s.request)) == "in payments, shop and stock");
  CHECK(deleted_in(w.decided()).empty());
}

TEST_CASE("what ends access in several namespaces deletes each binding") {
  Wide w;
  SECTION("a revocation") {
    w.s.by(revoke(person("alice")));
  }
  SECTION("its time") {
    w.s.now = kWideEnd;
  }
  SECTION("its policy") {
    w.s.policy->spec.suspend = true;
  }
  SECTION("a change of one of them") {
    api::RoleBinding changed = w.binding_in("shop");
    changed.subjects = {user("mallory")};
    changed.metadata.uid = "binding-in-shop";
    w.at("shop").binding = std::make_shared<const api::RoleBinding>(changed);
    CHECK(records(w.decided(), AuditAction::Tampered));
    CHECK(status_in(w.decided())
              ->ending->message.str()
              .starts_with("in namespace shop, RoleBinding curfew-uid-1"));
  }
  SECTION("one that is made again by somebody") {
    w.at("shop").granted_binding_uid = "the-one-that-was-made";
    CHECK(records(w.decided(), AuditAction::Tampered));
  }
  CHECK(deleted_in(w.decided()) == kPlaces);
}

TEST_CASE("a binding that somebody removed ends the access in the other namespaces") {
  Wide w;
  w.lose("shop");
  CHECK(deleted_in(w.decided()) == Names{"payments", "stock"});
  REQUIRE(status_in(w.decided()));
  CHECK(status_in(w.decided())->ending->reason == "BindingRemoved");
  CHECK(
      status_in(w.decided())->ending->message ==
      "RoleBinding curfew-uid-1 in namespace shop was removed by somebody before its end, which ended the access");
}

TEST_CASE("a binding that went at its end, or that Curfew deleted, accuses nobody") {
  Wide w;
  SECTION("a moment before its end") {
    w.s.now = kWideEnd - 300ms;
    w.lose("shop");
  }
  SECTION("deleted here") {
    w.lose("shop");
    w.at("shop").is_deleted_here = true;
  }
  SECTION("after an end was announced") {
    w.s.request.status.ending =
        api::StatusEnding{.reason = "PolicySuspended", .message = "suspended", .actor = {}, .time = kNow};
    w.lose("shop");
  }
  CHECK(deleted_in(w.decided()) == Names{"payments", "stock"});
  CHECK(status_in(w.decided()) == nullptr);
}

TEST_CASE("a namespace that is deleted ends its part of the access, and says so") {
  Wide w;
  w.lose("shop");
  w.at("shop").ns.reset();
  const Decision decision = w.decided();
  CHECK(deleted_in(decision).empty());
  CHECK(records(decision, AuditAction::Narrowed));
  REQUIRE(status_in(decision));
  CHECK(status_in(decision)->ended_namespaces == Names{"shop"});
  CHECK(status_in(decision)->message.str().starts_with(
      "namespace shop was deleted, which ended the access there; access until "));
  w.s.request.status = *status_in(decision);
  w.at("shop").has_ended = true;
  CHECK(w.decided().actions.empty());
  SECTION("made again, it stays without") {
    w.at("shop").ns = std::make_shared<const api::Namespace>();
    CHECK(w.decided().actions.empty());
  }
  SECTION("made again, with its binding") {  // after which no replica that watched it leads
    w.at("shop").binding = w.at("shop").gone_binding;
    w.at("shop").granted_binding_uid.clear();
    const Decision ended = w.decided();
    CHECK(deleted_in(ended).size() == 3);
    CHECK(records(ended, AuditAction::Tampered));
    REQUIRE(status_in(ended));
    CHECK(
        status_in(ended)->ending->message.str().ends_with("although access there ended with the namespace"));
  }
  SECTION("the last one ends all") {
    for (const char* where : {"payments", "stock"}) {
      w.lose(where);
      w.at(where).ns.reset();
    }
    const Decision ended = w.decided();
    REQUIRE(status_in(ended));
    CHECK(status_in(ended)->phase == Phase::Revoked);
    CHECK(status_in(ended)->ending->reason == "NamespaceDeleted");
  }
}

TEST_CASE("less time is taken from each binding") {
  Wide w;
  w.s.policy->spec.max_duration = w.s.policy->spec.default_duration = "10m";
  const Decision decision = w.decided();
  CHECK(std::ranges::count_if(decision.actions, [](const Action& action) {
          return std::holds_alternative<ShortenBinding>(action);
        }) == 3);
}

TEST_CASE("of a grant that a crash kept from being in all namespaces, what is there is taken back") {
  Wide w;
  w.s.request.status.phase = Phase::Pending;
  w.s.request.status.granted_at.reset();
  w.s.request.status.expires_at.reset();
  w.s.request.status.binding_name.clear();
  w.s.request.status.approvals = "0/0";
  w.s.policy->spec.approval.required = 0;
  w.s.is_unrecorded = true;
  for (Place& place : w.places) place.granted_binding_uid.clear();
  SECTION("some of them") {
    w.lose("stock");
    w.at("stock").gone_binding.reset();
    const Decision decision = w.decided();
    CHECK(deleted_in(decision) == Names{"payments", "shop"});
    CHECK_FALSE(records(decision, AuditAction::Tampered));
    CHECK_FALSE(records(decision, AuditAction::Granted));
  }
  SECTION("all of them: the grant is recorded") {
    CHECK(deleted_in(w.decided()).empty());
    CHECK(records(w.decided(), AuditAction::Granted));
  }
  SECTION("one that somebody forged") {
    w.lose("stock");
    w.at("stock").gone_binding.reset();
    api::RoleBinding forged = w.binding_in("shop");
    forged.subjects = {user("mallory")};
    w.at("shop").binding = std::make_shared<const api::RoleBinding>(forged);
    CHECK(deleted_in(w.decided()) == Names{"payments", "shop"});
    CHECK(records(w.decided(), AuditAction::Tampered));
  }
}

TEST_CASE("a request for several namespaces needs all of them, and a ClusterRole") {
  Wide w;
  w.s.request.status = {};
  for (Place& place : w.places) place = {.where = place.where, .ns = place.ns};
  const auto denied = [&] { return first_denial(grant_checks(), w.input()); };
  CHECK_FALSE(denied());
  SECTION("one that the policy does not cover") {
    w.s.policy->spec.namespaces.names = {"payments", "stock"};
    REQUIRE(denied());
    CHECK(denied()->message ==
          "AccessPolicy payments-debug does not cover namespace shop, only payments, stock");
  }
  SECTION("one that does not exist") {
    w.at("stock").ns.reset();
    REQUIRE(denied());
    CHECK(denied()->message == "namespace stock does not exist");
    REQUIRE(denied());
    CHECK(denied()->may_pass);
  }
  SECTION("one that is reserved") {
    w.s.request.spec.namespaces.back() = "kube-system";
    REQUIRE(denied());
    CHECK(denied()->reason == "NamespaceReserved");
  }
  SECTION("a Role") {
    w.s.policy->spec.roles = {{.kind = "Role", .name = "debugger"}};
    REQUIRE(denied());
    CHECK(denied()->message ==
          "Role debugger is another one in each namespace: a request for several gets a ClusterRole");
  }
  SECTION("a policy for the whole cluster") {
    w.s.policy->spec.scope = "Cluster";
    REQUIRE(denied());
    CHECK(denied()->reason == "ScopeNotAllowed");
    CHECK_THAT(denied()->message,
               Catch::Matchers::EndsWith("ask for it with a ClusterAccessRequest that names no namespaces"));
  }
}
