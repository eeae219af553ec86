#include "limits/usage_index.hpp"

#include <algorithm>
#include <set>

#include "core/decide/decide.hpp"
#include "core/effective.hpp"
#include "core/identity.hpp"

namespace curfew::limits {
namespace {

bool ends_access(const api::AuditRecord& record) {
  return record.granted_at &&
         (record.action == api::AuditAction::Expired || record.action == api::AuditAction::Revoked);
}

// The record is later than the end if no replica ran when the end came.
TimePoint end_of(const api::AuditRecord& record) {
  return record.expires_at ? std::min(*record.expires_at, record.time) : record.time;
}

void consider(std::optional<TimePoint>& latest, TimePoint end) {
  if (!latest || *latest < end) latest = end;
}

// What each request extends, by UIDs.
using Links = std::map<std::string, std::string>;

// The request with that UID, if there is one, and all that it extends.
std::set<std::string> chain_of(std::string uid, const Links& links) {
  std::set<std::string> chain;
  while (!uid.empty() && chain.insert(uid).second) {
    const auto found = links.find(uid);
    uid = found == links.end() ? std::string() : found->second;
  }
  return chain;
}

}  // namespace

std::vector<api::Subject> spellings_of(const api::Subject& subject) {
  const api::Subject as_user{.kind = "User", .name = core::username_of(subject), .ns = {}};
  const api::Subject as_account = core::subject_for({.username = as_user.name, .groups = {}});
  if (as_account == as_user) return {as_user};
  return {as_account, as_user};
}

kube::Selection records_of(const api::Subject& subject, const std::string& policy) {
  return {.ns = {},
          .labels = {},
          .fields = "policy.name=" + kube::escape_field_value(policy) +
                    ",subject.name=" + kube::escape_field_value(subject.name)};
}

Result<core::Usage> UsageIndex::usage_of(const api::AccessRequest& request, const api::AccessPolicy& policy,
                                         std::stop_token stop, const std::string& extends) {
  core::Usage usage;
  const auto subject = core::effective_subject(request);
  if (!policy.spec.limits || !subject) return usage;
  const Whose whose{policy.metadata.name, core::username_of(*subject)};
  usage.active = count_active(request, whose, extends);
  if (policy.spec.limits->cooldown.empty()) return usage;
  auto end =
      extends.empty() ? last_end(*subject, whose, stop) : read_last_end(*subject, whose, extends, stop);
  if (!end) return tl::unexpected(end.error());
  usage.last_end = *end;
  return usage;
}

int UsageIndex::count_active(const api::AccessRequest& request, const Whose& whose,
                             const std::string& extends) const {
  std::set<std::string> active;
  Links links;
  for (const auto& other : requests_.list()) {
    if (other->metadata.uid == request.metadata.uid || other->spec.policy != whose.first ||
        core::is_over(other->status))
      continue;
    const auto subject = core::effective_subject(*other);
    if (!subject || core::username_of(*subject) != whose.second) continue;
    const bool is_granted = other->status.phase == api::Phase::Active || is_granted_(other->metadata.uid) ||
                            std::ranges::any_of(api::places_of(*other), [&](const std::string& where) {
                              return bindings_.get({where, api::binding_name(*other)}) != nullptr;
                            });
    if (!is_granted) continue;
    active.insert(other->metadata.uid);
    if (other->status.extends) links[other->metadata.uid] = other->status.extends->uid;
  }
  for (const std::string& uid : chain_of(extends, links)) active.erase(uid);
  return static_cast<int>(active.size());
}

Result<std::optional<TimePoint>> UsageIndex::last_end(const api::Subject& subject, const Whose& whose,
                                                      const std::stop_token& stop) {
  const auto known = ends_.with([&](Ends& ends) {
    const auto it = ends.last.find(whose);
    if (it == ends.last.end()) ends.during_read.insert_or_assign(whose, std::nullopt);
    return it == ends.last.end() ? std::nullopt : std::optional(it->second);
  });
  if (known) return *known;
  auto latest = read_last_end(subject, whose, {}, stop);
  ends_.with([&](Ends& ends) {
    if (latest) {
      if (const auto during = ends.during_read[whose]) consider(*latest, *during);
      ends.last.insert_or_assign(whose, *latest);
    }
    ends.during_read.erase(whose);
  });
  return latest;
}

Result<std::optional<TimePoint>> UsageIndex::read_last_end(const api::Subject& subject, const Whose& whose,
                                                           const std::string& extends,
                                                           const std::stop_token& stop) {
  std::map<std::string, TimePoint> ends;  // by the request's UID
  Links links;
  for (const api::Subject& spelling : spellings_of(subject)) {
    kube::ListParams params;
    do {
      auto page = client_.list<api::AuditRecord>(records_of(spelling, whose.first), params, stop);
      if (!page) return tl::unexpected(page.error());
      for (const api::AuditRecord& record : page->items) {
        if (record.extends) links[record.request.uid] = record.extends->uid;
        if (ends_access(record) && record.subject && core::username_of(*record.subject) == whose.second)
          ends[record.request.uid] = end_of(record);
      }
      params.continue_token = page->continue_token;
    } while (!params.continue_token.empty());
  }
  for (const std::string& uid : chain_of(extends, links)) ends.erase(uid);
  std::optional<TimePoint> latest;
  for (const auto& [uid, end] : ends) consider(latest, end);
  return latest;
}

void UsageIndex::recorded(const api::AuditRecord& record) {
  if (!ends_access(record) || !record.subject || !record.policy) return;
  const Whose whose{record.policy->name, core::username_of(*record.subject)};
  ends_.with([&](Ends& ends) {
    for (auto* known : {&ends.last, &ends.during_read}) {
      const auto it = known->find(whose);
      if (it != known->end()) consider(it->second, end_of(record));
    }
  });
}

void UsageIndex::forget() {
  ends_.with([](Ends& ends) { ends.last.clear(); });
}

}  // namespace curfew::limits
