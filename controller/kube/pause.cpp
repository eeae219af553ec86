#include "kube/pause.hpp"

#include <condition_variable>
#include <mutex>

namespace curfew::kube {

bool pause(std::chrono::milliseconds delay, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, delay, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace curfew::kube
