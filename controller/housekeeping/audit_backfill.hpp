#pragma once

#include <set>
#include <stop_token>
#include <string>

#include "kube/client.hpp"
#include "reconcile/memory.hpp"
#include "reconcile/stores.hpp"
#include "reconcile/triggers.hpp"
#include "util/result.hpp"

namespace curfew::housekeeping {

// Goes through the audit records once, page by page, for requests that began but whose end is missing: they
// were deleted while no replica ran. Of live ones it remembers the end, where it is recorded, and what was
// granted, which no status can extend. Records' names begin with the request's UID, so that all of a request
// stand together. Memory: one page, and the UIDs of the live requests.
class AuditBackfill {
 public:
  AuditBackfill(kube::Client& client, const reconcile::Stores& stores, reconcile::Memory& memory,
                reconcile::Triggers& triggers)
      : client_(client), stores_(stores), memory_(memory), triggers_(triggers) {}

  Result<void> run(std::stop_token stop);

 private:
  void note_live();
  void settle(const std::vector<api::AuditRecord>& of_one_request);
  void settle_recorded(const api::AuditRecord& end);

  kube::Client& client_;
  const reconcile::Stores& stores_;
  reconcile::Memory& memory_;
  reconcile::Triggers& triggers_;
  std::set<std::string> live_;  // UIDs; while run() runs
};

}  // namespace curfew::housekeeping
