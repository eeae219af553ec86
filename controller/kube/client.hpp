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

#include "api/codec.hpp"
#include "http/transport.hpp"
#include "kube/contact_monitor.hpp"
#include "kube/in_flight.hpp"
#include "kube/page.hpp"
#include "kube/page_size.hpp"
#include "kube/request.hpp"
#include "util/result.hpp"

namespace curfew::kube {

enum class DeleteOutcome {
  Gone,          // deleted now, or not there (404)
  BeingDeleted,  // a finalizer holds it: it still counts
};

struct ClientOptions {
  std::chrono::milliseconds deadline = std::chrono::seconds(10);  // of each call but a watch
  bool is_hurried =
      false;  // the deadline is shorter than what a busy server may take: being late is no loss of contact
  ContactMonitor* contact = nullptr;  // shared with other clients of the same server; null: its own
  InFlight* in_flight = nullptr;      // calls wait for a place in it, watches do not; null: they never wait
  // For metrics, on the caller's thread; status 0 where there was no answer. Verbs are Kubernetes' own: get,
  // list, watch, create, update, patch, delete.
  std::function<void(std::string_view verb, std::string_view resource, int status,
                     std::chrono::nanoseconds took)>
      observe_call;
  // The server's clock (whole seconds) at the end of a call that took `round_trip`.
  std::function<void(TimePoint server_date, std::chrono::nanoseconds round_trip)> observe_date;
};

// The API server, typed. Thread-safe; the transport outlives it. Every call returns within its deadline, and
// promptly when stopped (Cancelled).
class Client {
 public:
  explicit Client(http::Transport& transport, ClientOptions options = {});

  // This client for calls that have less time than its own, so little that having had no answer in it does
  // not mean that contact is lost. It must not outlive this one.
  Client within(std::chrono::milliseconds deadline);

  template <class T>
  Result<T> get(const api::ObjectKey& key, std::stop_token stop) {
    return typed<T>(call("get", resource_of<T>(), get_request(resource_of<T>(), key), std::move(stop)));
  }

  // AlreadyExists may also mean that an earlier try of this very call succeeded: compare, or name objects
  // after what they are.
  template <class T>
  Result<T> create(const T& object, std::stop_token stop) {
    return typed<T>(call("create", resource_of<T>(),
                         create_request(resource_of<T>(), object.metadata.ns, api::encode(object)),
                         std::move(stop)));
  }

  // The same, for whom the answer says nothing.
  Result<void> post(const Resource& resource, std::string_view ns, const nlohmann::json& object,
                    std::stop_token stop);

  // Replaces the object; Conflict unless metadata.resourceVersion is the latest.
  template <class T>
  Result<T> update(const T& object, std::stop_token stop) {
    return typed<T>(call("update", resource_of<T>(),
                         update_request(resource_of<T>(), object.metadata.key(), api::encode(object)),
                         std::move(stop)));
  }

  template <class T>
  Result<T> merge_patch(const api::ObjectKey& key, const nlohmann::json& patch, std::stop_token stop) {
    return typed<T>(
        call("patch", resource_of<T>(), merge_patch_request(resource_of<T>(), key, patch), std::move(stop)));
  }

  // `patch` is {"status": {...}}: see status_patch().
  template <class T>
  Result<T> patch_status(const api::ObjectKey& key, const nlohmann::json& patch, std::stop_token stop) {
    return typed<T>(
        call("patch", resource_of<T>(), status_patch_request(resource_of<T>(), key, patch), std::move(stop)));
  }

  // Conflict: there is an object of that name, but with another uid: somebody else's now.
  template <class T>
  Result<DeleteOutcome> remove(const api::ObjectKey& key, std::string_view uid, std::stop_token stop) {
    return remove(resource_of<T>(), key, uid, std::move(stop));
  }
  Result<DeleteOutcome> remove(const Resource& resource, const api::ObjectKey& key, std::string_view uid,
                               std::stop_token stop);

  // A page of a list. One that is too large or too slow is asked for again with half as many objects, down to
  // one: an object that is too large or unreadable even alone is left out, as Undecodable. `params.limit`
  // becomes what suits the next page.
  template <class T>
  Result<Page<T>> list(const Selection& selection, ListParams& params, std::stop_token stop) {
    return list<T>(
        resource_of<T>(), selection, params, [](const nlohmann::json& item) { return api::decode<T>(item); },
        std::move(stop));
  }
  template <class T>
  Result<Page<T>> list(const Selection& selection, ListParams&& params, std::stop_token stop) {
    return list<T>(selection, params, std::move(stop));
  }
  // The same for any kind. decode(item) -> Result<T>
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

  // For kinds without a struct. `target` is encoded already.
  Result<nlohmann::json> get_raw(std::string target, std::stop_token stop);
  Result<nlohmann::json> send_json(http::Method method, std::string target, const nlohmann::json& body,
                                   std::stop_token stop);

  // Feeds the stream's lines to the sink on this thread. Success: the server ended it. No line for `idle`:
  // Timeout.
  Result<void> watch(const Resource& resource, const Selection& selection, const WatchParams& params,
                     const http::LineSink& sink, std::chrono::milliseconds idle, std::stop_token stop);

  const ContactMonitor& contact() const {
    return options_.contact != nullptr ? *options_.contact : own_contact_;
  }

 private:
  struct ListText {
    std::string body;
    std::optional<Error> cut;  // why it is only the beginning
    double share = 0;          // of what a page may take
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
