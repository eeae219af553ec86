#pragma once

#include <string>
#include <vector>

#include "api/audit_record.hpp"

namespace curfew::cli {

// The records of one request in order of time, one line each: "2026-11-24T20:00:00Z  bob approved: looks
// right".
std::vector<std::string> describe_records(std::vector<api::AuditRecord> records);

}  // namespace curfew::cli
