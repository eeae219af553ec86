#include "client/decide.hpp"

#include <string_view>

#include "core/decide/decide.hpp"
#include "core/identity.hpp"

namespace curfew::client {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxConflicts = 5;  // Curfew's status updates of the same object conflict
// How long to wait for Curfew to reconcile a new request: it can be approved once its role and duration are
// settled.
constexpr milliseconds kPinningGrace{5000};
constexpr milliseconds kPinningPoll{500};
constexpr std::string_view kNotPinnedYet = "approve it in a moment";  // part of the guard's message

using Outcome = DecisionResult::Outcome;

DecisionResult failed(Error error) {
  return {.outcome = Outcome::Failed, .error = std::move(error)};
}

// What the request extends and a Revoke of it leaves; empty if nothing.
std::string left_by_revocation(const api::AccessRequest& request, TimePoint now) {
  const auto& extended = request.status.extends;
  return extended && extended->expires_at <= now ? "" : request.spec.extends.str();
}

// What a decision on the request has done.
DecisionResult decided(const api::AccessRequest& request, const api::Decision& decision, TimePoint now) {
  const bool is_early =
      decision.verdict == api::Verdict::Revoke && request.status.phase != api::Phase::Active;
  const bool is_own = core::is_requester_or_subject(request, decision.person);
  return {.outcome = Outcome::Decided,
          .takes_back_approval = is_early && !is_own,
          .withdraws = is_early && is_own,
          .goes_on =
              decision.verdict == api::Verdict::Revoke && !is_early ? left_by_revocation(request, now) : "",
          .error = {}};
}

bool is_pinned(const api::AccessRequest& request) {
  return (request.spec.role || request.status.role_ref) &&
         (!request.spec.duration.empty() || !request.status.duration.empty());
}

// One decision about one request, which is read again whenever it has changed.
class Decider {
 public:
  Decider(const Session& session, const api::ObjectKey& key, std::string uid)
      : session_(session), key_(key), uid_(std::move(uid)) {}

  // Whether the request could be read and has the UID; result() says why not.
  bool read() {
    auto read = session_.cluster->get<api::AccessRequest>(key_);
    if (!read) return stop(failed(read.error()));
    return accept(std::move(*read));
  }
  bool accept(Read<api::AccessRequest> read) {
    if (!read.object.metadata.uid.starts_with(uid_))
      return stop({.outcome = Outcome::Replaced, .error = {}, .was_read = was_read_});
    was_read_ = true;
    request_ = std::move(read);
    uid_ = request_.object.metadata.uid;
    return true;
  }

  // Waits until Curfew has pinned the request; gives up after kPinningGrace, when Curfew probably does not
  // run.
  bool wait_until_pinned() {
    for (milliseconds waited{0};
         !is_pinned(request()) && !core::is_over(request().status) && waited < kPinningGrace;
         waited += kPinningPoll) {
      session_.sleep(kPinningPoll);
      if (!read()) return false;
    }
    return true;
  }

  bool is_confirmed(const Confirm& confirm) {
    return confirm(request()) || stop({.outcome = Outcome::NotConfirmed, .error = {}});
  }

  Result<void> write(const api::Decision& decision) const {
    return session_.cluster->decide(request_, decision).map([](auto&&) {});
  }
  Result<void> write(const api::Review& review) const {
    return session_.cluster->review(request_, review).map([](auto&&) {});
  }

  const api::AccessRequest& request() const { return request_.object; }
  const DecisionResult& result() const { return result_; }

 private:
  bool stop(DecisionResult result) {
    result_ = std::move(result);
    return false;
  }

  const Session& session_;
  api::ObjectKey key_;
  std::string uid_;
  bool was_read_ = false;
  Read<api::AccessRequest> request_;
  DecisionResult result_;
};

}  // namespace

ApprovalSummary summary_of(const api::AccessRequest& request) {
  const auto& spec = request.spec;
  const auto& status = request.status;
  return {.key = request.metadata.key(),
          .uid = request.metadata.uid,
          .requester = spec.requester,
          .role = status.role_ref ? status.role_ref : spec.role,
          .subject = status.subject ? status.subject : spec.subject,
          .duration = std::string(status.duration.empty() ? spec.duration : status.duration),
          .start_time = std::string(spec.start_time),
          .extends = std::string(spec.extends),
          .policy = std::string(spec.policy),
          .reason = std::string(spec.reason)};
}

DecisionResult decide(const Session& session, const Target& target, const api::Decision& decision,
                      const Confirm& confirm) {
  const bool approves = decision.verdict == api::Verdict::Approve;
  Decider decider(session, target.key, target.uid);
  if (!(target.read ? decider.accept(*target.read) : decider.read())) return decider.result();
  if (approves && !decider.wait_until_pinned()) return decider.result();
  if (approves && !decider.is_confirmed(confirm)) return decider.result();
  const ApprovalSummary confirmed = summary_of(decider.request());
  int conflicts = 0;
  milliseconds waited = is_pinned(decider.request()) ? milliseconds(0) : kPinningGrace;
  while (true) {
    const auto written = decider.write(decision);
    if (written) return decided(decider.request(), decision, session.clock->now());
    const Error& error = written.error();
    const bool is_early =
        approves && error.message.find(kNotPinnedYet) != std::string::npos && waited < kPinningGrace;
    if (!is_early && error.kind != ErrorKind::Conflict) return failed(error);
    if (!is_early && ++conflicts == kMaxConflicts)
      return failed({.kind = ErrorKind::Conflict, .message = "it changes all the time: try again"});
    if (is_early) {
      session.sleep(kPinningPoll);
      waited += kPinningPoll;
    }
    if (!decider.read()) return decider.result();
    if (approves && summary_of(decider.request()) != confirmed && !decider.is_confirmed(confirm))
      return decider.result();
  }
}

DecisionResult review(const Session& session, const Target& target, const api::Review& review) {
  Decider decider(session, target.key, target.uid);
  for (int conflicts = 0; conflicts < kMaxConflicts; ++conflicts) {
    if (!decider.read()) return decider.result();
    const auto written = decider.write(review);
    if (written) return {.outcome = Outcome::Decided, .error = {}};
    if (written.error().kind != ErrorKind::Conflict) return failed(written.error());
  }
  return failed({.kind = ErrorKind::Conflict, .message = "it changes all the time: try again"});
}

Result<std::vector<Target>> find_revocable(const Session& session, const Viewer& viewer, bool all_namespaces,
                                           const std::string& labels) {
  auto active = session.cluster->list<api::AccessRequest>(
      {.ns = all_namespaces ? "" : session.own_namespace(),
       .fields = "status.phase=Active",
       .labels = labels,
       .is_cluster_scoped = session.is_cluster_wide},
      [&](const api::AccessRequest& request) { return viewer.may_revoke(request); });
  if (!active) return tl::unexpected(active.error());
  std::vector<Target> targets;
  for (auto& read : *active) {
    Target target{.key = read.object.metadata.key(), .uid = read.object.metadata.uid};
    target.read = std::move(read);
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace curfew::client
