#include "unit/support/fake_api.hpp"

#include <algorithm>
#include <utility>

namespace curfew::testing {
namespace {

using Json = FakeApi::Json;

http::Response ok(const Json& body, int status = 200) {
  return {.status = status, .body = body.dump(), .retry_after = {}, .date = {}};
}

http::Response status(int code, const std::string& reason, const std::string& message) {
  return ok({{"kind", "Status"},
             {"apiVersion", "v1"},
             {"status", "Failure"},
             {"code", code},
             {"reason", reason},
             {"message", message}},
            code);
}

http::Response not_found(const std::string& path) {
  return status(404, "NotFound", path + " not found");
}

std::string query_value(const std::string& target, const std::string& key) {
  const auto start = target.find(key + "=");
  if (start == std::string::npos) return {};
  const auto from = start + key.size() + 1;
  return target.substr(from, target.find('&', from) - from);
}

bool differs(const Json& sent, const Json& stored, const char* field) {
  return sent.contains(field) && sent[field] != stored[field];
}

}  // namespace

Result<http::Response> FakeApi::send(const http::Request& request, std::chrono::milliseconds,
                                     std::stop_token) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  const std::string call = std::string(http::to_string(request.method)) + " " + path;
  calls_.push_back(call);
  bodies_.push_back(request.body.empty() ? Json() : Json::parse(request.body));
  if (on_call) on_call(call);
  const auto failure = std::ranges::find_if(
      failures_, [&](const Failure& f) { return call.find(f.what) != std::string::npos; });
  if (failure != failures_.end()) {
    auto scripted = failure->answer;
    if (--failure->times == 0) failures_.erase(failure);
    return scripted;
  }
  return answer(request, path, bodies_.back());
}

Result<http::Response> FakeApi::stream(const http::Request&, const http::LineSink&, std::chrono::milliseconds,
                                       std::stop_token) {
  return curfew::fail(ErrorKind::Transport, "nothing is watched in these tests");
}

Json FakeApi::get(const std::string& path) const {
  const auto found = objects_.find(path);
  return found == objects_.end() ? Json() : found->second;
}

void FakeApi::fail(std::string what, int code, std::string reason, std::string message, int times) {
  failures_.push_back({std::move(what), status(code, reason, message), times});
}

void FakeApi::fail(std::string what, Error error, int times) {
  failures_.push_back({std::move(what), tl::unexpected(std::move(error)), times});
}

http::Response FakeApi::answer(const http::Request& request, const std::string& path, const Json& body) {
  using http::Method;
  switch (request.method) {
    case Method::Get: return objects_.contains(path) ? ok(objects_.at(path)) : list(request.target, path);
    case Method::Post: return reviews_.contains(path) ? ok(reviews_.at(path)(body), 201) : create(path, body);
    case Method::Put: return replace(path, body);
    case Method::Patch: return patch(path, body);
    case Method::Delete: return remove(path, body);
  }
  return status(405, "MethodNotAllowed", "no such method");
}

// Paging distinguishes a list from a GET of a missing object.
http::Response FakeApi::list(const std::string& target, const std::string& path) const {
  if (target.find("limit=") == std::string::npos) return not_found(path);
  const auto limit = std::stoul(query_value(target, "limit"));
  const auto from = query_value(target, "continue");
  const auto plural = path.substr(path.rfind('/') + 1);
  Json body{{"kind", "List"},
            {"metadata", {{"resourceVersion", std::to_string(version_)}}},
            {"items", Json::array()}};
  for (const auto& [at, object] : objects_) {
    if (at.find("/" + plural + "/") == std::string::npos ||
        (!from.empty() && at.substr(at.rfind('/') + 1) < from))
      continue;
    if (body["items"].size() == limit) {
      body["metadata"]["continue"] = at.substr(at.rfind('/') + 1);
      break;
    }
    body["items"].push_back(object);
  }
  return ok(body);
}

http::Response FakeApi::create(const std::string& path, Json object) {
  const std::string at = path + "/" + object.at("metadata").at("name").get<std::string>();
  if (objects_.contains(at)) return status(409, "AlreadyExists", at + " already exists");
  return ok(store(at, std::move(object)), 201);
}

http::Response FakeApi::replace(const std::string& path, Json object) {
  if (!objects_.contains(path)) return not_found(path);
  return ok(store(path, std::move(object)));
}

// A wrong uid gives 422 and a wrong resourceVersion 409, as on a real API server.
http::Response FakeApi::patch(const std::string& path, const Json& change) {
  const bool is_status = path.ends_with("/status");
  const std::string at = is_status ? path.substr(0, path.size() - std::string("/status").size()) : path;
  if (!objects_.contains(at)) return not_found(at);
  Json object = objects_.at(at);
  const Json metadata = change.value("metadata", Json::object());
  if (differs(metadata, object["metadata"], "resourceVersion"))
    return status(409, "Conflict", "the object has been modified");
  if (differs(metadata, object["metadata"], "uid"))
    return status(422, "Invalid", "metadata.uid: Invalid value: field is immutable");
  if (is_status)
    object.merge_patch({{"status", change.value("status", Json::object())}});
  else
    object.merge_patch(change);
  const bool is_released = object["metadata"].contains("deletionTimestamp") &&
                           object["metadata"].value("finalizers", Json::array()).empty();
  if (is_released) {
    objects_.erase(at);
    return ok(object);
  }
  return ok(store(at, std::move(object)));
}

http::Response FakeApi::remove(const std::string& path, const Json& options) {
  if (!objects_.contains(path)) return not_found(path);
  Json object = objects_.at(path);
  const Json preconditions = options.value("preconditions", Json::object());
  if (differs(preconditions, object["metadata"], "uid"))
    return status(409, "Conflict", "the UID in the precondition does not match the UID in record");
  if (object["metadata"].value("finalizers", Json::array()).empty()) {
    objects_.erase(path);
    return ok(
        {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Success"}});
  }
  object["metadata"]["deletionTimestamp"] = "2026-11-24T20:00:00Z";
  return ok(store(path, std::move(object)));
}

Json FakeApi::store(const std::string& path, Json object) {
  Json& metadata = object["metadata"];
  if (!metadata.contains("uid")) metadata["uid"] = "made-" + std::to_string(version_);
  if (!metadata.contains("creationTimestamp")) metadata["creationTimestamp"] = "2026-11-24T20:00:00Z";
  metadata["resourceVersion"] = std::to_string(++version_);
  objects_[path] = object;
  return object;
}

}  // namespace curfew::testing
