#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "api/meta.hpp"

namespace curfew::api {

struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;

  bool operator==(const ObjectReference&) const = default;
};

// events.k8s.io/v1 Event: what `kubectl describe` and `kubectl events` show. Best effort; no caller waits for
// one.
struct Event {
  static constexpr std::string_view kKind = "Event";
  static constexpr std::string_view kPath = "/apis/events.k8s.io/v1";
  static constexpr std::string_view kPlural = "events";

  ObjectMeta metadata;
  TimePoint time;
  std::string type = "Normal";  // or Warning
  std::string reason;           // an audit action, or a condition's reason
  std::string action;           // what was done, in a word: Grant, End, Decide, Observe
  std::string note;             // a sentence; at most 1 kB
  ObjectReference regarding;
  std::optional<ObjectReference> related;
  std::string reporting_instance;

  bool operator==(const Event&) const = default;
};

nlohmann::json encode(const Event& event);

}  // namespace curfew::api
