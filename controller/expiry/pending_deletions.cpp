#include "expiry/pending_deletions.hpp"

namespace curfew::expiry {
namespace {

// Only the leader removes the entries of requests that are over; at this count, all entries are dropped.
constexpr std::size_t kMaxEntries = 10'000;

}  // namespace

void PendingDeletions::add(const std::string& binding_uid) {
  uids_.with([&](std::set<std::string>& uids) {
    if (uids.size() >= kMaxEntries) uids.clear();
    uids.insert(binding_uid);
  });
}

void PendingDeletions::remove(const std::string& binding_uid) {
  uids_.with([&](std::set<std::string>& uids) { uids.erase(binding_uid); });
}

bool PendingDeletions::contains(const std::string& binding_uid) const {
  return uids_.with([&](const std::set<std::string>& uids) { return uids.contains(binding_uid); });
}

}  // namespace curfew::expiry
