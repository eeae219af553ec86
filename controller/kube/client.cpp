#include "kube/client.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

#include "kube/error.hpp"
#include "kube/json.hpp"
#include "util/heap.hpp"

namespace curfew::kube {
namespace {

using Instant = ContactMonitor::Instant;

Instant now() {
  return std::chrono::steady_clock::now();
}

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

// Statuses that mean that no API server can serve this client: a proxy without its backend, an API server
// without etcd, an expired token.
bool means_no_contact(int status) {
  return status == 401 || (status >= 502 && status <= 504);
}

std::string_view verb_of(http::Method method) {
  switch (method) {
    case http::Method::Get: return "get";
    case http::Method::Post: return "create";
    case http::Method::Put: return "update";
    case http::Method::Patch: return "patch";
    case http::Method::Delete: return "delete";
  }
  return "get";
}

Result<nlohmann::json> parse(const http::Response& response, std::string_view verb,
                             const Resource& resource) {
  if (response.body.empty()) return nlohmann::json();
  auto json = parse_json(response.body);
  if (json.is_discarded())
    return fail(ErrorKind::Decode, "the API server's answer to " + std::string(verb) + " " + resource.plural +
                                       " is not JSON, or is cut short");
  return json;
}

// The resource in an encoded target, as a metrics label: bounded, because it omits object names.
Resource resource_in(const std::string& target) {
  std::vector<std::string> parts;
  const std::string path = target.substr(0, target.find('?'));
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  const std::size_t after_version = !parts.empty() && parts.front() == "api" ? 2 : 3;
  const bool namespaced = parts.size() > after_version + 2 && parts[after_version] == "namespaces";
  const std::size_t plural = after_version + (namespaced ? 2 : 0);
  return {.path = {}, .plural = plural < parts.size() ? parts[plural] : "other", .kind = {}};
}

// Bytes. Far more than 500 objects usually need; bounds the memory for listing all kinds at once. A page of
// one object may use http::kMaxBody.
constexpr std::size_t kMaxPageBytes = std::size_t{4} << 20;

// Minimum time for a useful response, even if the wait for an in-flight slot used up the deadline.
constexpr std::chrono::milliseconds kMinTime{500};

tl::unexpected<Error> no_place(const std::stop_token& stop, std::string_view verb, const Resource& resource) {
  if (stop.stop_requested()) return fail(ErrorKind::Cancelled, "stopped");
  return fail(ErrorKind::Timeout, "could not " + std::string(verb) + " " + resource.plural +
                                      ": as many calls as are allowed at once were under way all the time");
}

// Bytes. A larger response, whose JSON takes several times as much, leaves free heap behind. A call made a
// while later, when the response is no longer in use, returns that heap to the system; renewing the Lease
// alone makes a call every two seconds.
constexpr std::size_t kLargeAnswer = std::size_t{256} << 10;
constexpr std::chrono::milliseconds kInUse{500};
std::atomic<Instant::rep> last_large_answer = 0;  // 0: none since the heap was trimmed

void give_back_large_answers() {
  Instant::rep last = last_large_answer;
  if (last == 0 || now().time_since_epoch().count() - last < Instant::duration(kInUse).count()) return;
  if (last_large_answer.compare_exchange_strong(last, 0)) trim_heap();
}

// Counts the complete items in the text of a list, which may be truncated.
int complete_items(std::string_view text) {
  int items = 0;
  parse_list(text, [&](const nlohmann::json&) { ++items; });
  return items;
}

}  // namespace

Client::Client(http::Transport& transport, ClientOptions options)
    : transport_(transport), options_(std::move(options)) {}

Client Client::within(std::chrono::milliseconds deadline) {
  ClientOptions options = options_;
  options.deadline = std::min(options.deadline, deadline);
  options.is_hurried = options_.is_hurried || deadline < options_.deadline;
  options.contact = &monitor();
  return Client(transport_, std::move(options));
}

void Client::observe(std::string_view verb, const Resource& resource, const Result<http::Response>& response,
                     Instant began, bool streamed) {
  const Instant ended = now();
  const int status = response ? response->status : 0;
  if (response && !means_no_contact(status))
    monitor().succeeded(ended);
  else if (response || !options_.is_hurried || response.error().kind != ErrorKind::Timeout)
    monitor().failed(response ? error_from_response(*response) : response.error(), began, ended);
  if (response && !is_success(status)) monitor().struggled(error_from_response(*response), ended);
  if (options_.observe_call) options_.observe_call(verb, resource.plural, status, ended - began);
  // The Date of a stream is the time at which it started.
  const std::optional<TimePoint> date = response && !streamed ? response->date : std::nullopt;
  if (date && options_.observe_date) options_.observe_date(*date, ended - began);
}

Result<http::Response> Client::exchange(std::string_view verb, const Resource& resource,
                                        const http::Request& request, std::stop_token stop) {
  give_back_large_answers();
  const Instant asked = now();
  const InFlight::Place place = options_.in_flight != nullptr
                                    ? options_.in_flight->enter(options_.deadline, stop)
                                    : InFlight::Place(nullptr);
  if (options_.in_flight != nullptr && !place) return no_place(stop, verb, resource);
  const Instant began = now();
  const auto left = options_.deadline - std::chrono::duration_cast<std::chrono::milliseconds>(began - asked);
  auto response =
      transport_.send(request, std::max(left, std::min(kMinTime, options_.deadline)), std::move(stop));
  observe(verb, resource, response, began, false);
  if (response && response->body.size() > kLargeAnswer) last_large_answer = now().time_since_epoch().count();
  if (response && !is_success(response->status)) return tl::unexpected(error_from_response(*response));
  return response;
}

Result<nlohmann::json> Client::call(std::string_view verb, const Resource& resource,
                                    const http::Request& request, std::stop_token stop) {
  const auto response = exchange(verb, resource, request, std::move(stop));
  if (!response) return tl::unexpected(response.error());
  return parse(*response, verb, resource);
}

Result<void> Client::post(const Resource& resource, std::string_view ns, const nlohmann::json& object,
                          std::stop_token stop) {
  const auto answer = call("create", resource, create_request(resource, ns, object), std::move(stop));
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<DeleteOutcome> Client::remove(const Resource& resource, const api::ObjectKey& key,
                                     std::string_view uid, std::stop_token stop) {
  const auto answer = call("delete", resource, delete_request(resource, key, uid), std::move(stop));
  if (!answer) {
    if (answer.error().kind == ErrorKind::NotFound) return DeleteOutcome::Gone;
    return tl::unexpected(answer.error());
  }
  // The response is a Status if the object is gone, or the object itself if something still holds it.
  const auto kind = answer->is_object() ? answer->find("kind") : answer->end();
  const bool is_status = kind != answer->end() && *kind == "Status";
  return is_status ? DeleteOutcome::Gone : DeleteOutcome::BeingDeleted;
}

Result<Client::ListText> Client::list_text(const Resource& resource, const Selection& selection,
                                           ListParams& params, const std::stop_token& stop) {
  while (true) {
    const bool is_single = params.limit <= 1;
    http::Request request = list_request(resource, selection, params);
    request.max_body = is_single ? http::kMaxBody : kMaxPageBytes;
    request.accepts_part = true;
    const Instant began = now();
    auto response = exchange("list", resource, request, stop);
    if (response && (is_single || !response->cut)) {
      const double bytes_share =
          static_cast<double>(response->body.size()) / static_cast<double>(kMaxPageBytes);
      const double time_share =
          std::chrono::duration<double>(now() - began) / std::chrono::duration<double>(options_.deadline);
      return ListText{.body = std::move(response->body),
                      .cut = std::move(response->cut),
                      .share = std::max(bytes_share, time_share)};
    }
    const bool is_late = !response && response.error().kind == ErrorKind::Timeout;
    if (!response && (is_single || !is_late)) return tl::unexpected(std::move(response.error()));
    params.limit = next_page_size(params.limit, is_late ? kNoAnswer : kTooMuch);
    // The complete items in a page that was too large tell how many fit: one retry instead of eight, each of
    // which the server would prepare in full.
    if (const int fitting = response ? complete_items(response->body) : 0; fitting > 0)
      params.limit = std::min(fitting, params.limit);
    // No response at all, and no other call got one meanwhile: the page size is not the cause.
    if (is_late && !monitor().in_contact()) return tl::unexpected(std::move(response.error()));
  }
}

Result<nlohmann::json> Client::get_raw(std::string target, std::stop_token stop) {
  const Resource resource = resource_in(target);
  return call("get", resource, {.method = http::Method::Get, .target = std::move(target)}, std::move(stop));
}

Result<nlohmann::json> Client::send_json(http::Method method, std::string target, const nlohmann::json& body,
                                         std::stop_token stop) {
  const Resource resource = resource_in(target);
  http::Request request = json_request(method, std::move(target), body);
  if (method == http::Method::Patch) request.content_type = "application/merge-patch+json";
  return call(verb_of(method), resource, request, std::move(stop));
}

Result<void> Client::watch(const Resource& resource, const Selection& selection, const WatchParams& params,
                           const http::LineSink& sink, std::chrono::milliseconds idle, std::stop_token stop) {
  const Instant began = now();
  bool heard = false;
  const auto note_contact = [&] {
    // A replica that does not lead makes no calls: only its watches can detect that contact is back.
    if (!std::exchange(heard, true) || !monitor().in_contact()) monitor().succeeded(now());
  };
  const auto listen = [&](std::string_view line) {
    note_contact();
    return sink(line);
  };
  const auto listen_to_cut_line = [&](std::string_view beginning) {
    note_contact();
    return sink.cut_line(beginning);
  };
  const auto response = transport_.stream(
      watch_request(resource, selection, params),
      http::LineSink(listen, sink.takes_cut_lines() ? listen_to_cut_line : http::LineSink::Function()), idle,
      std::move(stop));
  observe("watch", resource, response, began, true);
  if (!response) return tl::unexpected(response.error());
  if (!is_success(response->status)) return tl::unexpected(error_from_response(*response));
  return {};
}

}  // namespace curfew::kube
