#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "util/time.hpp"

namespace curfew::guard {

// Which guard objects stood, and since when without a break; and which policies were written under them. Kept
// across restarts, so that a guard that was changed and put back while Curfew was down shows, and what was
// written meanwhile.
struct GuardLedger {
  struct Identity {
    std::string uid;
    std::int64_t generation = 0;
    TimePoint created;

    bool operator==(const Identity& other) const {
      return uid == other.uid && generation == other.generation;
    }
  };
  using Identities = std::map<std::string, Identity>;
  struct Policies {  // by name, as they were when the ledger was saved
    Identities believed;
    Identities unbelieved;  // written while the guard was not in force

    bool operator==(const Policies&) const = default;
  };
  Identities objects;  // by "KIND/NAME"
  TimePoint since;
  std::optional<Policies> policies;  // nullopt: saved by a version of Curfew that did not keep them

  bool operator==(const GuardLedger&) const = default;
};

std::string encode(const GuardLedger& ledger);
std::optional<GuardLedger> decode_ledger(
    const std::string& text);  // nullopt: unreadable, as if there were none

// The ledger for a guard that is as shipped. The same objects as before: nothing changes. Others: in force a
// while from now, since admission policies take about a second to take effect and nobody knows what was
// admitted in between. Never seen before and never changed: since the last of them was made.
GuardLedger next_ledger(const std::optional<GuardLedger>& before, const GuardLedger::Identities& live,
                        TimePoint now);

// Whether this version of a policy was written under a guard in force, as far as can be known when a term
// begins. `before` is the ledger that was saved last, `live` the guard objects of today, `since` when these
// came into force. Under the same objects everything was, but what the ledger knows better of. After a change
// of theirs only what the ledger has seen; where it did not keep policies yet, what was made later than its
// guard. Without a ledger, what was made later than the guard of today.
bool was_admitted(const std::optional<GuardLedger>& before, const GuardLedger::Identities& live,
                  TimePoint since, const std::string& policy, const GuardLedger::Identity& version);

}  // namespace curfew::guard
