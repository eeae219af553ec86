#pragma once

#include <string>

namespace curfew::app {

// The Pod's name and a suffix that is unique to this process: two replicas of one identity would both lead.
std::string unique_identity();

}  // namespace curfew::app
