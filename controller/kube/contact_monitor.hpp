#pragma once

#include <chrono>
#include <map>
#include <set>

#include "util/guarded.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Says once that contact with the API server is lost, or that it is in trouble itself, and once that this is
// over, whatever the number of threads that notice. Thread-safe.
class ContactMonitor {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // A call got an answer at `now`. Lost contact is back with the first one that comes when nothing has failed
  // for a second.
  void succeeded(Instant now);

  // It got none. Counts as lost contact unless another call got an answer in the meantime, or the caller gave
  // up itself. True if this one was the news; it is none where nothing was ever reached, which whoever starts
  // says better. That the trouble has become one with trust (a certificate, a token), which does not pass by
  // itself, is news once more.
  bool failed(const Error& error, Instant began, Instant now);

  // It answered, but that it failed (InternalError) or has too much to do (TooManyRequests): contact, and
  // trouble all the same. True if this one was the news: of each of the two once, until a minute has passed
  // without it.
  bool struggled(const Error& error, Instant now);

  bool in_contact() const;

 private:
  struct State {
    Instant last_success;
    Instant last_failure;
    Instant lost_at;
    bool lost = false;
    std::set<ErrorKind> said;                // of the loss under way
    std::map<ErrorKind, Instant> struggles;  // when each was last seen
  };
  Guarded<State> state_;
};

}  // namespace curfew::kube
