#include "audit/commitment.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "audit/canonical_json.hpp"
#include "util/base64.hpp"

namespace curfew::audit {
namespace {

using nlohmann::json;

// The text of a member; nullptr if there is none, or none that is a text.
const std::string* text_at(const json& object, std::string_view name) {
  const auto member = object.find(name);
  return member == object.end() ? nullptr : member->get_ptr<const std::string*>();
}

// A DNS subdomain (RFC 1123), but for where its dots and dashes are.
bool is_object_name(std::string_view text) {
  constexpr std::size_t kMaxNameBytes = 253;
  return !text.empty() && text.size() <= kMaxNameBytes &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

// nullptr unless the object has a name.
const std::string* name_of(const json& record) {
  if (!record.is_object()) return nullptr;
  const auto metadata = record.find("metadata");
  if (metadata == record.end() || !metadata->is_object()) return nullptr;
  const std::string* name = text_at(*metadata, "name");
  return name != nullptr && is_object_name(*name) ? name : nullptr;
}

tl::unexpected<Error> cannot_be_hashed(const std::string& why) {
  return fail(ErrorKind::Decode, "the record cannot be hashed: " + why);
}

Result<std::string> salt_of(const json& record) {
  const auto member = record.find(kSaltField);
  if (member == record.end()) return std::string();
  const auto* text = member->get_ptr<const std::string*>();
  const auto salt = text == nullptr ? std::nullopt : decode_base64(*text);
  if (!salt || salt->size() != kSaltBytes)
    return cannot_be_hashed(fmt::format("its salt is not {} bytes in base64", kSaltBytes));
  return *salt;
}

}  // namespace

Result<std::string> canonical_record(const json& record) {
  const std::string* name = name_of(record);
  if (name == nullptr) return cannot_be_hashed("it is no object with a metadata.name");
  const json metadata = {{"name", *name}};
  std::vector<Member> members = {{"metadata", &metadata}};
  for (auto field = record.begin(); field != record.end(); ++field) {
    if (field.key() != "apiVersion" && field.key() != "kind" && field.key() != "metadata")
      members.push_back({field.key(), &*field});
  }
  auto text = canonical_object(members);
  if (!text) return cannot_be_hashed(text.error().message);
  return text;
}

Result<Hash> commitment(const json& record) {
  const auto text = canonical_record(record);
  if (!text) return tl::unexpected(text.error());
  const auto salt = salt_of(record);
  if (!salt) return tl::unexpected(salt.error());
  return sha256(*salt + *text);
}

Result<RecordLeaf> leaf_of(const json& record) {
  const auto hash = commitment(record);
  if (!hash) return tl::unexpected(hash.error());
  const std::string* action = text_at(record, "action");
  const std::string* time = text_at(record, "time");
  if (action == nullptr || action->empty()) return cannot_be_hashed("it has no action");
  const auto parsed = time == nullptr ? std::nullopt : parse_rfc3339(*time);
  if (!parsed) return cannot_be_hashed("it has no time");
  return RecordLeaf{.record = *name_of(record), .action = *action, .time = *parsed, .commitment = *hash};
}

Result<void> verify_record(const RecordLeaf& leaf, const json& record) {
  const auto expected = leaf_of(record);
  if (!expected) return tl::unexpected(expected.error());
  if (*expected == leaf) return {};
  const char* what = expected->record != leaf.record   ? "name"
                     : expected->action != leaf.action ? "action"
                     : expected->time != leaf.time     ? "time"
                                                       : "content";
  return fail(ErrorKind::Invalid,
              fmt::format("the {} of record {} is not what the log says", what, expected->record));
}

}  // namespace curfew::audit
