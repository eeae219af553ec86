#pragma once

#include <chrono>

#include "util/result.hpp"

namespace curfew::reconcile {

// What an error means for the work that met it.
struct Retry {
  enum class How {
    Soon,         // somebody else wrote first: look again, uncounted
    RateLimited,  // trouble that passes: with the key's own growing delay
    After,        // the server, or good sense, says when
    Never,        // it will not get better by trying: the caller says why in a condition
  };
  How how = How::RateLimited;
  std::chrono::milliseconds after{0};  // with After
};

// A right that is missing is an admin's to grant: asked again once a minute.
inline constexpr std::chrono::seconds kForbiddenRetry{60};

// The one table that says what each error means for a retry. Pure.
Retry error_policy(const Error& error);

}  // namespace curfew::reconcile
