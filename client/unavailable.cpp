#include "client/unavailable.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace curfew::client {
namespace {

constexpr std::chrono::seconds kRetryInterval{1};
constexpr int kMaxRetries = 10;

// The API server refuses a write before it is stored if it lacks the schema of the kind. Any other 503 may
// come from a proxy, after the API server has stored the object.
constexpr std::string_view kUnknownKind = "Resource kind ";

bool is_read(const std::vector<std::string>& arguments) {
  return !arguments.empty() && (arguments.front() == "get" || arguments.front() == "auth");
}

// The error for which the call is to be repeated; nullopt if it is final.
std::optional<Error> temporary_error(const std::vector<std::string>& arguments,
                                     const Result<KubectlOutput>& output) {
  if (!output || output->exit_code == 0) return std::nullopt;
  for (const Error& error : errors_of(output->err)) {
    if (error.kind == ErrorKind::Unavailable &&
        (is_read(arguments) || error.message.find(kUnknownKind) != std::string::npos))
      return error;
  }
  return std::nullopt;
}

}  // namespace

Result<KubectlOutput> repeat_while_unavailable(const std::vector<std::string>& arguments,
                                               const std::function<Result<KubectlOutput>()>& call,
                                               const Patience& patience) {
  auto output = call();
  if (!patience.sleep) return output;
  for (int retry = 0; retry < kMaxRetries; ++retry) {
    const auto error = temporary_error(arguments, output);
    if (!error) break;
    if (retry == 0 && patience.on_wait) patience.on_wait(*error, kRetryInterval * kMaxRetries);
    patience.sleep(kRetryInterval);
    output = call();
  }
  return output;
}

}  // namespace curfew::client
