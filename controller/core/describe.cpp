#include "core/describe.hpp"

#include "api/text.hpp"
#include "util/visible_text.hpp"

namespace curfew::core {

std::string describe(const api::Subject& subject) {
  return subject.kind + " " + (subject.ns.empty() ? subject.name.str() : subject.ns + "/" + subject.name);
}

std::string describe(const api::RoleRef& role) {
  return role.kind + " " + role.name;
}

std::string describe(std::span<const api::RoleRef> roles) {
  std::string text;
  for (const auto& role : roles) text += (text.empty() ? "" : ", ") + describe(role);
  return text;
}

std::string describe(const api::AccessPolicy& policy) {
  return "AccessPolicy " + policy.metadata.name;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMaxQuoted = 256;
  return "\"" + utf8::escape_invisible(api::cut(text, kMaxQuoted)) + "\"";
}

std::string joined(std::span<const std::string> names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string with_comment(std::string sentence, std::string_view comment) {
  return utf8::is_visible(comment) ? std::move(sentence) + ": " + std::string(utf8::trimmed(comment))
                                   : std::move(sentence);
}

std::string_view past_tense(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Approve: return "approved";
    case api::Verdict::Deny: return "denied";
    case api::Verdict::Revoke: return "revoked";
  }
  return "decided";
}

}  // namespace curfew::core
