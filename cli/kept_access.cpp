#include "cli/kept_access.hpp"

#include <algorithm>
#include <chrono>

#include "cli/describe.hpp"
#include "client/command.hpp"
#include "client/extend.hpp"
#include "core/decide/decide.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

constexpr std::chrono::seconds kPoll{1};
// How often to look whether the access was ended before its time.
constexpr std::chrono::seconds kLook{15};

// How long the access of this request alone lasts: for an extension, from the end of what it extends.
std::chrono::seconds span_of(const api::AccessRequest& request) {
  const auto& status = request.status;
  const TimePoint end = *status.expires_at;
  const TimePoint begin = status.extends ? status.extends->expires_at : status.granted_at.value_or(end);
  return std::chrono::duration_cast<std::chrono::seconds>(end - begin);
}

}  // namespace

KeptAccess::KeptAccess(Parts parts)
    : parts_(std::move(parts)),
      current_(parts_.granted),
      thread_([this](const std::stop_token& stop) { look_after(stop); }) {}

std::vector<api::AccessRequest> KeptAccess::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  std::vector<api::AccessRequest> latest_first = extensions_;
  std::ranges::reverse(latest_first);
  return latest_first;
}

void KeptAccess::look_after(const std::stop_token& stop) {
  while (true) {
    const auto lead = client::warning_lead(span_of(current_));
    if (!wait_until(stop, *current_.status.expires_at - lead)) return;
    if (!parts_.extension.empty() && extend(stop)) continue;
    if (stop.stop_requested()) return;
    parts_.say(Printable("warning: access ends in ") +
               format_duration(std::max(lead, std::chrono::seconds(1))) + ", and the command still runs");
    if (!wait_until(stop, *current_.status.expires_at)) return;
    return parts_.say("warning: access has ended, and the command still runs");
  }
}

// Asks for more and waits for it, at the longest until the access ends. Returns whether it was granted.
bool KeptAccess::extend(const std::stop_token& stop) {
  const Clock& clock = *parts_.session.clock;
  const auto made = client::extend(parts_.session, current_.metadata.key(),
                                   {.name = {}, .duration = parts_.extension, .reason = {}});
  if (!made) {
    parts_.say(Printable("warning: access could not be extended: ") + made.error().message);
    return false;
  }
  extensions_.push_back(made->object);
  const auto key = made->object.metadata.key();
  parts_.say(Printable(to_string(key)) + ": asked for " + parts_.extension + " more");
  while (clock.now() < *current_.status.expires_at && wait(stop, kPoll)) {
    const auto read = parts_.session.cluster->get<api::AccessRequest>(key);
    if (!read) continue;
    const auto& status = read->object.status;
    if (status.phase == api::Phase::Active && status.expires_at) {
      current_ = read->object;
      parts_.say(Printable("access goes on until ") + format_rfc3339(*status.expires_at));
      return true;
    }
    if (!core::is_over(status)) continue;
    parts_.say(Printable("warning: access is not extended: ") + to_string(key) + " is " +
               phase_text(read->object) + ": " + status.message);
    return false;
  }
  return false;
}

bool KeptAccess::wait_until(const std::stop_token& stop, TimePoint time) {
  const Clock& clock = *parts_.session.clock;
  while (true) {
    const auto left = time - clock.now();
    if (!wait(stop, std::min<TimePoint::duration>(left, kLook))) return false;
    if (left <= kLook) return true;
    const auto read = parts_.session.cluster->get<api::AccessRequest>(current_.metadata.key());
    if (!read || !core::is_over(read->object.status)) continue;
    parts_.say(Printable("warning: access has ended, and the command still runs: ") +
               read->object.status.message);
    return false;
  }
}

bool KeptAccess::wait(const std::stop_token& stop, TimePoint::duration time) {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace curfew::cli
