#include "util/result.hpp"

namespace curfew {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound: return "NotFound";
    case ErrorKind::AlreadyExists: return "AlreadyExists";
    case ErrorKind::Conflict: return "Conflict";
    case ErrorKind::Gone: return "Gone";
    case ErrorKind::TooManyRequests: return "TooManyRequests";
    case ErrorKind::Unavailable: return "Unavailable";
    case ErrorKind::InternalError: return "InternalError";
    case ErrorKind::Invalid: return "Invalid";
    case ErrorKind::Forbidden: return "Forbidden";
    case ErrorKind::Unauthorized: return "Unauthorized";
    case ErrorKind::Timeout: return "Timeout";
    case ErrorKind::Cancelled: return "Cancelled";
    case ErrorKind::Transport: return "Transport";
    case ErrorKind::Tls: return "Tls";
    case ErrorKind::Decode: return "Decode";
    case ErrorKind::Other: return "Other";
  }
  return "Other";
}

}  // namespace curfew
