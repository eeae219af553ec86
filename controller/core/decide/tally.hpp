#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/denial.hpp"
#include "core/input.hpp"

namespace curfew::core {

// The result of the decisions of a request under the policy in force.
struct Tally {
  std::vector<std::string> approved_by;  // distinct people whose approval counts, in order of approval
  // For each decision, why it does not count; nullopt if it does.
  std::vector<std::optional<Denial>> discounted;
  std::optional<std::size_t> ending;  // the first Deny or Revoke that counts and ends the request
  // Before there is access, a Revoke by somebody who approved takes that approval back and ends nothing.
  std::vector<std::size_t> taken_back;
  // The first Revoke that counts: the only decision that matters once access is granted.
  std::optional<std::size_t> revoked;
  std::size_t required = 0;

  // Only a policy defines the quorum: without one, it is not reached.
  bool policy_known = false;
  bool quorum() const { return policy_known && approved_by.size() >= required; }
  std::string figures() const;  // "1/2"
};

Tally tally(const Input& input);

// Like tally(), for a request that is not granted yet: past its approval deadline, an approval counts only if
// it was observed before: by the status or by its record. The time of an approval is unknown, so one first
// seen afterwards (because no replica ran, or a moment too late) may be too late.
Tally tally_in_time(const Input& input);

}  // namespace curfew::core
