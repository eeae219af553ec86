#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>

#include "util/backoff.hpp"
#include "util/result.hpp"

namespace curfew::kube {

struct WatcherTiming {
  std::chrono::milliseconds first_backoff{200};
  // Also the longest delay until a server that is back is noticed.
  std::chrono::milliseconds longest_backoff{3'000};
  std::chrono::seconds shortest_watch{240};  // requested from the server: random between the two
  std::chrono::seconds longest_watch{360};
  std::chrono::seconds settled{5};  // a watch that lasted this long succeeded, with or without events
};

// A state machine without I/O that turns a list into a watch and recovers from each kind of failure. Call
// next(), execute the step, report the outcome. One owner.
class Watcher {
 public:
  struct ListPage {
    std::string continue_token;  // empty: the first page; discard the pages so far
  };
  struct Watch {
    std::string resource_version;
    std::chrono::seconds timeout;
  };
  struct Wait {
    std::chrono::milliseconds delay;
  };
  using Step = std::variant<ListPage, Watch, Wait>;

  explicit Watcher(WatcherTiming timing = {}, unsigned seed = std::random_device{}());

  Step next();

  // True: that was the last page, the list is complete.
  bool page_listed(std::string_view continue_token, std::string_view resource_version);
  void list_failed(const Error& error);

  // An object's event or a bookmark.
  void event_seen(std::string_view resource_version);
  // An ERROR event, an undecodable line, or a refused or broken stream. Gone, Decode and Invalid lead to a
  // new list; after other errors the watch resumes.
  void watch_failed(const Error& error);
  void watch_ended(std::chrono::steady_clock::duration lasted);
  // A new list is requested: list at once.
  void relist();

  const std::string& resource_version() const { return resource_version_; }

 private:
  enum class State { Listing, Watching };
  void wait(const std::optional<std::chrono::seconds>& retry_after = std::nullopt);

  WatcherTiming timing_;
  Backoff backoff_;
  std::minstd_rand random_;
  State state_ = State::Listing;
  std::string continue_token_;
  std::string resource_version_;
  bool progressed_ = true;  // since the last failure
  bool expired_ = false;    // the resource version expired, and no event came since
  std::optional<std::chrono::milliseconds> delay_;
};

}  // namespace curfew::kube
