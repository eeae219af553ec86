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
  std::chrono::milliseconds longest_backoff{
      3'000};  // also how long it takes at most to hear again from a server that is back
  std::chrono::seconds shortest_watch{240};  // asked of the server, at random between the two
  std::chrono::seconds longest_watch{360};
  std::chrono::seconds settled{5};  // a watch that lasted as long did its work, events or not
};

// How a list becomes a watch and how each of the ways in which they fail is mended: a state machine without
// I/O. Ask next() what to do, do it, say how it went. One owner.
class Watcher {
 public:
  struct ListPage {
    std::string continue_token;
  };  // empty: the first page; forget the pages so far
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
  // An ERROR event, a line that is none, a refused or broken stream. The error decides: Gone, Decode and
  // Invalid list again, others resume.
  void watch_failed(const Error& error);
  void watch_ended(std::chrono::steady_clock::duration lasted);
  // A new list is asked for: at once.
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
  bool progressed_ = true;  // since something last went wrong
  bool expired_ = false;    // the version has, and no event came since
  std::optional<std::chrono::milliseconds> delay_;
};

}  // namespace curfew::kube
