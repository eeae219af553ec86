#pragma once

#include <chrono>

#include "util/result.hpp"

namespace curfew::reconcile {

// How to retry work that failed with an error.
struct Retry {
  enum class How {
    Soon,         // conflict with another writer: retry promptly, not counted as a failure
    RateLimited,  // transient: retry with the key's own backoff
    After,        // retry after a delay set by the server or by us
    Never,        // retrying does not help: the caller reports the reason in a condition
  };
  How how = How::RateLimited;
  std::chrono::milliseconds after{0};  // for How::After
};

// Only an admin can grant a missing permission: retry once a minute.
inline constexpr std::chrono::seconds kForbiddenRetry{60};

// The single mapping from errors to retries. Pure.
Retry error_policy(const Error& error);

}  // namespace curfew::reconcile
