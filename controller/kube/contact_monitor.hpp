#pragma once

#include <chrono>
#include <map>
#include <set>

#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Logs once that contact with the API server is lost or that the API server answers with errors, and once
// that this is over, however many threads notice. Thread-safe.
class ContactMonitor {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // A call got a response at `now`. The first response after a second without failures restores lost contact.
  void succeeded(Instant now);

  // A call got no usable response. Contact is lost unless another call got one since `began`, or the caller
  // cancelled. Returns true if this call logged the news. Before the first contact there is no news: the
  // startup code reports that better. A change to a trust problem (a certificate, a token), which does not
  // resolve itself, is news again.
  bool failed(const Error& error, Instant began, Instant now);

  // The API server answered that it failed (InternalError) or is overloaded (TooManyRequests): there is
  // contact, but also trouble. Returns true if this call logged the news: once per kind, until a minute has
  // passed without that kind.
  bool struggled(const Error& error, Instant now);

  bool in_contact() const;

 private:
  struct State {
    Instant last_success;
    Instant last_failure;
    Instant lost_at;
    bool lost = false;
    std::set<ErrorKind> said;                // kinds logged for the current loss
    std::map<ErrorKind, Instant> struggles;  // when each was last seen
  };
  Guarded<State> state_;
};

}  // namespace curfew::kube
