#include "app/connect.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

#include "api/access_request.hpp"
#include "api/names.hpp"
#include "api/rbac.hpp"
#include "http/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "util/log.hpp"

namespace curfew::app {
namespace {

constexpr std::chrono::milliseconds kRetryPause{500};
constexpr int kMaxRefusals = 20;

// No answer, and not because of a configuration that cannot work: a wrong CA (Tls) does not pass by itself.
bool is_unreachable(ErrorKind kind) {
  return kind == ErrorKind::Transport || kind == ErrorKind::Timeout;
}

// The API server answers, but with a failure: it may still serve RoleBindings, which are all that ending
// access needs.
bool is_trouble_of_the_server(ErrorKind kind) {
  return kind == ErrorKind::InternalError || kind == ErrorKind::Unavailable ||
         kind == ErrorKind::TooManyRequests || kind == ErrorKind::Decode;
}

bool is_any_access_left(kube::Client& client, const std::stop_token& stop) {
  for (const bool is_cluster_scoped : {false, true}) {
    const auto page = client.list<api::RoleBinding>(
        {.labels = std::string(api::kRequestUidLabel), .is_cluster_scoped = is_cluster_scoped}, {.limit = 1},
        stop);
    if (page && !(page->items.empty() && page->undecodable.empty())) return true;
  }
  return false;
}

std::string advice_on(const Error& error) {
  if (error.kind == ErrorKind::NotFound)
    return "the API server does not know AccessRequests: install Curfew first (kubectl apply -k manifests/)";
  if (error.kind == ErrorKind::Unauthorized)
    return "the API server does not accept our token or certificate, which is wrong or has expired: " +
           error.message;
  return error.message;
}

}  // namespace

std::unique_ptr<http::Transport> connect(const Config& config) {
  auto credentials =
      config.kubeconfig.empty() ? kube::in_cluster_config() : kube::load_kubeconfig(config.kubeconfig);
  if (!credentials) {
    const char* hint = config.kubeconfig.empty() ? " (outside a cluster: --kubeconfig FILE)" : "";
    throw ConfigError(credentials.error().message + hint);
  }
  auto transport = http::CpprestTransport::create(*credentials);
  if (!transport) throw ConfigError(transport.error().message);
  return std::move(*transport);
}

void check_access(kube::Client& client, const std::stop_token& stop, const Pause& pause) {
  bool is_waiting = false;  // for an API server that cannot be reached
  bool has_waited = false;
  int refusals = 0;
  while (true) {
    const auto page = client.list<api::AccessRequest>({}, {.limit = 1}, stop);
    if (stop.stop_requested()) return;
    if (is_waiting && (page || !is_unreachable(page.error().kind))) {
      is_waiting = false;
      log::info("API server reachable");
    }
    if (page) return;
    const Error& error = page.error();
    if (is_unreachable(error.kind)) {
      if (!is_waiting) log::warn("API server unreachable, waiting for it", {{"err", error.message}});
      is_waiting = has_waited = true;
      pause(kRetryPause, stop);
      continue;
    }
    const bool may_serve_us_later = error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Forbidden;
    if (is_trouble_of_the_server(error.kind) || (may_serve_us_later && is_any_access_left(client, stop))) {
      log::warn("cannot list AccessRequests: granting is paused, access still ends",
                {{"err", error.message}});
      return;
    }
    const bool may_accept_us_soon =
        error.kind == ErrorKind::NotFound ||
        (has_waited && (error.kind == ErrorKind::Forbidden || error.kind == ErrorKind::Unauthorized));
    if (!may_accept_us_soon || ++refusals == kMaxRefusals) throw std::runtime_error(advice_on(error));
    pause(kRetryPause, stop);
  }
}

}  // namespace curfew::app
