#include "kube/error.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "kube/json.hpp"
#include "util/utf8.hpp"

namespace curfew::kube {
namespace {

constexpr std::size_t kMaxMessageBytes = 2048;  // bytes
constexpr int kMaxRetryDelay = 3600;            // seconds

// One line, truncated at a character boundary.
std::string one_line(std::string_view text) {
  std::string line(utf8::prefix(text, kMaxMessageBytes));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; },
      ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string string_at(const nlohmann::json& json, const char* field) {
  if (!json.is_object()) return {};
  const auto found = json.find(field);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::chrono::seconds> retry_after_of(const nlohmann::json& status) {
  const auto details = status.find("details");
  if (details == status.end() || !details->is_object()) return std::nullopt;
  const auto seconds = details->find("retryAfterSeconds");
  if (seconds == details->end() || !seconds->is_number_unsigned()) return std::nullopt;
  return std::chrono::seconds(std::min<std::uint64_t>(seconds->get<std::uint64_t>(), kMaxRetryDelay));
}

bool says_that_namespace_is_going(const nlohmann::json& status) {
  const auto details = status.find("details");
  if (details == status.end() || !details->is_object()) return false;
  const auto causes = details->find("causes");
  if (causes == details->end() || !causes->is_array()) return false;
  return std::ranges::any_of(*causes, [](const nlohmann::json& cause) {
    return string_at(cause, "reason") == "NamespaceTerminating";
  });
}

ErrorKind kind_of(int code, std::string_view reason) {
  switch (code) {
    case 400:
    case 413:
    case 422: return ErrorKind::Invalid;
    case 401: return ErrorKind::Unauthorized;
    case 403: return ErrorKind::Forbidden;
    case 404: return ErrorKind::NotFound;
    case 409: return reason == "AlreadyExists" ? ErrorKind::AlreadyExists : ErrorKind::Conflict;
    case 410: return ErrorKind::Gone;
    case 429: return ErrorKind::TooManyRequests;
    default: break;
  }
  if (reason == "Expired" || reason == "Gone") return ErrorKind::Gone;
  if (code >= 502 && code <= 504) return ErrorKind::Unavailable;
  if (code >= 500 && code <= 599) return ErrorKind::InternalError;
  return ErrorKind::Other;
}

}  // namespace

bool concerns_server(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Transport:
    case ErrorKind::Timeout:
    case ErrorKind::Tls:
    case ErrorKind::Unavailable:
    case ErrorKind::InternalError:
    case ErrorKind::TooManyRequests:
    case ErrorKind::Unauthorized:
    case ErrorKind::Cancelled: return true;
    default: return false;
  }
}

Error error_from_response(const http::Response& response) {
  const auto json = parse_json(response.body);
  const bool is_status = json.is_object() && string_at(json, "kind") == "Status";
  const std::string said = one_line(is_status ? string_at(json, "message") : std::string());
  Error error;
  error.kind = kind_of(response.status, is_status ? string_at(json, "reason") : std::string());
  error.retry_after = response.retry_after;
  if (is_status && !error.retry_after) error.retry_after = retry_after_of(json);
  error.namespace_is_going = is_status && says_that_namespace_is_going(json);
  if (!said.empty()) {
    error.message = said;
  } else if (response.status >= 300 && response.status <= 399) {
    error.message =
        "the API server answered " + std::to_string(response.status) + ", a redirect, which is not followed";
  } else {
    constexpr std::size_t kExcerpt = 200;
    const std::string body = one_line(std::string_view(response.body).substr(0, kExcerpt));
    error.message = "the API server answered " + std::to_string(response.status) +
                    (is_status || body.empty() ? "" : ": " + body);
  }
  return error;
}

Error error_from_status(const nlohmann::json& status) {
  int code = 0;
  if (const auto found = status.find("code"); found != status.end() && found->is_number_integer())
    code = static_cast<int>(found->get<std::int64_t>());
  Error error{.kind = kind_of(code, string_at(status, "reason")),
              .message = one_line(string_at(status, "message")),
              .retry_after = retry_after_of(status)};
  if (error.message.empty())
    error.message = "the API server ended the watch with code " + std::to_string(code);
  return error;
}

}  // namespace curfew::kube
