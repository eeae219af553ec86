#include "limits/overdue_reviews.hpp"

#include <map>
#include <utility>

#include "core/identity.hpp"
#include "limits/usage_index.hpp"

namespace curfew::limits {
namespace {

constexpr std::chrono::hours kEvadedBlocksFor{24 * 30};

// What the records tell of the review of one request.
struct Reviews {
  std::string request;
  std::optional<api::ReviewTerms> asked;  // of the record ReviewRequested
  std::optional<TimePoint> evaded_at;
  int reviewed = 0;
};

void consider(std::map<std::string, Reviews>& reviews, const api::AuditRecord& record) {
  switch (record.action) {
    case api::AuditAction::ReviewRequested: reviews[record.request.uid].asked = record.review; break;
    case api::AuditAction::ReviewEvaded: reviews[record.request.uid].evaded_at = record.time; break;
    case api::AuditAction::Reviewed: ++reviews[record.request.uid].reviewed; break;
    default: return;
  }
  reviews[record.request.uid].request =
      api::to_string(api::ObjectKey{.ns = record.request.ns, .name = record.request.name});
}

std::optional<core::OverdueReview> judge(const Reviews& of, TimePoint now) {
  if (of.evaded_at) {
    const TimePoint until = floor_to_second(*of.evaded_at) + kEvadedBlocksFor;
    if (now >= until) return std::nullopt;
    return core::OverdueReview{
        .request = of.request, .since = floor_to_second(*of.evaded_at), .blocks_until = until};
  }
  if (!of.asked || !of.asked->due_at || of.reviewed >= of.asked->required || now < *of.asked->due_at)
    return std::nullopt;
  return core::OverdueReview{.request = of.request, .since = *of.asked->due_at, .blocks_until = std::nullopt};
}

}  // namespace

Result<std::optional<core::OverdueReview>> find_overdue_review(kube::Client& client,
                                                               const api::Subject& subject,
                                                               const std::string& policy, TimePoint now,
                                                               const std::stop_token& stop) {
  const std::string username = core::username_of(subject);
  std::map<std::string, Reviews> reviews;  // by the request's UID
  for (const api::Subject& spelling : spellings_of(subject)) {
    kube::ListParams params;
    do {
      auto page = client.list<api::AuditRecord>(records_of(spelling, policy), params, stop);
      if (!page) return tl::unexpected(page.error());
      for (const api::AuditRecord& record : page->items) {
        if (record.subject && core::username_of(*record.subject) == username) consider(reviews, record);
      }
      params.continue_token = page->continue_token;
    } while (!params.continue_token.empty());
  }
  std::optional<core::OverdueReview> first;
  for (const auto& [uid, of] : reviews) {
    auto overdue = judge(of, now);
    if (overdue && (!first || overdue->since < first->since)) first = std::move(overdue);
  }
  return first;
}

}  // namespace curfew::limits
