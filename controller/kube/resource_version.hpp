#pragma once

#include <compare>
#include <string_view>

namespace curfew::kube {

// Orders resource versions of one kind: decimal numbers of any length; empty is the oldest.
std::strong_ordering compare_resource_versions(std::string_view left, std::string_view right);

}  // namespace curfew::kube
