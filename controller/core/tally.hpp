#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/denial.hpp"
#include "core/input.hpp"

namespace curfew::core {

// What the decisions of a request amount to under the policy in force.
struct Tally {
  std::vector<std::string>
      approved_by;  // distinct people whose approval counts, in the order in which they approved
  std::vector<std::optional<Denial>>
      discounted;                     // for each decision, why it does not count; nullopt: it does
  std::optional<std::size_t> ending;  // the first Deny or Revoke that counts
  std::optional<std::size_t>
      revoked;  // the first Revoke that counts: the only decision that matters once access is granted
  std::size_t required = 0;

  // Only a policy can tell, so without one nothing is reached.
  bool policy_known = false;
  bool quorum() const { return policy_known && approved_by.size() >= required; }
  std::string figures() const;  // "1/2"
};

Tally tally(const Input& input);

// The same for a request that is not granted yet: past its approval deadline an approval counts only where it
// was observed before. When it was given is not known, so one that is first seen afterwards (because nobody
// ran, or a moment too late) may be too late.
Tally tally_in_time(const Input& input);

}  // namespace curfew::core
