#pragma once

// All kinds, with decode() and encode().
#include "api/access_policy.hpp"
#include "api/access_request.hpp"
#include "api/access_review.hpp"
#include "api/audit_record.hpp"
#include "api/coordination.hpp"
#include "api/decode.hpp"
#include "api/event.hpp"
#include "api/rbac.hpp"
