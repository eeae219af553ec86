#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"
#include "client/candidates.hpp"

namespace curfew::cli {

// The flags of the verbs that describe a request.
struct RequestFlags {
  client::RequestOptions options;  // but for the subject
  std::string subject;             // "User:bob", "ServiceAccount:NAMESPACE:NAME"; empty: the requester
};

// Where the session asks for access: "in namespace payments".
std::string scope_text(const client::Session& session);

void add_request_flags(CLI::App& command, RequestFlags& flags);

// Throws ExitError for a subject that cannot be one.
client::RequestOptions options_of(const RequestFlags& flags);

// client::fitting_of(). Throws ExitError if there are none, with the obstacles of the closest candidates.
std::vector<const client::Candidate*> fitting_candidates(const client::Session& session,
                                                         const std::vector<client::Candidate>& all,
                                                         const client::RequestOptions& options);

}  // namespace curfew::cli
