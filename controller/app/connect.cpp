#include "app/connect.hpp"

#include <chrono>
#include <stdexcept>

#include "api/access_request.hpp"
#include "api/names.hpp"
#include "api/rbac.hpp"
#include "http/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/pause.hpp"
#include "util/log.hpp"

namespace curfew::app {
namespace {

constexpr std::chrono::milliseconds kCrdPause{500};
constexpr int kCrdTries = 20;

// The API server answers, but with a failure: it may still serve RoleBindings, which are all that ending
// access needs.
bool is_trouble_of_the_server(ErrorKind kind) {
  return kind == ErrorKind::InternalError || kind == ErrorKind::Unavailable ||
         kind == ErrorKind::TooManyRequests || kind == ErrorKind::Decode;
}

bool is_any_access_left(kube::Client& client) {
  const auto page =
      client.list<api::RoleBinding>({.labels = std::string(api::kRequestUidLabel)}, {.limit = 1}, {});
  return page && !(page->items.empty() && page->undecodable.empty());
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

void check_access(kube::Client& client) {
  for (int attempt = 1;; ++attempt) {
    const auto page = client.list<api::AccessRequest>({}, {.limit = 1}, {});
    if (page) return;
    const Error& error = page.error();
    const bool may_serve_us_later = error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Forbidden;
    if (is_trouble_of_the_server(error.kind) || (may_serve_us_later && is_any_access_left(client))) {
      log::warn("cannot list AccessRequests: granting is paused, access still ends",
                {{"err", error.message}});
      return;
    }
    if (error.kind == ErrorKind::NotFound) {
      if (attempt < kCrdTries) {
        kube::pause(kCrdPause, {});
        continue;
      }
      throw std::runtime_error(
          "the API server does not know AccessRequests: install Curfew first (kubectl apply -k manifests/)");
    }
    if (error.kind == ErrorKind::Unauthorized) {
      throw std::runtime_error(
          "the API server does not accept our token or certificate, which is wrong or has expired: " +
          error.message);
    }
    throw std::runtime_error(error.message);
  }
}

}  // namespace curfew::app
