#include "client/cluster.hpp"

#include "util/percent_encoding.hpp"

namespace curfew::client {
namespace {

using nlohmann::json;

tl::unexpected<Error> no_namespace(const std::string& ns) {
  return fail(ErrorKind::Invalid,
              "there can be no namespace " + ns +
                  ": a name has lower case letters, digits and '-' only, and at most 63 of them");
}

tl::unexpected<Error> no_such_name(const ObjectRef& ref) {
  return fail(ErrorKind::NotFound,
              "there can be no " + std::string(ref.kind) + " " + to_string(ref.key) + ": that is no name");
}

// The items of a list have no apiVersion and kind.
json with_kind(json item, const ObjectRef& kind) {
  item["apiVersion"] = kind.path.substr(kind.path.find('/', 1) + 1);
  item["kind"] = kind.kind;
  return item;
}

Error error_of_event(const json& event) {
  constexpr int kGone = 410;
  const json status = event.value("object", json::object());
  const int code = status.value("code", 0);
  return {.kind = code == kGone ? ErrorKind::Gone : ErrorKind::Other,
          .message = status.value("message", "the API server ended the watch with an error")};
}

// Of a Decision or a Review.
template <class Said>
json json_of(const Said& said) {
  json result{{"verdict", api::to_string(said.verdict)},
              {"username", std::string(said.person.username)},
              {"groups", json::array()}};
  for (const auto& group : said.person.groups) result["groups"].push_back(std::string(group));
  if (!said.comment.empty()) result["comment"] = said.comment;
  return result;
}

json body_of(const api::AccessRequest& request, const std::string& prefix) {
  json body = api::encode(request);
  if (request.metadata.name.empty()) body["metadata"]["generateName"] = prefix;
  return body;
}

}  // namespace

Result<json> Cluster::get_one(const ObjectRef& ref) const {
  if (!can_exist(ref)) return no_such_name(ref);
  return read(path_of(ref));
}

Objects Cluster::get_all(const std::vector<ObjectRef>& refs) const {
  Objects objects;
  std::vector<ObjectRef> existing;
  for (const ObjectRef& ref : refs) {
    if (!can_exist(ref)) {
      objects.add(ref, no_such_name(ref));
    } else if (std::ranges::find(existing, ref) == existing.end()) {
      existing.push_back(ref);
    }
  }
  if (existing.empty()) return objects;
  auto read = read_objects(existing);
  for (std::size_t i = 0; i < existing.size(); ++i)
    objects.add(std::move(existing[i]), std::move(read.at(i)));
  return objects;
}

Result<void> Cluster::read_pages(
    const ObjectRef& kind, const Selection& selection,
    const std::function<Result<void>(std::vector<json> items, bool is_first)>& take) const {
  if (!can_be_namespace(selection.ns)) return no_namespace(selection.ns);
  std::string base = path_of(kind.path, kind.plural, selection.ns) + "?limit=" + std::to_string(kPageSize);
  if (const auto query = query_of(selection); !query.empty()) base += "&" + query;
  bool has_begun_anew = false;
  std::string token;  // of the next page; empty: the first
  do {
    auto page = read(token.empty() ? base : base + "&continue=" + percent_encode(token));
    if (!page && page.error().kind == ErrorKind::Gone && !token.empty() && !has_begun_anew) {
      has_begun_anew = true;
      token.clear();
      continue;
    }
    if (!page) return tl::unexpected(page.error());
    if (!page->is_object()) return fail(ErrorKind::Decode, "a list is no JSON object");
    std::vector<json> items;
    if (const auto found = page->find("items"); found != page->end()) {
      for (auto& item : *found) items.push_back(with_kind(std::move(item), kind));
    }
    auto taken = take(std::move(items), token.empty());
    if (!taken) return taken;
    token = page->value(json::json_pointer("/metadata/continue"), "");
    if (token.empty()) return {};
  } while (true);
}

Result<api::Person> Cluster::whoami() const {
  const auto answer = review_self();
  if (!answer) return tl::unexpected(answer.error());
  const json info = answer->value(json::json_pointer("/status/userInfo"), json::object());
  api::Person person;
  person.username = info.value("username", "");
  for (const auto& group : info.value("groups", json::array()))
    person.groups.emplace_back(group.get<std::string>());
  if (person.username.empty())
    return fail(ErrorKind::Unauthorized,
                "the API server does not say who you are: 'kubectl auth whoami' has no username");
  return person;
}

Result<void> Cluster::watch_requests(
    const Selection& selection,
    const std::function<bool(std::string_view, Read<api::AccessRequest>)>& take) const {
  if (!can_be_namespace(selection.ns)) return no_namespace(selection.ns);
  const ObjectRef requests = ref_of_list<api::AccessRequest>(selection);
  std::string path = path_of(requests.path, requests.plural, selection.ns) + "?watch=true";
  if (const auto query = query_of(selection); !query.empty()) path += "&" + query;
  std::optional<Error> error;
  auto watched = watch(path, [&](const json& event) {
    if (event.value("type", "") == "ERROR") {
      error = error_of_event(event);
      return false;
    }
    if (!event.contains("object")) return false;
    auto request = decoded<api::AccessRequest>(event["object"]);
    return !request || take(event.value("type", ""), std::move(*request));
  });
  if (watched && error) return tl::unexpected(*error);
  return watched;
}

Result<Read<api::AccessRequest>> Cluster::create(const api::AccessRequest& request,
                                                 const std::string& prefix) const {
  auto created = create_objects({body_of(request, prefix)}, request.metadata.ns, false);
  return decoded<api::AccessRequest>(std::move(created.at(0)));
}

std::vector<Result<void>> Cluster::try_create(const std::vector<api::AccessRequest>& requests,
                                              const std::string& prefix) const {
  std::vector<Result<void>> results;
  if (requests.empty()) return results;
  std::vector<json> bodies;
  bodies.reserve(requests.size());
  for (const auto& request : requests) bodies.push_back(body_of(request, prefix));
  for (auto& created : create_objects(bodies, requests.front().metadata.ns, true))
    results.push_back(std::move(created).map([](json&&) {}));
  return results;
}

Result<Read<api::AccessRequest>> Cluster::decide(const Read<api::AccessRequest>& request,
                                                 const api::Decision& decision) const {
  return append(request, "decisions", json_of(decision));
}

Result<Read<api::AccessRequest>> Cluster::review(const Read<api::AccessRequest>& request,
                                                 const api::Review& review) const {
  return append(request, "reviews", json_of(review));
}

Result<Read<api::AccessRequest>> Cluster::append(const Read<api::AccessRequest>& request, const char* list,
                                                 Json entry) const {
  const api::ObjectMeta& meta = request.object.metadata;
  json entries = request.json.value(list, json::array());
  entries.push_back(std::move(entry));
  const json change{{"metadata", {{"uid", meta.uid}, {"resourceVersion", meta.resource_version}}},
                    {list, entries}};
  return decoded<api::AccessRequest>(patch(ref_of<api::AccessRequest>(meta.key()), change));
}

}  // namespace curfew::client
