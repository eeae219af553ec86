#include "api/meta.hpp"

#include <algorithm>

namespace curfew::api {

std::string to_string(const ObjectKey& key) {
  return key.ns.empty() ? key.name : key.ns + "/" + key.name;
}

void set_condition(std::vector<Condition>& conditions, Condition condition) {
  const auto present = std::find_if(conditions.begin(), conditions.end(),
                                    [&](const Condition& c) { return c.type == condition.type; });
  if (present == conditions.end()) {
    conditions.push_back(std::move(condition));
    return;
  }
  if (present->status == condition.status) condition.last_transition_time = present->last_transition_time;
  *present = std::move(condition);
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace curfew::api
