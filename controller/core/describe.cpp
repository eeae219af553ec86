#include "core/describe.hpp"

#include <algorithm>
#include <array>

#include "api/text.hpp"

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
  return "\"" + api::cut(text, kMaxQuoted) + "\"";
}

std::string joined(std::span<const std::string> names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string with_comment(std::string sentence, std::string_view comment) {
  return is_blank(comment) ? std::move(sentence) : std::move(sentence) + ": " + std::string(comment);
}

std::string_view past_tense(api::Verdict verdict) {
  switch (verdict) {
    case api::Verdict::Approve: return "approved";
    case api::Verdict::Deny: return "denied";
    case api::Verdict::Revoke: return "revoked";
  }
  return "decided";
}

bool is_blank(std::string_view text) {
  constexpr std::array<std::string_view, 25> kSpaces{
      "\t",           "\n",           "\v",           "\f",           "\r",           " ",
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82",
      "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88",
      "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F",
      "\xE3\x80\x80"};
  while (!text.empty()) {
    const auto space =
        std::find_if(kSpaces.begin(), kSpaces.end(), [&](std::string_view s) { return text.starts_with(s); });
    if (space == kSpaces.end()) return false;
    text.remove_prefix(space->size());
  }
  return true;
}

}  // namespace curfew::core
