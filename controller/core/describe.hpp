#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/access_policy.hpp"
#include "api/access_request.hpp"

// Names of objects in sentences for users.
namespace curfew::core {

std::string describe(const api::Subject& subject);          // "User alice", "ServiceAccount flux-system/flux"
std::string describe(const api::RoleRef& role);             // "ClusterRole view"
std::string describe(std::span<const api::RoleRef> roles);  // "ClusterRole view, Role debugger"
std::string describe(const api::AccessPolicy& policy);      // "AccessPolicy payments-debug"
// "\"text\"", truncated if very long, with escape sequences for line breaks and all that is invisible.
std::string in_quotes(std::string_view text);
std::string joined(std::span<const std::string> names);  // "bob, carol"
// "bob approved: looks right": without white space around the comment, and the sentence alone if nothing of
// the comment is visible.
std::string with_comment(std::string sentence, std::string_view comment);

std::string_view past_tense(api::Verdict verdict);  // "approved", "denied", "revoked"

}  // namespace curfew::core
