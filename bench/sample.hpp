#pragma once

#include "arena.hpp"

namespace curfew::bench {

// What Curfew wrote about one request, to be written again for others by those who want to know how long the
// API server alone takes for it.
class Sample {
 public:
  // A request of that place that Curfew has dealt with; its binding is still there, or `binding` is not asked
  // for.
  Sample(Arena& arena, const std::string& place, const std::string& name);

  Json binding(const Json& request) const { return filled(binding_, request); }
  // The record of that name: "UID-granted" and so on.
  Json record(const std::string& suffix, const Json& request) const;
  // {"status": ...}, as it stands now.
  Json status(const Json& request) const { return filled(status_, request); }

 private:
  Json filled(const Json& object, const Json& request) const;

  std::string name_;
  std::string uid_;
  Json binding_;
  Json status_;
  std::vector<std::pair<std::string, Json>> records_;
};

}  // namespace curfew::bench
