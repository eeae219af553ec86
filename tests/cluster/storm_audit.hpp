#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "util/time.hpp"

// Compares what a storm has left behind with what Curfew guarantees. Pure: storm.hpp gathers the evidence.
namespace curfew::test {

using Json = nlohmann::json;

struct Span {
  TimePoint from;
  TimePoint until;
};

// When each replica was dead or cut off from its API server.
class Outages {
 public:
  // `takeover`: after this time a healthy replica leads again, whatever happened before.
  Outages(std::size_t replicas, std::chrono::milliseconds takeover)
      : of_replica_(replicas), takeover_(takeover) {}

  void add(std::size_t replica, const Span& span) { of_replica_.at(replica).push_back(span); }
  // Records trouble that excuses no delay.
  void add_trouble(const Span& span) { troubles_.push_back(span); }
  // Whether some replica was out so shortly before that end that there may have been no leader.
  bool disturb(TimePoint end) const;
  // Whether disturb() holds, or other trouble was recorded at that time.
  bool trouble(TimePoint end) const;
  // When a binding with that end must be gone. With a leader: a second after it. Otherwise any replica ends
  // it two seconds after its end. A replica must have been healthy for a second.
  TimePoint latest(TimePoint end) const;

 private:
  std::vector<std::vector<Span>> of_replica_;
  std::vector<Span> troubles_;
  std::chrono::milliseconds takeover_;
};

// The required outcome of a request.
struct Expected {
  std::string name;
  std::vector<std::string> actions;  // its records, in order; the last one is also its phase
  std::string or_end;                // what the last one may be instead
  bool runs_out = false;             // its access expires, at expiresAt
  bool is_deleted = false;
};

struct Evidence {
  std::vector<Json> requests;  // those that are still stored
  std::vector<Json> records;
  std::vector<Json> bindings;  // managed ones that still exist
  // The API server's audit log, about bindings and records; other entries are ignored.
  std::vector<Json> calls;
};

struct Report {
  std::vector<std::string> wrong;  // one sentence each
  int stuck = 0;
  int lost_records = 0;
  int surplus_records = 0;
  int unordered = 0;
  int late = 0;
  // How long after their end bindings were deleted; negative if before it.
  std::vector<std::chrono::milliseconds> calm;
  std::vector<std::chrono::milliseconds> troubled;

  // The whole report, as lines for people.
  std::string text() const;
};

Report audit(const std::vector<Expected>& expected, const Evidence& evidence, const Outages& outages);

// "p50 -640 ms, p90 ..., p99 ..., max ... (of 120)".
std::string percentiles(std::vector<std::chrono::milliseconds> times);

}  // namespace curfew::test
