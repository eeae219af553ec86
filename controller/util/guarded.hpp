#pragma once

#include <mutex>
#include <utility>

namespace curfew {

// Data together with its mutex. Inside `with`, call nothing that can block or call back.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  template <class F>
  decltype(auto) with(F&& use) {
    const std::scoped_lock lock(mutex_);
    return std::forward<F>(use)(value_);
  }

  template <class F>
  decltype(auto) with(F&& use) const {
    const std::scoped_lock lock(mutex_);
    return std::forward<F>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace curfew
