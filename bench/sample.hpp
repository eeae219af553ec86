#pragma once

#include "arena.hpp"

namespace curfew::bench {

// What Curfew wrote for one request, so that a benchmark can write the same for other requests and measure
// the API server alone.
class Sample {
 public:
  // Reads a request that Curfew has processed. binding() is valid only if the binding still exists.
  Sample(Arena& arena, const std::string& place, const std::string& name);

  Json binding(const Json& request) const { return filled(binding_, request); }
  // `suffix` is the part after the UID: "granted" for record "UID-granted". Throws if there is none.
  Json record(const std::string& suffix, const Json& request) const;
  // The last Event, with the request's UID for a name.
  Json event(const Json& request) const;
  // {"status": ...}, as read by the constructor.
  Json status(const Json& request) const { return filled(status_, request); }

 private:
  Json filled(const Json& object, const Json& request) const;

  std::string name_;
  std::string uid_;
  Json binding_;
  Json event_;
  Json status_;
  std::vector<std::pair<std::string, Json>> records_;
};

}  // namespace curfew::bench
