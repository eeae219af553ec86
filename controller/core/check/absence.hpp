#pragma once

#include <cstdint>
#include <optional>

#include "core/input.hpp"

// What a request rests on may go away for a moment and come back: `kubectl replace --force` deletes a policy
// and creates it again, and a tool rewrites the labels of a namespace. Until Settings::not_found_grace after
// that, nothing is refused and no access ends for it; nothing is granted either.
namespace curfew::core {

// What this process has seen at its last look at a request.
struct Presence {
  std::optional<Absence> absence;
  // The version of the policy that covered the namespace; an empty UID: none has been seen yet.
  InternedString policy_uid;
  std::int64_t policy_generation = 0;

  bool operator==(const Presence&) const = default;
};

// What is away now, given what was seen before. A policy whose spec excludes the namespace is a decision of
// its author and not an absence.
Presence observe_presence(const Input& input, const Presence& before);

// Until when the denial only makes the request wait, or its access last; nullopt if it counts now, or if
// there is none.
std::optional<TimePoint> may_return_until(const Input& input, const std::optional<Denial>& denial);

}  // namespace curfew::core
