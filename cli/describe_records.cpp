#include "cli/describe_records.hpp"

#include <algorithm>

#include "cli/terminal.hpp"
#include "core/describe.hpp"
#include "core/grant.hpp"

namespace curfew::cli {
namespace {

std::string actor_of(const api::AuditRecord& record) {
  return record.actor ? std::string(record.actor->username) : "Curfew";
}

core::Scope scope_of(const api::AuditRecord& record) {
  if (record.request.ns.empty()) return {.namespaces = record.namespaces};
  return {.namespaces = {record.request.ns}};
}

std::string sentence_of(const api::AuditRecord& record) {
  using Action = api::AuditAction;
  const std::string role = record.role ? core::describe(*record.role) : "access";
  switch (record.action) {
    case Action::Requested: {
      std::string text = actor_of(record) + " asked for " + role + " " + core::describe(scope_of(record));
      if (!record.duration.empty()) text += " for " + record.duration + (record.extends ? " more" : "");
      if (record.extends) text += ", to extend " + record.extends->name.str();
      if (record.policy) text += " under AccessPolicy " + std::string(record.policy->name);
      return core::with_comment(text, record.reason);
    }
    case Action::Approved: return core::with_comment(actor_of(record) + " approved", record.comment);
    case Action::ApprovalWithdrawn:
      return core::with_comment(actor_of(record) + " took back their approval", record.comment);
    case Action::Denied: return core::with_comment(actor_of(record) + " denied", record.comment);
    case Action::Granted: {
      std::string text =
          (record.subject ? core::describe(*record.subject) : std::string("somebody")) + " was given " + role;
      if (record.expires_at) text += " until " + format_rfc3339(*record.expires_at);
      if (record.extends) text += ", which extends " + record.extends->name.str();
      return text;
    }
    default: break;
  }
  // The message of an end contains the actor and the actor's comment.
  return core::with_comment(std::string(api::to_string(record.action)), record.message);
}

}  // namespace

std::vector<std::string> describe_records(const std::vector<api::AuditRecord>& records) {
  std::vector<std::string> lines;
  std::ranges::transform(records, std::back_inserter(lines), [](const api::AuditRecord& record) {
    return format_rfc3339(record.time) + "  " + escape_control_characters(sentence_of(record));
  });
  return lines;
}

}  // namespace curfew::cli
