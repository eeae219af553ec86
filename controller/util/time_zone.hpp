#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "util/time.hpp"

namespace curfew {

// Wall-clock time somewhere: what its people read off the clock.
using LocalSeconds = std::chrono::local_seconds;

// An IANA time zone, from the system's own database through the date library; the rules of no zone are ours.
// Immutable, thread-safe.
class TimeZone {
 public:
  // nullptr for a name that the database does not have. Reads the database at its first use; throws nothing.
  static std::shared_ptr<const TimeZone> find(const std::string& name);

  virtual ~TimeZone() = default;

  virtual LocalSeconds to_local(TimePoint time) const = 0;

  // The moment at which the clock first shows that time. A time that comes twice (clocks go back) is the
  // first of the two; one that never comes (clocks go forward) is the moment of the jump.
  virtual TimePoint first_moment_of(LocalSeconds local) const = 0;
};

}  // namespace curfew
