#include "app/identity.hpp"

#include <unistd.h>

#include <random>

namespace curfew::app {

std::string unique_identity() {
  char host[256] = "curfew";
  ::gethostname(host, sizeof host - 1);
  std::random_device random;
  return std::string(host) + "_" + std::to_string(::getpid()) + "_" + std::to_string(random());
}

}  // namespace curfew::app
