#include "housekeeping/housekeeping.hpp"

#include <memory>
#include <utility>

namespace curfew::housekeeping {

Housekeeping::Housekeeping(const Parts& parts)
    : backfill_(parts.client, parts.stores, parts.requests.notes(), parts.requests.triggers()),
      retention_(
          {.client = parts.client, .clock = parts.clock, .keep = parts.keep, .is_leading = parts.is_leading}),
      unmanaged_bindings_(
          {.audit = parts.audit,
           .client = parts.client,
           .endings = parts.endings,
           .stores = parts.stores,
           .notes = parts.requests.notes(),
           .departed = parts.requests.departed(),
           .deletions = parts.deletions,
           .metrics = parts.metrics,
           .clock = parts.clock,
           .on_departed = [&requests = parts.requests](std::shared_ptr<const api::AccessRequest> last_state) {
             requests.triggers().departed(std::move(last_state));
           }}) {}

void Housekeeping::start() {
  thread_.start([this](const std::stop_token& stop) { retention_.run(stop); });
}

}  // namespace curfew::housekeeping
