#pragma once

#include <optional>
#include <stop_token>

#include "core/input.hpp"
#include "expiry/pending_deletions.hpp"
#include "kube/client.hpp"
#include "limits/request_rate_limiter.hpp"
#include "limits/usage_index.hpp"
#include "reconcile/departed_requests.hpp"
#include "reconcile/extension_index.hpp"
#include "reconcile/facts.hpp"
#include "reconcile/request_notes.hpp"
#include "reconcile/stores.hpp"
#include "util/clock.hpp"

namespace curfew::reconcile {

// Builds the input of a decision from stores and notes. Calls the API server only for: a request that left
// the watch selection without being completed by this process; a managed binding that left its selection
// without being deleted by this process; the request of a binding that lost its owner reference; the Granted
// record where a binding and its request's phase disagree; the end record of a request that the watch reports
// late, or again; the end record of a grant whose request is over;
// Roles of a name that a policy has just begun to offer; the ended grants of a person under a policy with a
// cooldown; the Granted record, and once it is over the end record, of what a request extends; earlier
// requests of the same name if the request has a startTime or its policy sets limits.onceByName.
class Gatherer {
 public:
  struct Parts {
    const Stores& stores;
    limits::UsageIndex& usage;
    limits::RequestRateLimiter& floods;
    RequestNotes& notes;
    DepartedRequests& departed;
    const ExtensionIndex& extensions;
    const expiry::PendingDeletions& deletions;
    kube::Client& client;
    const Clock& clock;
    core::Settings settings = {};
    BelievesPolicy believes = believe_every_policy;
  };

  explicit Gatherer(const Parts& parts) : parts_(parts) {}

  // nullopt: nothing is left to decide about this request.
  Result<std::optional<core::Input>> gather(const api::ObjectKey& key, core::GuardState guard,
                                            std::stop_token stop);

 private:
  struct Found {
    std::shared_ptr<const api::AccessRequest> request;  // null: nothing to decide
    bool is_gone = false;
    bool is_completion_false = false;  // core::Input::is_completion_false
  };
  Result<void> find_earlier(core::Input& input, const std::stop_token& stop);
  void judge_claim(const core::Input& input) const;
  Result<void> judge_ending(core::Input& input, std::stop_token stop);
  Result<bool> is_recorded(const api::AccessRequest& request, std::stop_token stop);
  bool may_be_revived(const api::AccessRequest& request, const RequestNote& note) const;
  Result<void> find_end_of_revived(core::Input& input, std::stop_token stop);
  Result<void> find_recorded_decisions(core::Input& input, const std::stop_token& stop);
  void look_at_decisions(core::Input& input) const;
  void look_at_presence(core::Input& input) const;
  Result<void> find_role(core::Input& input, std::stop_token stop);
  Result<core::Place> find_place(const core::Input& input, const RequestNote& note, const std::string& where,
                                 std::stop_token stop);
  Result<void> find_bindings(core::Input& input, const std::stop_token& stop);
  Result<void> look_at_owner(core::Input& input, std::stop_token stop);
  Result<void> find_granted_record(core::Input& input, std::stop_token stop);
  Result<void> find_end_record(core::Input& input, std::stop_token stop);
  Result<void> find_review(core::Input& input, const std::stop_token& stop);
  Result<bool> is_reviewed(const api::AccessRequest& request, const api::ReviewTerms& terms,
                           const std::stop_token& stop);
  Result<void> find_usage(core::Input& input, std::stop_token stop);
  std::string granted_extension(const api::ObjectKey& extended, std::string_view uid,
                                std::string_view except_uid) const;
  Result<void> find_extended(core::Input& input, const std::stop_token& stop);
  Result<void> find_extended_access(core::Input& input, const std::string& uid, const std::stop_token& stop);
  Result<void> find_extended_end(core::Input& input, std::string uid, const std::stop_token& stop);
  Result<std::optional<api::AuditRecord>> first_early_end(api::AuditRecord end, const std::stop_token& stop);
  Result<std::optional<api::AuditRecord>> stored_record(const std::string& uid, api::AuditAction action,
                                                        std::stop_token stop);
  Result<Found> find_request(const api::ObjectKey& key, std::stop_token stop);
  Result<Found> find_departed(std::shared_ptr<const api::AccessRequest> last_state, std::stop_token stop);

  const Parts parts_;
};

}  // namespace curfew::reconcile
