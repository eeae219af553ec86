#include "client/extend.hpp"

#include <algorithm>
#include <map>

#include "api/names.hpp"
#include "core/decide/decide.hpp"
#include "core/effective.hpp"

namespace curfew::client {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr int kMaxAttempts = 100;

struct Numbered {
  std::string base;
  int number = 1;
};

// "fix" and 2 of "fix-2", if that is an extension: the number of any other request is part of its name.
Numbered numbered(const api::AccessRequest& request) {
  constexpr std::size_t kMaxDigits = 4;
  const std::string& name = request.metadata.name;
  const auto dash = name.rfind('-');
  if (request.spec.extends.empty() || dash == std::string::npos || dash == 0 || dash + 1 == name.size() ||
      name.size() - dash - 1 > kMaxDigits ||
      name.find_first_not_of("0123456789", dash + 1) != std::string::npos)
    return {.base = name};
  return {.base = name.substr(0, dash), .number = std::stoi(name.substr(dash + 1))};
}

// The Active request that extends the one with that UID.
Result<std::optional<api::AccessRequest>> active_extension(const Session& session, const std::string& ns,
                                                           const std::string& uid) {
  const auto found = session.cluster->list<api::AccessRequest>(
      {.ns = ns, .fields = "status.phase=Active", .labels = "", .is_cluster_scoped = ns.empty()},
      [&](const api::AccessRequest& request) {
        return request.status.extends && request.status.extends->uid == uid;
      });
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return std::nullopt;
  return found->front().object;
}

std::string describe_inactive(const api::AccessRequest& request) {
  const std::string phase =
      request.status.phase ? std::string(api::to_string(*request.status.phase)) : "not looked at yet";
  return api::to_string(request.metadata.key()) + " is " + phase +
         (core::is_over(request.status) ? " and over: ask for access anew, with kubectl curfew request"
                                        : " and gives no access yet: extend it once it is Active");
}

// Only an error that says so; who may not list finds out from Curfew.
Result<void> check_extendable(const Session& session, const api::AccessRequest& request) {
  const auto& status = request.status;
  if (status.phase != api::Phase::Active || !status.expires_at)
    return fail(ErrorKind::Invalid, describe_inactive(request));
  const std::string name = api::to_string(request.metadata.key());
  if (status.extendable_until && *status.expires_at >= *status.extendable_until) {
    return fail(ErrorKind::Invalid, name + " lasts until " + format_rfc3339(*status.expires_at) +
                                        ", as long as AccessPolicy " + request.spec.policy +
                                        " allows in all (spec.duration.maxTotal)");
  }
  const auto other = active_extension(session, request.metadata.ns, request.metadata.uid);
  if (!other || !*other) return {};
  return fail(ErrorKind::Invalid, name + " is extended already: extend that one, " + (*other)->metadata.name);
}

api::AccessRequest extension_of(const api::AccessRequest& extended, const ExtendOptions& options,
                                const api::Person& requester) {
  api::AccessRequest made;
  made.metadata.ns = extended.metadata.ns;
  made.metadata.labels = {{std::string(api::kExtendsLabel), "true"}};
  made.spec.policy = extended.spec.policy;
  made.spec.namespaces = extended.spec.namespaces;
  made.spec.role = core::effective_role(extended, nullptr);
  made.spec.subject = extended.spec.subject;
  made.spec.duration = options.duration;
  made.spec.extends = extended.metadata.name;
  made.spec.reason = options.reason.empty() ? extended.spec.reason : options.reason;
  made.spec.requester = requester;
  return made;
}

}  // namespace

std::string name_of_extension(const api::AccessRequest& extended, int attempt) {
  const Numbered last = numbered(extended);
  const std::string suffix = "-" + std::to_string(last.number + attempt);
  return last.base.substr(0, kMaxName - suffix.size()) + suffix;
}

Result<Read<api::AccessRequest>> extend(const Session& session, const api::ObjectKey& key,
                                        const ExtendOptions& options) {
  const auto extended = session.cluster->get<api::AccessRequest>(key);
  if (!extended) return tl::unexpected(extended.error());
  if (const auto checked = check_extendable(session, extended->object); !checked)
    return tl::unexpected(checked.error());
  const auto requester = session.cluster->whoami();
  if (!requester) return tl::unexpected(requester.error());
  api::AccessRequest made = extension_of(extended->object, options, *requester);
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    made.metadata.name = options.name.empty() ? name_of_extension(extended->object, attempt) : options.name;
    auto created = session.cluster->create(made, {});
    const bool is_taken = !created && created.error().kind == ErrorKind::AlreadyExists;
    if (!is_taken || !options.name.empty()) return created;
  }
  return fail(ErrorKind::AlreadyExists, "every name up to " + made.metadata.name + " is taken: give --name");
}

std::set<std::string> extended_in(const std::vector<Read<api::AccessRequest>>& requests) {
  std::map<std::string, std::string> links;
  for (const auto& [request, _] : requests)
    if (request.status.extends) links[request.metadata.uid] = request.status.extends->uid;
  std::set<std::string> extended;
  for (const auto& [request, _] : requests) {
    if (request.status.phase != api::Phase::Active) continue;
    for (auto link = links.find(request.metadata.uid);
         link != links.end() && extended.insert(link->second).second;)
      link = links.find(link->second);
  }
  return extended;
}

namespace {

constexpr const char* kUnseenEnd = "you may not look at the record of its end";
constexpr const char* kUnseenExtensions = "you may not list the requests of this namespace";

// `read`: the request of that name, if it is the one with that UID.
void add_end(const Session& session, Facts& facts, const std::string& uid,
             const std::optional<api::AccessRequest>& read) {
  core::Extended& extended = *facts.input.extended;
  if (read) {
    extended.end = {.is_by_time = read->status.phase == api::Phase::Expired,
                    .name = read->metadata.name,
                    .message = read->status.message};
    return;
  }
  const auto record =
      session.cluster->get<api::AuditRecord>({"", api::record_name(uid, api::AuditAction::Revoked)});
  extended.is_end_unknown = !record;
  if (record)
    extended.end = {.is_by_time = record->object.action == api::AuditAction::Expired,
                    .name = record->object.request.name,
                    .message = record->object.message};
  else if (record.error().kind != ErrorKind::NotFound)
    facts.unseen["extended-not-ended"] = kUnseenEnd;
}

}  // namespace

void gather_extended(const Session& session, Facts& facts) {
  const api::AccessRequest& request = *facts.input.request;
  if (request.spec.extends.empty()) return;
  core::Extended& extended = facts.input.extended.emplace();
  const auto& pinned = request.status.extends;
  const auto found = session.cluster->get<api::AccessRequest>({request.metadata.ns, request.spec.extends});
  const bool is_meant = found && found->object.metadata.uid != request.metadata.uid &&
                        (!pinned || found->object.metadata.uid == pinned->uid);
  if (!is_meant && !pinned) return;
  const auto read = is_meant ? std::optional(found->object) : std::nullopt;
  const std::string uid = read ? read->metadata.uid : pinned->uid.str();
  if (!read || core::is_over(read->status)) return add_end(session, facts, uid, read);
  const auto& status = read->status;
  extended.request = std::make_shared<const api::AccessRequest>(*read);
  extended.is_active = status.phase == api::Phase::Active && !status.ending;
  if (status.expires_at && status.granted_at)
    extended.access = {.name = request.spec.extends,
                       .uid = uid,
                       .expires_at = *status.expires_at,
                       .since = status.extends ? status.extends->since : *status.granted_at};
  const auto other = active_extension(session, request.metadata.ns, uid);
  if (!other)
    facts.unseen["extended-once"] = kUnseenExtensions;
  else if (*other && (*other)->metadata.uid != request.metadata.uid)
    extended.extended_by = (*other)->metadata.name;
}

}  // namespace curfew::client
