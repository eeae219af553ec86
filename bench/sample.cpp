#include "sample.hpp"

#include <stdexcept>

namespace curfew::bench {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

Sample::Sample(Arena& arena, const std::string& place, const std::string& name) : name_(name) {
  const Json request = arena.admin.get(path_of(kRequests, place, name));
  uid_ = request.at("metadata").at("uid").get<std::string>();
  status_ = {{"status", request.at("status")}};
  const Json bindings =
      arena.admin.get(path_of(kBindings, place) + "?labelSelector=curfew.dev%2Frequest-uid%3D" + uid_);
  for (const Json& binding : bindings.at("items")) {
    binding_ = as_sent(binding);
    binding_.merge_patch({{"apiVersion", "rbac.authorization.k8s.io/v1"}, {"kind", "RoleBinding"}});
  }
  const Json events = arena.admin.get(path_of("events", place));
  for (const Json& event : events.at("items")) {
    if (event.at("regarding").value("uid", "") == uid_) event_ = as_sent(event);
  }
  const Json records = arena.admin.get(path_of(kRecords));
  for (const Json& record : records.at("items")) {
    if (record.at("request").at("uid") == uid_)
      records_.emplace_back(record.at("metadata").at("name").get<std::string>().substr(uid_.size() + 1),
                            as_sent(record));
  }
}

Json Sample::event(const Json& request) const {
  Json event = filled(event_, request);
  event["metadata"]["name"] = request.at("metadata").at("uid");
  return event;
}

Json Sample::record(const std::string& suffix, const Json& request) const {
  for (const auto& [known, record] : records_) {
    if (known == suffix) return filled(record, request);
  }
  throw std::runtime_error("Curfew has written no record " + uid_ + "-" + suffix);
}

Json Sample::filled(const Json& object, const Json& request) const {
  const Json& metadata = request.at("metadata");
  return Json::parse(replaced(replaced(object.dump(), uid_, metadata.at("uid").get<std::string>()),
                              "\"" + name_ + "\"", metadata.at("name").dump()));
}

}  // namespace curfew::bench
