#pragma once

#include <string>
#include <string_view>

namespace curfew::api {

inline constexpr std::size_t kMaxMessageBytes = 4096;  // status.message
inline constexpr std::size_t kMaxRecordMessageBytes =
    1024;  // AuditRecord.message: records are kept, and have reason and comment as fields
inline constexpr std::size_t kMaxNoteBytes = 1024;  // an Event's note

// The text, or as much of it as fits in that many bytes with "..." at its end; never in the middle of a UTF-8
// sequence.
std::string cut(std::string_view text, std::size_t most_bytes);

// Names as Kubernetes has them (RFC 1123): of a namespace, a label of at most 63 characters; of most other
// objects, a subdomain of at most 253.
bool is_dns_label(std::string_view text);
bool is_dns_subdomain(std::string_view text);

}  // namespace curfew::api
