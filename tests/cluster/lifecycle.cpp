#include "lifecycle.hpp"

#include <algorithm>
#include <fstream>
#include <thread>

namespace curfew::test {
namespace {

std::string in_seconds(milliseconds time) {
  return "--timeout=" + std::to_string(time.count()) + "ms";
}

std::string find(const Json& object, const char* field) {
  return object.is_object() ? object.value(field, "") : "";
}

Json condition_of(const Json& status, const std::string& type) {
  const Json conditions = status.value("conditions", Json::array());
  const auto found = std::ranges::find_if(
      conditions, [&](const Json& condition) { return condition.value("type", "") == type; });
  return found == conditions.end() ? Json() : *found;
}

// One line a call: when it came and was answered, what it was, and the answer's code.
std::string described(const std::vector<Json>& calls) {
  std::string lines;
  for (const Json& call : calls) {
    lines += "\n  ";
    for (const char* field : {"requestReceivedTimestamp", "stageTimestamp", "verb", "requestURI"})
      lines += call.value(field, "") + " ";
    lines += std::to_string(call.value("/responseStatus/code"_json_pointer, 0));
  }
  return lines.empty() ? "none" : lines;
}

}  // namespace

void Scene::change(const std::string& policy, const Json& spec) const {
  const Json patch{{"spec", spec}};
  REQUIRE_THAT(admin.kubectl({"patch", "accesspolicy", policy, "--type", "merge", "--patch", patch.dump()}),
               Succeeds());
}

int Scene::managed_bindings() const {
  const ProcessResult names = admin.kubectl(
      is_cluster_wide()
          ? Texts{"get", "clusterrolebindings", "-l", "curfew.dev/request-uid", "-o", "name"}
          : Texts{"get", "rolebindings", "-n", space.name(), "-l", "curfew.dev/request-uid", "-o", "name"});
  return static_cast<int>(std::ranges::count(names.out, '\n'));
}

Json Scene::policy_condition(const std::string& policy, const std::string& type) const {
  return condition_of(admin.get({"accesspolicy", policy}).value("status", Json::object()), type);
}

Json Scene::await_policy(const std::string& policy, const std::string& type, const std::string& reason,
                         milliseconds patience) const {
  Json seen;
  const bool came =
      eventually(patience, [&] { return find(seen = policy_condition(policy, type), "reason") == reason; });
  INFO("waited for " << type << " of AccessPolicy " << policy << " to have the reason " << reason
                     << "; it is: " << seen.dump(1));
  REQUIRE(came);
  return seen;
}

std::string developers_may_view(const std::string& approval, const std::string& more) {
  std::string spec = "{requesters: [{kind: Group, name: developers}], approval: " + approval + ", " + more;
  if (more.find("roles:") == std::string::npos) spec += ", roles: [{kind: ClusterRole, name: view}]";
  if (more.find("namespaces:") == std::string::npos) spec += ", namespaces: {selector: {}}";
  if (more.find("duration:") == std::string::npos) spec += ", duration: {default: 10m, max: 1h}";
  return spec + "}";
}

std::string one_of_sre(const std::string& more) {
  return developers_may_view("{required: 1, approvers: [{kind: Group, name: sre}]}", more);
}

std::string automatic(const std::string& more) {
  return developers_may_view("{required: 0}", more);
}

Request::Request(const Scene& scene, const std::string& policy, const std::string& more,
                 const std::optional<Person>& who, std::string name)
    : scene_(scene), name_(std::move(name)) {
  const std::string spec = "{policy: " + policy + (more.empty() ? "" : ", " + more) + "}";
  const ProcessResult made =
      who.value_or(scene.alice)
          .kubectl({"create", "-o", "json", "-f", "-"}, scene.space.request(name_, spec));
  REQUIRE_THAT(made, Succeeds());
  uid_ = Json::parse(made.out).at("metadata").at("uid").get<std::string>();
}

TimePoint Request::time(const std::string& field) const {
  return time_of(status()[field]);
}

Json Request::condition(const std::string& type) const {
  return condition_of(status(), type);
}

void Request::await(const std::string& phase, milliseconds patience) const {
  scene_.admin.kubectl(
      scene_.space.on("wait", name_, {"--for=jsonpath={.status.phase}=" + phase, in_seconds(patience)}));
  const Json seen = status();
  if (seen.value("phase", "") == phase) return;
  INFO("status: " << seen.dump(1));
  INFO("calls of Curfew in its namespace: "
       << described(calls_of_curfew(scene_.cluster, TimePoint{}, scene_.space.name())));
  INFO(
      "calls of Curfew about its records: " << described(calls_of_curfew(scene_.cluster, TimePoint{}, uid_)));
  REQUIRE(seen.value("phase", "") == phase);
}

void Request::await_reason(const std::string& condition_type, const std::string& reason,
                           milliseconds patience) const {
  const bool came = eventually(patience, [&] { return find(condition(condition_type), "reason") == reason; });
  INFO("waited for " << condition_type << " to have the reason " << reason
                     << "; status: " << status().dump(1));
  REQUIRE(came);
}

void Request::await_message(const std::string& part, milliseconds patience) const {
  const bool came = eventually(patience, [&] { return text("message").find(part) != std::string::npos; });
  INFO("waited for the message \"" << part << "\"; status: " << status().dump(1));
  REQUIRE(came);
}

void Request::await_no_binding(milliseconds patience) const {
  const bool went = eventually(patience, [&] { return !binding(); });
  INFO("the binding is still there: " << binding().value_or(Json()).dump(1));
  REQUIRE(went);
}

ProcessResult Request::say(const Person& who, const std::string& verb, const std::string& comment) const {
  ProcessResult said;
  // A person would also retry if Curfew has not reconciled the request yet.
  eventually(seconds(3), [&] {
    said = who.kubectl(scene_.space.on("annotate", name_, {"curfew.dev/" + verb + "=" + comment}));
    return said.all().find("approve it in a moment") == std::string::npos;
  });
  return said;
}

void Request::remove(const Person& who) const {
  REQUIRE_THAT(who.kubectl(scene_.space.on("delete", name_, {"--wait=false"})), Succeeds());
}

std::optional<Json> Request::binding() const {
  std::vector<std::string> arguments = scene_.space.binding(binding_name());
  arguments.insert(arguments.begin(), {"get", "-o", "json", "--ignore-not-found"});
  const ProcessResult found = scene_.admin.kubectl(arguments);
  REQUIRE_THAT(found, Succeeds());
  if (found.out.empty()) return std::nullopt;
  return Json::parse(found.out);
}

std::vector<Json> Request::records() const {
  const std::string selector = "request.name=" + scene_.space.request_name(name_) +
                               (is_cluster_wide() ? "" : ",request.namespace=" + scene_.space.name());
  std::vector<Json> found;
  const Json list = scene_.admin.get({"auditrecords", "--field-selector", selector});
  for (const Json& record : list["items"]) {
    if (record["request"].value("uid", "") == uid_) found.push_back(record);
  }
  std::ranges::stable_sort(found, {}, [](const Json& record) { return time_of(record["time"]); });
  return found;
}

std::vector<std::string> Request::recorded() const {
  std::vector<std::string> actions;
  for (const Json& record : records()) actions.push_back(record["action"].get<std::string>());
  return actions;
}

Json Request::await_record(const std::string& action, milliseconds patience) const {
  std::vector<Json> all;
  Json wanted;
  eventually(patience, [&] {
    all = records();
    const auto found =
        std::ranges::find_if(all, [&](const Json& record) { return record["action"] == action; });
    if (found != all.end()) wanted = *found;
    return found != all.end();
  });
  INFO("waited for a record " << action << "; there are: " << Json(all).dump(1));
  REQUIRE(!wanted.is_null());
  return wanted;
}

std::vector<std::string> Request::events() const {
  std::vector<std::string> reasons;
  const Json list = scene_.admin.get(
      {"events.v1.events.k8s.io", "-n", is_cluster_wide() ? "default" : scene_.space.name()});
  for (const Json& event : list["items"]) {
    if (event["regarding"].value("uid", "") == uid_) reasons.push_back(event.value("reason", ""));
  }
  return reasons;
}

Json Request::await_event(const std::string& reason, milliseconds patience) const {
  Json wanted;
  const auto came = [&] {
    const Json list = scene_.admin.get(
        {"events.v1.events.k8s.io", "-n", is_cluster_wide() ? "default" : scene_.space.name()});
    for (const Json& event : list["items"]) {
      if (event["regarding"].value("uid", "") == uid_ && event.value("reason", "") == reason) wanted = event;
    }
    return !wanted.is_null();
  };
  INFO("waited for an Event " << reason);
  REQUIRE(eventually(patience, came));
  return wanted;
}

TimePoint now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void sleep_until(TimePoint time) {
  std::this_thread::sleep_until(time);
}

TimePoint time_of(const Json& text) {
  INFO("a time: " << text.dump());
  REQUIRE(text.is_string());
  const auto time = parse_rfc3339(text.get<std::string>());
  REQUIRE(time.has_value());
  return *time;
}

std::vector<Json> calls_of_curfew(const Cluster& cluster, TimePoint since, const std::string& about) {
  std::vector<Json> calls;
  std::ifstream log(cluster.state() / "logs" / "audit.log");
  std::string line;
  while (std::getline(log, line)) {
    if (line.find("system:serviceaccount:curfew-system:curfew\"") == std::string::npos ||
        line.find(about) == std::string::npos)
      continue;
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object() ||
        entry["user"].value("username", "") != "system:serviceaccount:curfew-system:curfew")
      continue;
    if (time_of(entry["requestReceivedTimestamp"]) >= since) calls.push_back(entry);
  }
  return calls;
}

std::optional<TimePoint> call_of_curfew(const Cluster& cluster, const std::string& verb,
                                        const std::string& name, TimePoint since) {
  for (const Json& call : calls_of_curfew(cluster, since, name)) {
    if (call["verb"] == verb && call["objectRef"].value("name", "") == name)
      return time_of(call["stageTimestamp"]);
  }
  return std::nullopt;
}

TimePoint deleted_at(const Scene& scene, const Request& request, TimePoint since) {
  for (const Json& call : calls_of_curfew(scene.cluster, since, request.binding_name())) {
    if (call["verb"] == "delete" && call["responseStatus"].value("code", 0) == 200)
      return time_of(call["stageTimestamp"]);
  }
  FAIL_CHECK("nobody deleted the binding");
  return {};
}

std::vector<std::string> warnings_about(const Cluster& cluster, const std::string& text) {
  std::vector<std::string> found;
  std::ifstream log(cluster.state() / "test" / "controller.log");
  REQUIRE(log.good());
  std::string line;
  while (std::getline(log, line)) {
    if (line.find(text) == std::string::npos) continue;
    const std::string level = Json::parse(line).value("level", "");
    REQUIRE_FALSE(level.empty());
    if (level.starts_with("warn") || level.starts_with("err")) found.push_back(line);
  }
  return found;
}

}  // namespace curfew::test
