#include "schedule/time_zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <exception>

namespace spawn {
namespace {

using std::chrono::seconds;

date::sys_seconds moment(std::int64_t unix_s) {
  return date::sys_seconds(seconds(unix_s));
}

}  // namespace

result<time_zone> time_zone::find(std::string_view name) {
  time_zone out;
  if (name == "UTC" || name == "Etc/UTC") {
    return out;
  }
  try {
    out.zone_ = date::locate_zone(name);
    // Reads the zone's file, so that no lane does and what is wrong with it shows here.
    static_cast<void>(out.zone_->get_info(moment(0)));
  } catch (const std::exception&) {
    return fail(errc::invalid,
                "there is no time zone named '" + std::string(name) +
                    "' on this machine; expected UTC, or a name of the IANA database such as "
                    "Europe/Paris (it comes with the package tzdata)");
  }
  return out;
}

void time_zone::load_database() noexcept {
  try {
    static_cast<void>(date::get_tzdb());
  } catch (const std::exception&) {
    return;
  }
}

std::int64_t time_zone::local_s(std::int64_t unix_s) const {
  if (zone_ == nullptr) {
    return unix_s;
  }
  return unix_s + zone_->get_info(moment(unix_s)).offset.count();
}

std::int64_t time_zone::unix_s(std::int64_t local_s) const {
  if (zone_ == nullptr) {
    return local_s;
  }
  const auto info = zone_->get_info(date::local_seconds(seconds(local_s)));
  if (info.result == date::local_info::nonexistent) {
    return info.first.end.time_since_epoch().count();
  }
  return local_s - info.first.offset.count();
}

std::int64_t time_zone::latest_local_s(std::int64_t unix_s) const {
  if (zone_ == nullptr) {
    return unix_s;
  }
  const auto info = zone_->get_info(moment(unix_s));
  const std::int64_t shown = unix_s + info.offset.count();
  if (info.begin <= date::sys_seconds::min() + std::chrono::hours(48)) {
    return shown;
  }
  const std::int64_t changed = info.begin.time_since_epoch().count();
  const auto before = zone_->get_info(moment(changed - 1));
  return std::max(shown, changed - 1 + before.offset.count());
}

}  // namespace spawn
