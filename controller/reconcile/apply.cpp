#include "reconcile/apply.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <variant>

namespace curfew::reconcile {
namespace {

using runtime::Outcome;

// A start may be thousands of years away, and the wall clock may step: requeue at least this often.
constexpr std::chrono::hours kMaxSleep{1};

// These actions end access and are never held back; all others are the leader's alone.
bool only_ends_access(const core::Action& action) {
  return std::holds_alternative<core::DeleteBinding>(action) ||
         std::holds_alternative<core::FreeBinding>(action) ||
         std::holds_alternative<core::ShortenBinding>(action);
}

}  // namespace

Outcome Applier::apply(const core::Input& input, const core::Decision& decision, std::stop_token stop) {
  bool awaits_deletion = false;
  for (const core::Action& action : decision.actions) {
    if (stop.stop_requested()) return {};
    if (!only_ends_access(action) && !parts_.may_grant()) return {};
    if (const Step step = run(input, action, stop)) return *step;
    // Later actions of the decision wait only until the API server accepts the deletion.
    awaits_deletion = awaits_deletion || std::holds_alternative<core::DeleteBinding>(action);
  }
  if (awaits_deletion) return again_in(kDeletionCheck);
  if (input.request_is_gone && !input.binding && decision.next.is_never()) return forget_departed(input);
  return next_look(decision.next);
}

Step Applier::run(const core::Input& input, const core::Action& action, const std::stop_token& stop) {
  return std::visit(
      [&](const auto& known) -> Step {
        using Kind = std::decay_t<decltype(known)>;
        if constexpr (std::is_same_v<Kind, core::WriteRecord>) {
          return parts_.records.run(input, known, stop);
        } else if constexpr (std::is_same_v<Kind, core::EmitEvent>) {
          return parts_.events.run(input, known);
        } else if constexpr (std::is_same_v<Kind, core::UpdateStatus>) {
          const Step step = parts_.status.run(input, known, stop);
          if (!step && known.status.complete) forget(input);
          return step;
        } else {
          return parts_.bindings.run(input, known, stop);
        }
      },
      action);
}

Outcome Applier::next_look(const core::NextLook& next) const {
  if (!next.time()) return {};  // a change enqueues the key
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next.time() - parts_.clock.now());
  return again_in(std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(1), kMaxSleep));
}

// Later requests may have, or have had, the same name; their changes arrived while the key stood for the
// departed request.
Outcome Applier::forget_departed(const core::Input& input) {
  forget(input);
  const api::ObjectKey key = input.request->metadata.key();
  return parts_.departed.first(key) || parts_.stores.requests.get(key) ? decide_again() : Outcome{};
}

void Applier::forget(const core::Input& input) {
  const std::string& uid = input.request->metadata.uid;
  for (const BindingNote& binding : parts_.notes.of(uid).bindings)
    parts_.deletions.remove(binding.gone_uid());
  parts_.notes.forget(uid, parts_.clock.now());
  if (input.request_is_gone) parts_.departed.remove(input.request->metadata.key(), uid);
}

}  // namespace curfew::reconcile
