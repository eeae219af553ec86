#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::cli {

struct SeenRequest {
  api::ObjectKey key;
  std::string uid;
};

// Which request had a name when this person looked at it: names can be used again, UIDs cannot. So a decision
// by name is about what was looked at. Kept in a file of the person's cache, bounded; whatever is wrong with
// the file, nothing is remembered, and nobody is told.
class SeenRequests {
 public:
  static constexpr std::size_t kMaxEntries = 1000;

  // `file` empty: nothing is remembered.
  explicit SeenRequests(std::filesystem::path file) : file_(std::move(file)) {}

  // $XDG_CACHE_HOME/kubectl-curfew/seen.json, or that in ~/.cache.
  static std::filesystem::path default_file();

  // `cluster` is the API server's address.
  void remember(const std::string& cluster, const std::vector<SeenRequest>& requests) const;
  std::optional<std::string> uid_of(const std::string& cluster, const api::ObjectKey& key) const;

 private:
  std::filesystem::path file_;
};

}  // namespace curfew::cli
