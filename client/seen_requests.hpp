#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace curfew::client {

struct SeenRequest {
  api::ObjectKey key;
  std::string uid;
};

// Remembers the UID of each request that this person was shown, so that a decision by name applies to that
// request: names can be reused, UIDs cannot. Stored in a bounded file in the person's cache; if the file is
// unusable, nothing is remembered and no error is reported.
class SeenRequests {
 public:
  static constexpr std::size_t kMaxEntries = 1000;

  // With an empty `file` nothing is remembered.
  explicit SeenRequests(std::filesystem::path file) : file_(std::move(file)) {}

  // $XDG_CACHE_HOME/kubectl-curfew/seen.json, or ~/.cache/kubectl-curfew/seen.json.
  static std::filesystem::path default_file();

  // `cluster` is the API server's address.
  void remember(const std::string& cluster, const std::vector<SeenRequest>& requests) const;
  std::optional<std::string> uid_of(const std::string& cluster, const api::ObjectKey& key) const;

 private:
  std::filesystem::path file_;
};

}  // namespace curfew::client
