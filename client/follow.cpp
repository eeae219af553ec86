#include "client/follow.hpp"

namespace curfew::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The API server keeps a watch open for minutes.
constexpr seconds kShortWatch{10};
constexpr int kMaxShortWatches = 5;
constexpr milliseconds kFirstPause{500};  // doubles with each short watch in a row

}  // namespace

Error follow_requests(
    const Session& session, const Selection& selection,
    const std::function<void(std::string_view type, const Read<api::AccessRequest>&)>& take) {
  const auto pass_on = [&](std::string_view type, const Read<api::AccessRequest>& request) {
    take(type, request);
    return true;
  };
  int short_watches = 0;
  milliseconds pause = kFirstPause;
  while (true) {
    const auto began = session.clock->steady();
    const auto ended = session.cluster->watch_requests(selection, pass_on);
    // The resource version of a watch expires: a new one starts with the current state.
    if (!ended && ended.error().kind != ErrorKind::Gone) return ended.error();
    if (session.clock->steady() - began >= kShortWatch) {
      short_watches = 0;
      pause = kFirstPause;
      continue;
    }
    if (++short_watches == kMaxShortWatches)
      return {.kind = ErrorKind::Unavailable,
              .message = "the API server ends each watch at once" +
                         (ended ? std::string() : ": " + ended.error().message)};
    session.sleep(pause);
    pause *= 2;
  }
}

}  // namespace curfew::client
