#include "kube/clock_offset.hpp"

#include <fmt/format.h>
#include <utility>

#include "util/log.hpp"

namespace curfew::kube {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kSlowest{1};
constexpr milliseconds kHalfOfDatesSecond{500};
constexpr std::chrono::seconds kOff{2};
// A second less: one offset looks like any within a second, by where in its second the Date was taken.
constexpr std::chrono::seconds kFine{1};

}  // namespace

void ClockOffset::heard(TimePoint date, std::chrono::nanoseconds round_trip, TimePoint now) {
  if (round_trip > kSlowest) return;
  const TimePoint ours = now - std::chrono::duration_cast<microseconds>(round_trip) / 2;
  const microseconds offset = ours - (date + kHalfOfDatesSecond);
  if (report_) report_(offset);
  const microseconds size = std::chrono::abs(offset);
  const bool news = is_off_.with([&](bool& is_off) {
    const bool is_off_now = is_off ? size > kFine : size > kOff;
    return std::exchange(is_off, is_off_now) != is_off_now;
  });
  if (!news) return;
  const std::string seconds = fmt::format("{:.1f}s", std::chrono::duration<double>(offset).count());
  if (size > kOff) log::warn("our clock and the API server's disagree: access ends by ours; check NTP on both", {{"ours_minus_server", seconds}});
  else log::info("our clock and the API server's agree again", {{"ours_minus_server", seconds}});
}

bool ClockOffset::is_off() const {
  return is_off_.with([](bool is_off) { return is_off; });
}

}  // namespace curfew::kube
