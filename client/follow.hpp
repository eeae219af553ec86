#pragma once

#include <functional>
#include <string_view>

#include "client/session.hpp"
#include "util/result.hpp"

namespace curfew::client {

// Watches the requests of the selection: passes each that there is, then each change, to `take`. The API
// server ends a watch after some minutes; then a new one starts. Returns only when there is no point in
// another: the error of the watch, or one that says that several in a row ended at once.
Error follow_requests(
    const Session& session, const Selection& selection,
    const std::function<void(std::string_view type, const Read<api::AccessRequest>&)>& take);

}  // namespace curfew::client
