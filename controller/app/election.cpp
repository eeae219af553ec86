#include "app/election.hpp"

#include <optional>
#include <utility>

#include "api/names.hpp"
#include "kube/reflector.hpp"

namespace curfew::app {
namespace {

api::ObjectKey lease_key(const Config& config) {
  return {config.ns, std::string(api::kLeaseName)};
}

}  // namespace

Election::Election(kube::Client& client, const Clock& clock, const Config& config,
                   const std::string& identity, runtime::ElectionCallbacks callbacks)
    : ns_(config.ns),
      lease_store_(client, lease_key(config)),
      elector_(lease_store_, clock, lease_key(config), identity, std::move(callbacks), config.election,
               {.holder = "nobody: Curfew is being removed",
                .lasting = config.end_all ? std::optional(config.end_all->vacancy) : std::nullopt}) {}

void Election::add_watch(kube::Watches& watches) {
  auto settings = kube::reflector_config<api::Lease>(
      {.ns = ns_, .fields = "metadata.name=" + std::string(api::kLeaseName)});
  settings.on_change = [this](const auto&, const auto& after) {
    if (after) elector_.observe(*after);
  };
  watches.add(leases_, std::move(settings));
}

void Election::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { elector_.run(stop); });
}

}  // namespace curfew::app
