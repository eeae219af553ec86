#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "audit/hash.hpp"
#include "audit/leaf.hpp"
#include "util/result.hpp"

// What a leaf says of an AuditRecord: enough to prove that the record is unchanged, and nothing that reveals
// it.
namespace curfew::audit {

// Field `salt` of a record: this many random bytes in base64, made when the record is written.
inline constexpr std::string_view kSaltField = "salt";
inline constexpr std::size_t kSaltBytes = 16;

// The canonical form of a record as the API server returns it: all its fields in canonical JSON (RFC 8785),
// `salt` included, without `apiVersion` and `kind`, and of `metadata` only `name`. What is left out says
// where and how the object is stored and not what happened: it differs in another served version
// (apiVersion), in a restored cluster (uid, resourceVersion, generation, creationTimestamp), or is written by
// others (managedFields, labels, annotations, ownerReferences, finalizers). A record carries nothing in
// labels or annotations, so anything there is not proven. Fields that this version does not know are
// included: nothing can be added to a record.
//
// Takes the whole object: one that was decoded into api::AuditRecord lacks unknown fields. Decode if it is no
// object, has no name, or cannot be written as canonical JSON.
Result<std::string> canonical_record(const nlohmann::json& record);

// SHA-256(salt || canonical_record()). The salt keeps what the log publishes from revealing a record that was
// erased: who guesses all of its fields can still not compute the hash.
//
// Records without the field, from before there was one, are hashed with an empty salt. They are as well
// proven as others, but whoever can guess every field, which UIDs and microseconds make hard but nothing
// makes impossible, can confirm the guess for ever. Decode also if `salt` is not kSaltBytes in base64.
Result<Hash> commitment(const nlohmann::json& record);

// The leaf of a record. Decode also if it has no action or time.
Result<RecordLeaf> leaf_of(const nlohmann::json& record);

// Whether the leaf is this record's. Invalid, naming what differs, if not; Decode if there is no leaf of it.
Result<void> verify_record(const RecordLeaf& leaf, const nlohmann::json& record);

}  // namespace curfew::audit
