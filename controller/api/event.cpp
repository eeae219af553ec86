#include "api/event.hpp"

#include "api/names.hpp"
#include "api/reader.hpp"
#include "api/text.hpp"
#include "api/writer.hpp"

namespace curfew::api {

void read(const Reader& reader, ObjectReference& value) {
  reader.get("apiVersion", value.api_version);
  reader.get("kind", value.kind);
  reader.get("namespace", value.ns);
  reader.get("name", value.name);
  reader.get("uid", value.uid);
}

void read(const Reader& reader, Event& value) {
  reader.get("metadata", value.metadata);
  reader.get("eventTime", value.time);
  reader.get("type", value.type);
  reader.get("reason", value.reason);
  reader.get("action", value.action);
  reader.get("note", value.note);
  reader.get("regarding", value.regarding);
  reader.get("related", value.related);
  reader.get("reportingInstance", value.reporting_instance);
}

template Result<Event> decode(const nlohmann::json& json);

namespace {

nlohmann::json encode_reference(const ObjectReference& reference) {
  return Writer()
      .put("apiVersion", reference.api_version)
      .put("kind", reference.kind)
      .put("namespace", reference.ns)
      .put("name", reference.name)
      .put("uid", reference.uid)
      .done();
}

}  // namespace

nlohmann::json encode(const Event& event) {
  constexpr std::size_t kMaxInstanceBytes = 128;  // the API server's limit
  Writer writer;
  writer.put_micro("eventTime", event.time)
      .put("type", event.type)
      .put("reason", event.reason)
      .put("action", event.action);
  writer.put("note", cut(event.note, kMaxNoteBytes)).put("regarding", encode_reference(event.regarding));
  if (event.related) writer.put("related", encode_reference(*event.related));
  writer.put("reportingController", std::string(kReportingController));
  writer.put("reportingInstance", cut(event.reporting_instance, kMaxInstanceBytes));
  nlohmann::json json = head_of(event);
  json.update(writer.done());
  return json;
}

}  // namespace curfew::api
