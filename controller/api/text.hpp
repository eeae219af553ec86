#pragma once

#include <string>
#include <string_view>

namespace curfew::api {

inline constexpr std::size_t kMaxMessageBytes = 4096;  // status.message
// AuditRecord.message: records are kept, and have reason and comment as fields.
inline constexpr std::size_t kMaxRecordMessageBytes = 1024;
inline constexpr std::size_t kMaxNoteBytes = 1024;  // an Event's note

// The text, truncated to that many bytes with "..." at its end if it is longer; never splits a UTF-8
// sequence.
std::string cut(std::string_view text, std::size_t most_bytes);

// Kubernetes names (RFC 1123): a namespace has a label of at most 63 characters, most other objects a
// subdomain of at most 253.
bool is_dns_label(std::string_view text);
bool is_dns_subdomain(std::string_view text);

}  // namespace curfew::api
