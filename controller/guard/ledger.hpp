#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

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
  std::string digest;  // of the specs that the objects had: guard_digest(); empty: saved by a version without
  std::optional<Policies> policies;  // nullopt: saved by a version of Curfew that did not keep them

  bool operator==(const GuardLedger&) const = default;
};

std::string encode(const GuardLedger& ledger);
// nullopt if the text is unreadable, which counts as no ledger.
std::optional<GuardLedger> decode_ledger(const std::string& text);

// The guard objects that are stored in the cluster now.
struct LiveGuard {
  GuardLedger::Identities objects;  // by "KIND/NAME"
  std::string digest;               // of the shipped specs
  bool is_as_shipped = true;        // the objects have these
};

// Whether `live` continues the guard of the ledger, so that nothing else was in force in between: each object
// of the ledger has the same UID and the same generation, or the next one, as an upgrade writes it: the specs
// of the two are then those that its version shipped and those that this one ships. Objects that the ledger
// does not list are additions. False if `live` is not as shipped, and after a guard that `not_continued`
// lists.
bool continues(const GuardLedger& before, const LiveGuard& live,
               std::span<const std::string_view> not_continued);

// The digests of the guards of earlier versions that had a hole. What was written under one of them is not
// believed under this version, as if the guard had not been in force: list there what a release closes.
std::span<const std::string_view> guards_with_holes();

// The next ledger of a guard that matches the shipped one. One that continues the guard of `before` has been
// in force since then. Another: in force a few seconds from now, because admission policies take about a
// second to take effect and what was admitted in between is unknown. No ledger and no object ever changed:
// since the newest was created.
GuardLedger next_ledger(const std::optional<GuardLedger>& before, const LiveGuard& live, TimePoint now);

// Whether this version of a policy was written while the guard was in force, as far as is known at the start
// of a term. `before` is the last saved ledger, `live` the current guard, `since` when that came into force.
// A guard that continues: true unless the ledger lists the version as unbelieved. Another: true only if the
// ledger lists it as believed or, in a ledger without policies, if it was created after the ledger's guard
// came into force. No ledger: true if it was created after `since`.
bool was_admitted(const std::optional<GuardLedger>& before, const LiveGuard& live, TimePoint since,
                  const std::string& policy, const GuardLedger::Identity& version);

}  // namespace curfew::guard
