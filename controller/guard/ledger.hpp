#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "util/time.hpp"

namespace curfew::guard {

// The guard objects, since when they have been in force without interruption, and which policies were written
// under them. Persisted across restarts, to detect a guard that was changed and restored while Curfew was
// down, and what was written meanwhile.
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
// nullopt if the text is unreadable, which counts as no ledger.
std::optional<GuardLedger> decode_ledger(const std::string& text);

// The next ledger of a guard that matches the shipped one. Same objects as before: unchanged. Other objects:
// in force a few seconds from now, because admission policies take about a second to take effect and what was
// admitted in between is unknown. No ledger and no object ever changed: since the newest was created.
GuardLedger next_ledger(const std::optional<GuardLedger>& before, const GuardLedger::Identities& live,
                        TimePoint now);

// Whether this version of a policy was written while the guard was in force, as far as is known at the start
// of a term. `before` is the last saved ledger, `live` the current guard objects, `since` when these came
// into force. Same objects as before: true unless the ledger lists the version as unbelieved. Other objects:
// true only if the ledger lists it as believed or, in a ledger without policies, if it was created after the
// ledger's guard came into force. No ledger: true if it was created after `since`.
bool was_admitted(const std::optional<GuardLedger>& before, const GuardLedger::Identities& live,
                  TimePoint since, const std::string& policy, const GuardLedger::Identity& version);

}  // namespace curfew::guard
