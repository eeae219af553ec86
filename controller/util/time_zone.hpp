#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "util/time.hpp"

namespace curfew {

// Local wall-clock time in a time zone.
using LocalSeconds = std::chrono::local_seconds;

// An IANA time zone, from the system's own database through the date library; Curfew has no zone rules of its
// own. Immutable, thread-safe.
class TimeZone {
 public:
  // nullptr if the database does not have `name`. Reads the database on first use; throws nothing.
  static std::shared_ptr<const TimeZone> find(const std::string& name);

  virtual ~TimeZone() = default;

  virtual LocalSeconds to_local(TimePoint time) const = 0;

  // The first moment at which the clock shows `local`. For a time that occurs twice (clocks go back), the
  // first of the two; for one that never occurs (clocks go forward), the moment of the jump.
  virtual TimePoint first_moment_of(LocalSeconds local) const = 0;
};

}  // namespace curfew
