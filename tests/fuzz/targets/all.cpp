#include <array>

#include "fuzz/targets.hpp"

namespace curfew::fuzz {

std::span<const Target> targets() {
  static constexpr std::array kTargets{
      Target{"watch_lines", watch_lines}, Target{"list_pages", list_pages}, Target{"kubeconfig", kubeconfig},
      Target{"durations", durations},     Target{"times", times},           Target{"policies", policies},
      Target{"decisions", decisions},     Target{"patterns", patterns},     Target{"notes", notes},
      Target{"leaves", leaves},
  };
  return kTargets;
}

}  // namespace curfew::fuzz
