#include "http/token_source.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace curfew::http {
namespace {

constexpr std::chrono::minutes kMaxTokenAge{1};

std::string trimmed(std::string text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.erase(text.find_last_not_of(kBlank) + 1);
  text.erase(0, text.find_first_not_of(kBlank));
  return text;
}

// A newline inside would end the header and start another.
bool fits_a_header(std::string_view token) {
  for (const char c : token)
    if (c <= ' ' || c > '~') return false;
  return !token.empty();
}

}  // namespace

TokenSource::TokenSource(std::string token, std::string file)
    : file_(std::move(file)),
      state_(State{
          .token = file_.empty() ? std::move(token) : std::string(), .seen = std::nullopt, .read_at = {}}) {}

Result<std::string> TokenSource::current() {
  if (file_.empty()) return state_.with([](const State& state) { return state.token; });
  return state_.with([this](State& state) { return reload(state, false); });
}

bool TokenSource::refused(const std::string& token) {
  if (file_.empty()) return false;
  return state_.with([&](State& state) {
    const auto fresh = reload(state, true);
    return fresh && *fresh != token;
  });
}

Result<std::string> TokenSource::reload(State& state, bool always) {
  const auto trouble = [&](std::string_view what) -> Result<std::string> {
    // The file may be in the middle of a replacement; the server decides about the old token.
    if (state.seen) return state.token;
    return fail(ErrorKind::Unauthorized, "the token file " + file_ + " " + std::string(what));
  };
  const auto seen = FileVersion::of(file_);
  if (!seen) return trouble(std::string("cannot be read: ") + std::strerror(errno));
  const auto now = std::chrono::steady_clock::now();
  if (!always && state.seen == seen && now - state.read_at < kMaxTokenAge) return state.token;

  std::ifstream in(file_, std::ios::binary);
  std::string token = trimmed(std::string(std::istreambuf_iterator<char>(in), {}));
  if (in.bad() || !in.is_open()) return trouble("cannot be read");
  if (!fits_a_header(token))
    return trouble(token.empty() ? "is empty; a bearer token is expected" : "does not hold one bearer token");
  state = State{.token = std::move(token), .seen = seen, .read_at = now};
  return state.token;
}

}  // namespace curfew::http
