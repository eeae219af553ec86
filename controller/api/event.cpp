#include "api/event.hpp"

#include "api/fields.hpp"
#include "api/names.hpp"
#include "api/reader.hpp"
#include "api/text.hpp"
#include "api/writer.hpp"

namespace curfew::api {

template <class V>
static void fields(V& v, Either<ObjectReference> auto& value) {
  v.field("apiVersion", value.api_version);
  v.field("kind", value.kind);
  v.field("namespace", value.ns);
  v.field("name", value.name);
  v.field("uid", value.uid);
}

template <class V>
static void fields(V& v, Either<Event> auto& value) {
  v.always("metadata", value.metadata);
  v.micro("eventTime", value.time);
  v.field("type", value.type);
  v.field("reason", value.reason);
  v.field("action", value.action);
  v.field("note", value.note);
  v.field("regarding", value.regarding);
  v.field("related", value.related);
  v.field("reportingInstance", value.reporting_instance);
}

template Result<Event> decode(const nlohmann::json& json);

nlohmann::json encode(const Event& event) {
  constexpr std::size_t kMaxInstanceBytes = 128;  // the API server's limit
  Event fitting = event;
  fitting.note = cut(event.note, kMaxNoteBytes);
  fitting.reporting_instance = cut(event.reporting_instance, kMaxInstanceBytes);
  nlohmann::json json = json_of_kind(fitting);
  json["reportingController"] = kReportingController;
  return json;
}

}  // namespace curfew::api
