#include "reconcile/reconcilers.hpp"

#include <chrono>
#include <utility>

namespace curfew::reconcile {
namespace {

constexpr std::chrono::milliseconds kYieldRecheck{50};

}  // namespace

void Reconcilers::start(int threads) {
  workers_.emplace(
      parts_.queue, [this](const Key& key, std::stop_token stop) { return reconcile(key, std::move(stop)); },
      threads,
      runtime::WorkerHooks{.on_error = {}, .on_panic = parts_.on_panic, .watchdog = parts_.watchdog});
}

runtime::Outcome Reconcilers::reconcile(const Key& key, std::stop_token stop) const {
  if (!parts_.may_decide()) return {};
  if (parts_.must_yield()) return {.after = kYieldRecheck};
  const auto found = parts_.by_kind.find(key.kind);
  return found == parts_.by_kind.end() ? runtime::Outcome{} : found->second(key.object, std::move(stop));
}

}  // namespace curfew::reconcile
