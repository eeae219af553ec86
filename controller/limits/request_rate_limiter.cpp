#include "limits/request_rate_limiter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/describe.hpp"

namespace curfew::limits {
namespace {

// How long a verdict is kept. Requests are decided much sooner.
constexpr std::chrono::minutes kJudgedFor{10};
// A request that was let in and whose status does not show it waiting by then was deleted right away.
constexpr std::chrono::minutes kUnconfirmedFor{1};
// Maximum numbers of entries. A dropped entry costs a token or a read if it is needed again; waiting requests
// are never dropped.
constexpr std::size_t kMaxVerdicts = 4096;
constexpr std::size_t kMaxAccounts = 4096;
constexpr std::size_t kMaxSummaries = 1000;
constexpr std::size_t kMaxWithoutPolicy = 1000;
// How often accounts are dropped that no longer differ from new ones.
constexpr std::chrono::minutes kSweepInterval{10};

std::string requester_of(const api::AccessRequest& request) {
  return request.spec.requester ? request.spec.requester->username.str() : std::string();
}

std::string place(const std::string& ns) {
  return ns.empty() ? "the cluster scope" : "namespace " + ns;
}

// A Scheduled request waits for its start time, not for a person.
bool waits(const api::AccessRequest& request) {
  return !request.status.complete && request.status.phase == api::Phase::Pending;
}

bool is_unseen(const api::AccessRequest& request) {
  return !request.status.complete && !request.status.phase;
}

bool is_same(const RequestRateLimiter::Pointer& before, const RequestRateLimiter::Pointer& after) {
  return before && after && before->metadata.uid == after->metadata.uid;
}

bool is_full(int waiting, int pending) {
  return pending > 0 && waiting >= pending;
}

}  // namespace

void RequestRateLimiter::observe(const Pointer& before, const Pointer& after) {
  state_.with([&](State& state) {
    forget_old(state);
    if (before && !is_same(before, after)) release(state, before->metadata.uid);
    if (!after || is_unseen(*after)) return;
    state.verdicts.erase(after->metadata.uid);
    if (waits(*after)) {
      hold(state, *after, true);
    } else {
      release(state, after->metadata.uid);
    }
  });
}

void RequestRateLimiter::written(const api::AccessRequest& stored) {
  if (!waits(stored)) state_.with([&](State& state) { release(state, stored.metadata.uid); });
}

std::optional<core::Flood> RequestRateLimiter::judge(const api::AccessRequest& request, bool is_gone,
                                                     bool has_policy) {
  return state_.with([&](State& state) -> std::optional<core::Flood> {
    forget_old(state);
    const std::string& uid = request.metadata.uid;
    auto verdict = state.verdicts.find(uid);
    if (verdict == state.verdicts.end()) {
      verdict = state.verdicts.emplace(uid, first_verdict(state, request, is_gone, has_policy)).first;
      state.judged.emplace_back(clock_.steady(), uid);
    }
    if (verdict->second == Bound::None) return std::nullopt;
    std::string message = words(state, request, verdict->second);
    core::RecordSummary record = summary(state, request, verdict->second, message);
    return core::Flood{.message = std::move(message), .summary = std::move(record)};
  });
}

RequestRateLimiter::Bound RequestRateLimiter::first_verdict(State& state, const api::AccessRequest& request,
                                                            bool is_gone, bool has_policy) const {
  const std::string who = requester_of(request);
  const std::string& where = request.metadata.ns;
  const auto waiting = [](const Accounts& accounts, const std::string& name) {
    const auto found = accounts.find(name);
    return found == accounts.end() ? 0 : found->second.waiting;
  };
  if (!is_gone && !state.places.contains(request.metadata.uid)) {
    if (is_full(waiting(state.requesters, who), limits_.requester.pending)) return Bound::RequesterPending;
    if (is_full(waiting(state.namespaces, where), limits_.ns.pending)) return Bound::NamespacePending;
  }
  const double of_requester = left(state.requesters, who, limits_.requester);
  const double of_namespace = left(state.namespaces, where, limits_.ns);
  if (of_requester < 1) return Bound::RequesterRate;
  if (!has_token(of_namespace, limits_.ns, of_requester, limits_.requester)) return Bound::NamespaceRate;
  if (has_policy) {
    if (!has_token(left(state.cluster, limits_.cluster), limits_.cluster, of_namespace, limits_.ns))
      return Bound::ClusterRate;
    take(state.cluster, limits_.cluster);
  }
  take(account(state.requesters, who, limits_.requester), limits_.requester);
  take(account(state.namespaces, where, limits_.ns), limits_.ns);
  if (!is_gone) {
    hold(state, request, false);
    state.unconfirmed.emplace_back(clock_.steady(), request.metadata.uid);
  }
  return Bound::None;
}

std::string RequestRateLimiter::words(const State& state, const api::AccessRequest& request,
                                      Bound bound) const {
  const std::string who = requester_of(request);
  const std::string& where = request.metadata.ns;
  const auto waiting = [](const Accounts& accounts, const std::string& name, const Limit& limit) {
    const auto found = accounts.find(name);
    return std::max(found == accounts.end() ? 0 : found->second.waiting, limit.pending);
  };
  switch (bound) {
    case Bound::None: return {};
    case Bound::RequesterPending:
      return fmt::format(
          "{} has {} requests waiting, and --pending-per-requester allows {}: ask again when some of them are decided or withdrawn",
          who, waiting(state.requesters, who, limits_.requester), limits_.requester.pending);
    case Bound::NamespacePending:
      return fmt::format(
          "{} has {} requests waiting, of all people together, and --pending-per-namespace allows {}: ask again when some of them are decided or withdrawn",
          place(where), waiting(state.namespaces, where, limits_.ns), limits_.ns.pending);
    case Bound::RequesterRate:
      return fmt::format(
          "{} sends requests faster than --requester-qps {} and --requester-burst {} allow: ask again later",
          who, limits_.requester.qps, limits_.requester.burst);
    case Bound::NamespaceRate:
      return fmt::format(
          "in {} all people together send requests faster than --namespace-qps {} and --namespace-burst {} allow (half of it is kept for those who send few): ask again later",
          place(where), limits_.ns.qps, limits_.ns.burst);
    case Bound::ClusterRate:
      return fmt::format(
          "in this cluster all people together send requests faster than --cluster-qps {} and --cluster-burst {} allow (half of it is kept for namespaces with few): ask again later",
          limits_.cluster.qps, limits_.cluster.burst);
  }
  return {};
}

std::optional<core::RecordSummary> RequestRateLimiter::begun(const State& state, const std::string& name,
                                                             const std::string& message) {
  const auto found = state.summaries.find(name);
  if (found == state.summaries.end()) return std::nullopt;
  return core::RecordSummary{.record_name = name, .message = message, .is_recorded = found->second};
}

core::RecordSummary RequestRateLimiter::begin(State& state, const std::string& name,
                                              const std::string& message) {
  if (state.summaries.size() >= kMaxSummaries) state.summaries.clear();
  state.summaries.emplace(name, false);
  return {.record_name = name, .message = message, .is_recorded = false};
}

// Selects the record of the narrowest scope that has tokens, so that a flood under many usernames does not
// leave as many records.
core::RecordSummary RequestRateLimiter::summary(State& state, const api::AccessRequest& request, Bound bound,
                                                const std::string& message) const {
  const TimePoint asked_at = request.metadata.creation_timestamp;
  const std::string until = format_rfc3339(api::flood_record_until(asked_at));
  const std::string who = requester_of(request);
  const std::string& where = request.metadata.ns;
  const double of_namespace = left(state.namespaces, where, limits_.ns);
  const bool cluster_has_token =
      has_token(left(state.cluster, limits_.cluster), limits_.cluster, of_namespace, limits_.ns);
  if (bound == Bound::RequesterPending || bound == Bound::RequesterRate) {
    const std::string name = api::flood_record_name(who, asked_at);
    const std::string sentence = fmt::format(
        "{}; other requests of {} that are rejected for this until {} have no record of their own", message,
        who, until);
    if (auto known = begun(state, name, sentence)) return *known;
    if (cluster_has_token && has_token(of_namespace, limits_.ns,
                                       left(state.requesters, who, limits_.requester), limits_.requester)) {
      take(account(state.namespaces, where, limits_.ns), limits_.ns);
      take(state.cluster, limits_.cluster);
      return begin(state, name, sentence);
    }
  }
  if (bound != Bound::ClusterRate) {
    const std::string name = api::namespace_flood_record_name(where, asked_at);
    const std::string sentence = fmt::format(
        "{}; other requests in {} that are rejected as too many until {} may have no record of their own",
        message, place(where), until);
    if (auto known = begun(state, name, sentence)) return *known;
    if (cluster_has_token) {
      take(state.cluster, limits_.cluster);
      return begin(state, name, sentence);
    }
  }
  return cluster_summary(state, request, message);
}

core::RecordSummary RequestRateLimiter::cluster_summary(State& state, const api::AccessRequest& request,
                                                        const std::string& message) const {
  const TimePoint asked_at = request.metadata.creation_timestamp;
  const std::string name = api::cluster_flood_record_name(asked_at);
  const std::string sentence = fmt::format(
      "{}; other requests in this cluster that are rejected as too many, or name no AccessPolicy that exists, until {} may have no record of their own",
      message, format_rfc3339(api::flood_record_until(asked_at)));
  if (auto known = begun(state, name, sentence)) return *known;
  return begin(state, name, sentence);
}

std::optional<core::RecordSummary> RequestRateLimiter::without_policy(const api::AccessRequest& request) {
  return state_.with([&](State& state) -> std::optional<core::RecordSummary> {
    const std::string& where = request.metadata.ns;
    const TimePoint until = api::flood_record_until(clock_.now());
    if (state.without_policy_until != until) state.without_policy.clear();
    state.without_policy_until = until;
    const auto known = state.without_policy.find(where);
    const std::size_t count = known == state.without_policy.end() ? 0 : known->second.size();
    if (count > 0 && known->second.contains(request.metadata.uid)) return std::nullopt;
    const bool has_cluster_token = has_token(left(state.cluster, limits_.cluster), limits_.cluster,
                                             left(state.namespaces, where, limits_.ns), limits_.ns);
    const bool has_room = count > 0 || state.without_policy.size() < kMaxWithoutPolicy;
    if (count < kRecordedWithoutPolicy && has_cluster_token && has_room) {
      take(state.cluster, limits_.cluster);
      state.without_policy[where].insert(request.metadata.uid);
      return std::nullopt;
    }
    const TimePoint asked_at = request.metadata.creation_timestamp;
    const std::string name = api::without_policy_record_name(where, asked_at);
    const std::string what =
        "spec.policy " + core::in_quotes(request.spec.policy) + ": there is no AccessPolicy of that name";
    const std::string sentence = fmt::format(
        "{}; other requests in {} that name no AccessPolicy that exists have no record of their own until {}",
        what, place(where), format_rfc3339(api::flood_record_until(asked_at)));
    if (auto summarised = begun(state, name, sentence)) return summarised;
    if (!has_cluster_token) return cluster_summary(state, request, what);
    take(state.cluster, limits_.cluster);
    return begin(state, name, sentence);
  });
}

void RequestRateLimiter::recorded(const api::AuditRecord& record) {
  if (record.action != api::AuditAction::Rejected || !api::is_flood_record(record.metadata.name)) return;
  state_.with([&](State& state) {
    if (state.summaries.size() >= kMaxSummaries) state.summaries.clear();
    state.summaries[record.metadata.name] = true;
  });
}

std::size_t RequestRateLimiter::size() const {
  return state_.with([](const State& state) {
    return state.requesters.size() + state.namespaces.size() + state.places.size() +
           state.unconfirmed.size() + state.verdicts.size() + state.judged.size() +
           state.without_policy.size() + state.summaries.size();
  });
}

void RequestRateLimiter::hold(State& state, const api::AccessRequest& request, bool is_known) const {
  const auto found = state.places.find(request.metadata.uid);
  if (found != state.places.end()) {
    found->second.is_known = found->second.is_known || is_known;
    return;
  }
  Account& requester = account(state.requesters, requester_of(request), limits_.requester);
  ++requester.waiting;
  Account& ns = account(state.namespaces, request.metadata.ns, limits_.ns);
  ++ns.waiting;
  state.places.emplace(request.metadata.uid, Place{.requester = &requester, .ns = &ns, .is_known = is_known});
}

void RequestRateLimiter::release(State& state, const std::string& uid) {
  const auto place = state.places.find(uid);
  if (place == state.places.end()) return;
  --place->second.requester->waiting;
  --place->second.ns->waiting;
  state.places.erase(place);
}

RequestRateLimiter::Account& RequestRateLimiter::account(Accounts& accounts, const std::string& name,
                                                         const Limit& limit) const {
  if (accounts.size() >= kMaxAccounts && !accounts.contains(name)) {
    drop_unused(accounts, limit);
    if (accounts.size() >= kMaxAccounts)
      std::erase_if(accounts, [](const auto& each) { return each.second.waiting == 0; });
  }
  return accounts[name];
}

// Drops accounts with a full bucket and no waiting request, which are as good as new.
void RequestRateLimiter::drop_unused(Accounts& accounts, const Limit& limit) const {
  std::erase_if(accounts, [&](const auto& each) {
    return each.second.waiting == 0 && left(each.second, limit) >= limit.burst;
  });
}

void RequestRateLimiter::forget_old(State& state) const {
  const SteadyTime now = clock_.steady();
  if (now - state.swept_at >= kSweepInterval) {
    state.swept_at = now;
    drop_unused(state.requesters, limits_.requester);
    drop_unused(state.namespaces, limits_.ns);
  }
  while (!state.judged.empty() &&
         (now - state.judged.front().first > kJudgedFor || state.judged.size() > kMaxVerdicts)) {
    state.verdicts.erase(state.judged.front().second);
    state.judged.pop_front();
  }
  while (!state.unconfirmed.empty() && (now - state.unconfirmed.front().first > kUnconfirmedFor ||
                                        state.unconfirmed.size() > kMaxVerdicts)) {
    const auto place = state.places.find(state.unconfirmed.front().second);
    if (place != state.places.end() && !place->second.is_known) release(state, place->first);
    state.unconfirmed.pop_front();
  }
}

double RequestRateLimiter::left(const Account& account, const Limit& limit) const {
  if (limit.qps == 0) return std::numeric_limits<double>::infinity();
  const std::chrono::duration<double> passed = clock_.steady() - account.counted_at;
  return limit.burst - std::max(0.0, account.used - passed.count() * limit.qps);
}

double RequestRateLimiter::left(const Accounts& accounts, const std::string& name, const Limit& limit) const {
  const auto found = accounts.find(name);
  return left(found == accounts.end() ? Account{} : found->second, limit);
}

bool RequestRateLimiter::has_token(double left_for_all, const Limit& shared, double left_of_own,
                                   const Limit& own) const {
  const double reserved = left_of_own * 2 >= own.burst ? 0 : shared.burst / 2.0;
  return left_for_all - reserved >= 1;
}

void RequestRateLimiter::take(Account& account, const Limit& limit) const {
  if (limit.qps == 0) return;
  account.used = limit.burst - left(account, limit) + 1;
  account.counted_at = clock_.steady();
}

}  // namespace curfew::limits
