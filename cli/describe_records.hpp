#pragma once

#include <string>
#include <vector>

#include "api/audit_record.hpp"

namespace curfew::cli {

// One line for each record, in the given order: "2026-11-24T20:00:00Z  bob approved: looks right".
std::vector<std::string> describe_records(const std::vector<api::AuditRecord>& records);

}  // namespace curfew::cli
