#include "kube/resource_version.hpp"

#include <algorithm>

namespace curfew::kube {

std::strong_ordering compare_resource_versions(std::string_view left, std::string_view right) {
  const auto strip = [](std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  };
  strip(left);
  strip(right);
  if (left.size() != right.size()) return left.size() <=> right.size();
  return left.compare(right) <=> 0;
}

}  // namespace curfew::kube
