#pragma once

#include <set>
#include <stop_token>
#include <string>

#include "kube/client.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "reconcile/triggers.hpp"
#include "util/result.hpp"

namespace curfew::housekeeping {

// Lists the audit records once, page by page, to find requests that began but have no end record: they were
// deleted while no replica ran. For live requests it remembers the end record, if there is one, and the
// Granted record, which no status can extend. A request that is complete without a record of its end counts
// as departed, too. Record names begin with the request's UID, so that the records of a request are adjacent.
// Memory: one page, and the UIDs of the live requests.
class AuditBackfill {
 public:
  AuditBackfill(kube::Client& client, const reconcile::Stores& stores, reconcile::RequestNotes& notes,
                reconcile::Triggers& triggers)
      : client_(client), stores_(stores), notes_(notes), triggers_(triggers) {}

  Result<void> run(std::stop_token stop);

 private:
  void note_live();
  void settle(const std::vector<api::AuditRecord>& of_one_request);
  void settle_recorded(const api::AuditRecord& end);

  kube::Client& client_;
  const reconcile::Stores& stores_;
  reconcile::RequestNotes& notes_;
  reconcile::Triggers& triggers_;
  std::set<std::string> live_;  // UIDs; used only during run()
};

}  // namespace curfew::housekeeping
