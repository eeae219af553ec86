#include "reconcile/request_notes.hpp"

#include <algorithm>
#include <utility>

#include "api/names.hpp"

namespace curfew::reconcile {
namespace {

bool is_empty(const RequestNote& note) {
  return !note.granted && !note.end && note.bindings.empty() && !note.observed_decisions &&
         note.unwatched_decisions == 0 && note.unwatched_reviews == 0 && !note.knows_review_records &&
         note.presence == core::Presence{} && !note.failure && !note.deleted_for && !note.unstorable &&
         !note.is_recorded && !note.announced && !note.appeared_at && !note.extended_end && !note.is_warned;
}

BindingNote& binding_note(RequestNote& note, std::string_view where) {
  const auto found = std::ranges::find(note.bindings, where, &BindingNote::where);
  if (found != note.bindings.end()) return *found;
  return note.bindings.emplace_back(BindingNote{.where = std::string(where)});
}

// The UIDs of requests that were forgotten a while ago, at most. The oldest go first.
constexpr std::size_t kMaxForgotten = 20'000;

}  // namespace

BindingNote RequestNote::binding_in(std::string_view where) const {
  const auto found = std::ranges::find(bindings, where, &BindingNote::where);
  return found == bindings.end() ? BindingNote{.where = std::string(where)} : *found;
}

RequestNote RequestNotes::of(const std::string& request_uid) const {
  return state_.with([&](const State& state) {
    const auto it = state.notes.find(request_uid);
    return it == state.notes.end() ? RequestNote{} : it->second;
  });
}

template <class Change>
void RequestNotes::change(const std::string& request_uid, Change change) {
  state_.with([&](State& state) { change(state.notes[request_uid]); });
}

void RequestNotes::remember_granted(api::AuditRecord record) {
  const auto stored = std::make_shared<const api::AuditRecord>(std::move(record));
  change(stored->request.uid, [&](RequestNote& note) { note.granted = stored; });
}

void RequestNotes::remember_end(api::AuditRecord record) {
  const auto stored = std::make_shared<const api::AuditRecord>(std::move(record));
  change(stored->request.uid, [&](RequestNote& note) { note.end = stored; });
}

void RequestNotes::remember_gone(const std::string& request_uid,
                                 std::shared_ptr<const api::RoleBinding> binding, TimePoint at) {
  change(request_uid, [&](RequestNote& note) {
    BindingNote& of = binding_note(note, binding->metadata.ns);
    of.gone = std::move(binding);
    of.gone_at = at;
  });
}

void RequestNotes::remember_granted_binding(const std::string& request_uid, const std::string& where,
                                            const std::string& binding_uid) {
  change(request_uid, [&](RequestNote& note) { binding_note(note, where).granted_uid = binding_uid; });
}

void RequestNotes::remember_observed(const std::string& request_uid, int decisions) {
  change(request_uid, [&](RequestNote& note) { note.observed_decisions = decisions; });
}

void RequestNotes::claim_observed(const std::string& request_uid, int decisions) {
  change(request_uid, [&](RequestNote& note) {
    note.observed_decisions = decisions;
    note.is_observed_claimed = true;
  });
}

void RequestNotes::confirm_observed(const std::string& request_uid) {
  change(request_uid, [](RequestNote& note) { note.is_observed_claimed = false; });
}

void RequestNotes::forget_observed(const std::string& request_uid) {
  change(request_uid, [](RequestNote& note) {
    note.observed_decisions.reset();
    note.is_observed_claimed = false;
  });
}

void RequestNotes::remember_recorded(const std::string& request_uid) {
  change(request_uid, [](RequestNote& note) { note.is_recorded = true; });
}

void RequestNotes::remember_announced(const std::string& request_uid, api::StatusEnding ending) {
  const auto kept = std::make_shared<const api::StatusEnding>(std::move(ending));
  change(request_uid, [&](RequestNote& note) {
    note.announced = kept;
    note.is_announced_claimed = false;
  });
}

void RequestNotes::claim_announced(const std::string& request_uid, api::StatusEnding ending) {
  remember_announced(request_uid, std::move(ending));
  change(request_uid, [](RequestNote& note) { note.is_announced_claimed = true; });
}

void RequestNotes::remember_unwatched(const std::string& request_uid, int decisions) {
  change(request_uid, [&](RequestNote& note) { note.unwatched_decisions = decisions; });
}

void RequestNotes::remember_review_record(const std::string& request_uid, const std::string& name) {
  change(request_uid, [&](RequestNote& note) { note.review_records.push_back(name); });
}

void RequestNotes::know_review_records(const std::string& request_uid,
                                       const std::vector<std::string>& names) {
  change(request_uid, [&](RequestNote& note) {
    note.review_records = names;
    note.knows_review_records = true;
  });
}

void RequestNotes::remember_unwatched_reviews(const std::string& request_uid, int reviews) {
  change(request_uid, [&](RequestNote& note) { note.unwatched_reviews = reviews; });
}

void RequestNotes::remember_presence(const std::string& request_uid, const core::Presence& presence) {
  change(request_uid, [&](RequestNote& note) { note.presence = presence; });
}

void RequestNotes::remember_failure(const std::string& request_uid, core::GrantFailure failure) {
  change(request_uid, [&](RequestNote& note) {
    if (note.failure) failure.first_at = note.failure->first_at;
    note.failure = std::make_shared<const core::GrantFailure>(std::move(failure));
  });
}

bool RequestNotes::retry_forbidden_grant(const std::string& request_uid, TimePoint at) {
  return state_.with([&](State& state) {
    const auto found = state.notes.find(request_uid);
    if (found == state.notes.end()) return false;
    auto& failure = found->second.failure;
    if (!failure || failure->reason != api::reason::kBindingForbidden) return false;
    core::GrantFailure sooner = *failure;
    sooner.retry_at = std::min(sooner.retry_at, at);
    failure = std::make_shared<const core::GrantFailure>(std::move(sooner));
    return true;
  });
}

void RequestNotes::remember_deleted_for(const std::string& request_uid, core::Denial why) {
  const auto kept = std::make_shared<const core::Denial>(std::move(why));
  change(request_uid, [&](RequestNote& note) { note.deleted_for = kept; });
}

void RequestNotes::remember_unstorable(const std::string& request_uid, std::string message) {
  const auto kept = std::make_shared<const std::string>(std::move(message));
  change(request_uid, [&](RequestNote& note) { note.unstorable = kept; });
}

void RequestNotes::remember_extended_end(const std::string& request_uid, core::Extended::End end) {
  const auto kept = std::make_shared<const core::Extended::End>(std::move(end));
  change(request_uid, [&](RequestNote& note) { note.extended_end = kept; });
}

void RequestNotes::remember_warned(const std::string& request_uid) {
  change(request_uid, [](RequestNote& note) { note.is_warned = true; });
}

void RequestNotes::forget(const std::string& request_uid, TimePoint now) {
  state_.with([&](State& state) {
    state.notes.erase(request_uid);
    auto& in_order = state.forgotten_at;
    while (!in_order.empty() &&
           (in_order.size() >= kMaxForgotten || in_order.front().first < now - kRememberForgotten)) {
      state.forgotten.erase(in_order.front().second);
      in_order.pop_front();
    }
    if (state.forgotten.insert(request_uid).second) in_order.emplace_back(now, request_uid);
  });
}

bool RequestNotes::was_forgotten(const std::string& request_uid) const {
  return state_.with([&](const State& state) { return state.forgotten.contains(request_uid); });
}

void RequestNotes::remember_appeared(const std::string& request_uid, TimePoint at) {
  change(request_uid, [&](RequestNote& note) {
    note.appeared_at = at;
    note.is_end_absent = false;
  });
}

void RequestNotes::remember_end_absent(const std::string& request_uid) {
  change(request_uid, [](RequestNote& note) { note.is_end_absent = true; });
}

void RequestNotes::know_all_records() {
  state_.with([](State& state) { state.knows_all_records = true; });
}

bool RequestNotes::knows_all_records() const {
  return state_.with([](const State& state) { return state.knows_all_records; });
}

void RequestNotes::begin_term(TimePoint now) {
  state_.with([&](State& state) {
    state.knows_all_records = false;
    state.term_began = now;
    for (auto& [uid, note] : state.notes) {
      note.granted.reset();
      for (BindingNote& binding : note.bindings) binding.granted_uid.clear();
      std::erase_if(note.bindings, [](const BindingNote& binding) { return !binding.gone; });
      note.observed_decisions.reset();
      note.is_observed_claimed = false;
      note.announced.reset();
      note.is_announced_claimed = false;
      note.unwatched_decisions = 0;
      note.unwatched_reviews = 0;
      note.review_records.clear();
      note.knows_review_records = false;
      note.presence = {};
      note.appeared_at.reset();
      note.is_end_absent = false;
      note.is_warned = false;
    }
    std::erase_if(state.notes, [](const auto& entry) { return is_empty(entry.second); });
  });
}

TimePoint RequestNotes::term_began() const {
  return state_.with([](const State& state) { return state.term_began; });
}

}  // namespace curfew::reconcile
