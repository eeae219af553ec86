#include "audit/leaf.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "audit/canonical_json.hpp"

namespace curfew::audit {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

// The members of each kind besides `v` and `kind`, for LeafWriter and LeafReader.
void members(auto& v, auto& leaf, const RecordLeaf&) {
  v.member("record", leaf.record);
  v.member("action", leaf.action);
  v.member("time", leaf.time);
  v.member("sha256", leaf.commitment);
}
void members(auto& v, auto& leaf, const HeartbeatLeaf&) {
  v.member("time", leaf.time);
  v.member("leader", leaf.leader);
}
void members(auto& v, auto& leaf, const LeaderChangedLeaf&) {
  v.member("time", leaf.time);
  v.member("leader", leaf.leader);
}
void members(auto& v, auto& leaf, const KeyRotatedLeaf&) {
  v.member("time", leaf.time);
  v.member("vkey", leaf.vkey);
}
void members(auto& v, auto& leaf, const GuardChangedLeaf&) {
  v.member("time", leaf.time);
  v.member("inForce", leaf.in_force);
  v.member("digest", leaf.digest);
}
void members(auto& v, auto& leaf, const RestoredLeaf&) {
  v.member("time", leaf.time);
  v.member("origin", leaf.origin);
  v.member("checkpoint", leaf.checkpoint);
}
void members(auto& v, auto& leaf, const ErasedLeaf&) {
  v.member("time", leaf.time);
  v.member("record", leaf.record);
  v.member("by", leaf.by);
}

class LeafWriter {
 public:
  explicit LeafWriter(std::string_view kind) : json_{{"v", kVersion}, {"kind", kind}} {}

  void member(const char* name, const std::string& value) {
    if (value.empty()) empty_ = name;
    json_[name] = value;
  }
  void member(const char* name, bool value) { json_[name] = value; }
  void member(const char* name, TimePoint value) { json_[name] = format_rfc3339_micro(value); }
  void member(const char* name, const Hash& value) { json_[name] = to_base64(value); }

  Result<std::string> done() const {
    if (empty_ != nullptr)
      return fail(ErrorKind::Invalid,
                  fmt::format("a leaf of kind {} needs a {}", json_["kind"].get<std::string>(), empty_));
    return canonical_json(json_);
  }

 private:
  json json_;
  const char* empty_ = nullptr;
};

// Reads members until the first that is missing or not what it must be.
class LeafReader {
 public:
  explicit LeafReader(const json& object) : object_(object) {}

  void member(const char* name, std::string& value) {
    const json* found = find(name);
    if (found == nullptr || !found->is_string() || found->get_ref<const std::string&>().empty())
      return refuse(name, "a text");
    value = found->get<std::string>();
  }
  void member(const char* name, bool& value) {
    const json* found = find(name);
    if (found == nullptr || !found->is_boolean()) return refuse(name, "true or false");
    value = found->get<bool>();
  }
  void member(const char* name, TimePoint& value) {
    std::string text;
    member(name, text);
    const auto time = parse_rfc3339(text);
    if (!time || format_rfc3339_micro(*time) != text)
      return refuse(name, "a time such as 2026-11-24T20:00:00.123456Z");
    value = *time;
  }
  void member(const char* name, Hash& value) {
    std::string text;
    member(name, text);
    const auto hash = parse_hash(text);
    if (!hash) return refuse(name, "32 bytes in base64");
    value = *hash;
  }

  // Nothing if all members were read and there are no others.
  std::optional<std::string> problem(std::string_view kind) const {
    if (problem_) return problem_;
    if (object_.size() != read_ + 2)
      return fmt::format("a leaf of kind {} has members that it must not have", kind);
    return std::nullopt;
  }

 private:
  const json* find(const char* name) {
    ++read_;
    const auto member = object_.find(name);
    return member == object_.end() ? nullptr : &*member;
  }

  void refuse(const char* name, const char* expected) {
    if (!problem_) problem_ = fmt::format("{} of a leaf must be {}", name, expected);
  }

  const json& object_;
  std::size_t read_ = 0;
  std::optional<std::string> problem_;
};

tl::unexpected<Error> refused(std::string why) {
  return fail(ErrorKind::Decode, std::move(why));
}

template <std::size_t kIndex = 0>
Result<Leaf> read_kind(std::string_view kind, const json& object) {
  if constexpr (kIndex == std::variant_size_v<Leaf>) {
    return refused("the kind of a leaf is not known to this version");
  } else {
    using Kind = std::variant_alternative_t<kIndex, Leaf>;
    if (kind != Kind::kKind) return read_kind<kIndex + 1>(kind, object);
    Kind leaf;
    LeafReader reader(object);
    members(reader, leaf, leaf);
    if (auto problem = reader.problem(kind)) return refused(std::move(*problem));
    return leaf;
  }
}

}  // namespace

Result<std::string> encode_leaf(const Leaf& leaf) {
  auto bytes = std::visit(
      [](const auto& of_kind) {
        LeafWriter writer(of_kind.kKind);
        members(writer, of_kind, of_kind);
        return writer.done();
      },
      leaf);
  if (bytes && bytes->size() > kMaxLeafBytes)
    return fail(ErrorKind::Invalid,
                fmt::format("a leaf of {} bytes is longer than {}", bytes->size(), kMaxLeafBytes));
  return bytes;
}

Result<Leaf> parse_leaf(std::string_view bytes) {
  if (bytes.size() > kMaxLeafBytes)
    return refused(fmt::format("a leaf of {} bytes is longer than {}", bytes.size(), kMaxLeafBytes));
  const auto object = parse_canonical_json(bytes);
  if (!object) return refused("a leaf is not canonical JSON: " + object.error().message);
  if (!object->is_object()) return refused("a leaf is not a JSON object");
  const auto version = object->find("v");
  if (version == object->end() || *version != kVersion) return refused("a leaf is not of version 1");
  const auto kind = object->find("kind");
  if (kind == object->end() || !kind->is_string()) return refused("a leaf has no kind");
  return read_kind(kind->get_ref<const std::string&>(), *object);
}

}  // namespace curfew::audit
