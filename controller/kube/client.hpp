#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/decode.hpp"
#include "http/transport.hpp"
#include "kube/contact_monitor.hpp"
#include "kube/in_flight.hpp"
#include "kube/page.hpp"
#include "kube/page_size.hpp"
#include "kube/request.hpp"
#include "util/result.hpp"

namespace curfew::kube {

enum class DeleteOutcome {
  Gone,          // deleted now, or did not exist (404)
  BeingDeleted,  // a finalizer holds it: it still exists
};

struct ClientOptions {
  std::chrono::milliseconds deadline = std::chrono::seconds(10);  // of each call except a watch
  // The deadline is shorter than a busy server may need: a timeout is not a loss of contact.
  bool is_hurried = false;
  ContactMonitor* contact = nullptr;  // shared with other clients of the same server; null: its own
  InFlight* in_flight = nullptr;      // limits calls, but not watches; null: no limit
  // For metrics, on the caller's thread; status is 0 if there was no response. Verbs are those of Kubernetes:
  // get, list, watch, create, update, patch, delete.
  std::function<void(std::string_view verb, std::string_view resource, int status,
                     std::chrono::nanoseconds took)>
      observe_call;
  // The server's clock (whole seconds) at the end of a call that took `round_trip`.
  std::function<void(TimePoint server_date, std::chrono::nanoseconds round_trip)> observe_date;
};

// A typed client of the API server. Thread-safe; the transport must outlive it. Every call ends at its
// deadline (one that waited for an in-flight slot has half a second more), and promptly when stopped
// (Cancelled). list() has a deadline for each page that it asks for.
class Client {
 public:
  explicit Client(http::Transport& transport, ClientOptions options = {});

  // This client with a shorter deadline, so short that a timeout does not mean loss of contact. The result
  // must not outlive this client.
  Client within(std::chrono::milliseconds deadline);

  template <class T>
  Result<T> get(const api::ObjectKey& key, std::stop_token stop) {
    const Resource resource = resource_of<T>(key.ns);
    return typed<T>(call("get", resource, get_request(resource, key), std::move(stop)));
  }

  // Like get(), but nullopt if the object does not exist.
  template <class T>
  Result<std::optional<T>> find(const api::ObjectKey& key, std::stop_token stop) {
    auto stored = get<T>(key, std::move(stop));
    if (stored) return std::optional<T>(std::move(*stored));
    if (stored.error().kind == ErrorKind::NotFound) return std::optional<T>();
    return tl::unexpected(std::move(stored.error()));
  }

  // AlreadyExists may also mean that an earlier attempt of this very call succeeded: compare the objects, or
  // derive names from the content.
  template <class T>
  Result<T> create(const T& object, std::stop_token stop) {
    const Resource resource = resource_of<T>(object.metadata.ns);
    return typed<T>(call("create", resource, create_request(resource, object.metadata.ns, encode(object)),
                         std::move(stop)));
  }

  // Like create(), but ignores the response body.
  Result<void> post(const Resource& resource, std::string_view ns, const nlohmann::json& object,
                    std::stop_token stop);

  // Replaces the object; Conflict unless metadata.resourceVersion is the latest.
  template <class T>
  Result<T> update(const T& object, std::stop_token stop) {
    const Resource resource = resource_of<T>(object.metadata.ns);
    return typed<T>(call("update", resource, update_request(resource, object.metadata.key(), encode(object)),
                         std::move(stop)));
  }

  template <class T>
  Result<T> merge_patch(const api::ObjectKey& key, const nlohmann::json& patch, std::stop_token stop) {
    const Resource resource = resource_of<T>(key.ns);
    return typed<T>(call("patch", resource, merge_patch_request(resource, key, patch), std::move(stop)));
  }

  // `patch` is {"status": {...}}: see status_patch().
  template <class T>
  Result<T> patch_status(const api::ObjectKey& key, const nlohmann::json& patch, std::stop_token stop) {
    const Resource resource = resource_of<T>(key.ns);
    return typed<T>(call("patch", resource, status_patch_request(resource, key, patch), std::move(stop)));
  }

  // Conflict: an object of that name exists, but with another uid: it is a different object.
  template <class T>
  Result<DeleteOutcome> remove(const api::ObjectKey& key, std::string_view uid, std::stop_token stop) {
    return remove(resource_of<T>(key.ns), key, uid, std::move(stop));
  }
  Result<DeleteOutcome> remove(const Resource& resource, const api::ObjectKey& key, std::string_view uid,
                               std::stop_token stop);

  // Reads a page of a list. A page that is too large or too slow is requested again with at most half as many
  // objects, down to one (a hundredth if nothing of it arrived, since each attempt takes the whole deadline);
  // a single object that is still too large or unreadable is skipped, as Undecodable. Sets `params.limit` to
  // a suitable size for the next page.
  template <class T>
  Result<Page<T>> list(const Selection& selection, ListParams& params, std::stop_token stop) {
    return list<T>(
        resource_of<T>(selection), selection, params,
        [](const nlohmann::json& item) { return api::decode<T>(item); }, std::move(stop));
  }
  template <class T>
  Result<Page<T>> list(const Selection& selection, ListParams&& params, std::stop_token stop) {
    return list<T>(selection, params, std::move(stop));
  }
  // Like list() above, for any kind. decode(item) -> Result<T>
  template <class T, class Decode>
  Result<Page<T>> list(const Resource& resource, const Selection& selection, ListParams& params,
                       const Decode& decode, std::stop_token stop) {
    while (true) {
      auto text = list_text(resource, selection, params, stop);
      if (!text) return tl::unexpected(std::move(text.error()));
      auto page = text->cut ? Result<Page<T>>(tl::unexpected(*text->cut)) : page_of<T>(text->body, decode);
      if (page) {
        params.limit = next_page_size(params.limit, text->share);
        return page;
      }
      auto rest = page_without_object(text->body, text->cut);
      if (!rest) {
        if (!text->cut)
          page.error().message =
              "the API server's answer to list " + resource.plural + " " + page.error().message;
        return page;
      }
      if (params.limit <= 1)
        return Page<T>{.items = {},
                       .undecodable = std::move(rest->undecodable),
                       .continue_token = std::move(rest->continue_token),
                       .resource_version = std::move(rest->resource_version)};
      params.limit = next_page_size(params.limit, kTooMuch);
    }
  }

  // For kinds without a struct. `target` must already be encoded.
  Result<nlohmann::json> get_raw(std::string target, std::stop_token stop);
  Result<nlohmann::json> send_json(http::Method method, std::string target, const nlohmann::json& body,
                                   std::stop_token stop);

  // Feeds the lines of the stream to the sink on the calling thread. Success: the server ended the stream.
  // Timeout: no line arrived for `idle`.
  Result<void> watch(const Resource& resource, const Selection& selection, const WatchParams& params,
                     const http::LineSink& sink, std::chrono::milliseconds idle, std::stop_token stop);

  const ContactMonitor& contact() const {
    return options_.contact != nullptr ? *options_.contact : own_contact_;
  }

 private:
  struct ListText {
    std::string body;
    std::optional<Error> cut;  // why `body` is truncated; nullopt: it is complete
    double share = 0;          // used share of a page's limit on bytes or time
  };
  Result<ListText> list_text(const Resource& resource, const Selection& selection, ListParams& params,
                             const std::stop_token& stop);
  Result<http::Response> exchange(std::string_view verb, const Resource& resource,
                                  const http::Request& request, std::stop_token stop);
  Result<nlohmann::json> call(std::string_view verb, const Resource& resource, const http::Request& request,
                              std::stop_token stop);
  void observe(std::string_view verb, const Resource& resource, const Result<http::Response>& response,
               ContactMonitor::Instant began, bool streamed);

  ContactMonitor& monitor() { return options_.contact != nullptr ? *options_.contact : own_contact_; }

  template <class T>
  static Result<T> typed(const Result<nlohmann::json>& body) {
    if (!body) return tl::unexpected(body.error());
    return api::decode<T>(*body);
  }

  http::Transport& transport_;
  const ClientOptions options_;
  ContactMonitor own_contact_;
};

}  // namespace curfew::kube
