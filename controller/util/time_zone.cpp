#include "util/time_zone.hpp"

#include <date/tz.h>

#include <exception>

namespace curfew {
namespace {

class IanaTimeZone final : public TimeZone {
 public:
  explicit IanaTimeZone(const date::time_zone* zone) : zone_(zone) {}

  LocalSeconds to_local(TimePoint time) const override {
    const auto local =
        zone_->to_local(date::sys_seconds(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch()));
    return LocalSeconds(local.time_since_epoch());
  }

  TimePoint first_moment_of(LocalSeconds local) const override {
    const auto info = zone_->get_info(date::local_seconds(local.time_since_epoch()));
    if (info.result == date::local_info::nonexistent) return TimePoint(info.second.begin.time_since_epoch());
    return TimePoint(local.time_since_epoch() - info.first.offset);
  }

 private:
  const date::time_zone* zone_;  // lives as long as the process
};

}  // namespace

std::shared_ptr<const TimeZone> TimeZone::find(const std::string& name) {
  try {
    return std::make_shared<IanaTimeZone>(date::locate_zone(name));
  } catch (const std::exception&) {  // the library throws for an unknown name
    return nullptr;
  }
}

}  // namespace curfew
