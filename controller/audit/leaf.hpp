#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "audit/hash.hpp"
#include "util/result.hpp"
#include "util/time.hpp"

// The leaves of the audit log. A leaf is canonical JSON (RFC 8785): one object with `v`, the version 1,
// `kind`, and all members of that kind, which are texts unless stated otherwise. Times are UTC with six
// digits of a second, "2026-11-24T20:00:00.123456Z". Anything else is no leaf of version 1, so that a reader
// in another language may look at `kind` and then rely on the members; what changes gets another kind or
// version.
namespace curfew::audit {

// The limit of an entry bundle (C2SP tlog-tiles).
inline constexpr std::size_t kMaxLeafBytes = 65'535;

// An AuditRecord was written. {"action", "kind": "Record", "record", "sha256", "time", "v"}
struct RecordLeaf {
  static constexpr std::string_view kKind = "Record";
  std::string record;  // metadata.name
  std::string action;
  TimePoint time;
  Hash commitment{};  // `sha256`, in base64: see audit/commitment.hpp

  bool operator==(const RecordLeaf&) const = default;
};

// The log is alive although nothing happened: what ends before it was cut off.
// {"kind": "Heartbeat", "leader", "time", "v"}
struct HeartbeatLeaf {
  static constexpr std::string_view kKind = "Heartbeat";
  TimePoint time;
  std::string leader;  // the identity of the replica that wrote it

  bool operator==(const HeartbeatLeaf&) const = default;
};

// Another replica writes from here on. {"kind": "LeaderChanged", "leader", "time", "v"}
struct LeaderChangedLeaf {
  static constexpr std::string_view kKind = "LeaderChanged";
  TimePoint time;
  std::string leader;  // the new one

  bool operator==(const LeaderChangedLeaf&) const = default;
};

// Checkpoints after this leaf may be signed by another key. {"kind": "KeyRotated", "time", "v", "vkey"}
struct KeyRotatedLeaf {
  static constexpr std::string_view kKind = "KeyRotated";
  TimePoint time;
  std::string vkey;  // the new key, as in C2SP signed-note

  bool operator==(const KeyRotatedLeaf&) const = default;
};

// The admission policies came into force or ceased to be. {"digest", "inForce", "kind": "GuardChanged",
// "time", "v"}
struct GuardChangedLeaf {
  static constexpr std::string_view kKind = "GuardChanged";
  TimePoint time;
  bool in_force = false;  // `inForce`: true or false
  std::string digest;     // of the shipped guard that was expected

  bool operator==(const GuardChangedLeaf&) const = default;
};

// The cluster was restored to an earlier state, so that this log begins anew: its first leaf.
// {"checkpoint", "kind": "Restored", "origin", "time", "v"}
struct RestoredLeaf {
  static constexpr std::string_view kKind = "Restored";
  TimePoint time;
  std::string origin;      // of the log before
  std::string checkpoint;  // its last known one: the signed note, unchanged

  bool operator==(const RestoredLeaf&) const = default;
};

// The content of a record was erased; its own leaf stays. {"by", "kind": "Erased", "record", "time", "v"}
struct ErasedLeaf {
  static constexpr std::string_view kKind = "Erased";
  TimePoint time;
  std::string record;  // metadata.name
  std::string by;      // the username; it stays in the log for ever

  bool operator==(const ErasedLeaf&) const = default;
};

using Leaf = std::variant<RecordLeaf, HeartbeatLeaf, LeaderChangedLeaf, KeyRotatedLeaf, GuardChangedLeaf,
                          RestoredLeaf, ErasedLeaf>;

// The bytes that leaf_hash() hashes. Invalid for a text that is empty or not UTF-8, and for more than
// kMaxLeafBytes.
Result<std::string> encode_leaf(const Leaf& leaf);

// Reads untrusted bytes. Decode for anything that encode_leaf() does not write, a later version or an unknown
// kind among it. Texts of the leaf are UTF-8 and not empty, and can contain anything else.
Result<Leaf> parse_leaf(std::string_view bytes);

}  // namespace curfew::audit
