// Times as people write them.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

#include "schedule/reminder_spec.hpp"

namespace spawn {

// "2024-02-29 12:30:15" in UTC as milliseconds of Unix time; seconds may be left out.
inline std::int64_t utc(const std::string& text) {
  std::tm fields{};
  const int read = std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d", &fields.tm_year, &fields.tm_mon,
                               &fields.tm_mday, &fields.tm_hour, &fields.tm_min, &fields.tm_sec);
  EXPECT_GE(read, 5) << text;
  fields.tm_year -= 1900;
  fields.tm_mon -= 1;
  return static_cast<std::int64_t>(::timegm(&fields)) * 1'000;
}

// The inverse, always with seconds.
inline std::string shown(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1'000;
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &fields);
  return text.data();
}

inline cron expression(const std::string& text) {
  auto made = cron::parse(text);
  EXPECT_TRUE(made) << text << ": " << (made ? "" : made.error().text);
  return made ? *made : cron();
}

inline time_zone zone(const std::string& name) {
  auto found = time_zone::find(name);
  EXPECT_TRUE(found) << (found ? "" : found.error().text);
  return found ? *found : time_zone();
}

// The next firing after `from`, both in UTC.
inline std::string next(const std::string& text, const std::string& from,
                        const std::string& in = "UTC") {
  const auto found = expression(text).next_after(utc(from), zone(in));
  return found ? shown(*found) : "never";
}

// The next `count` firings.
inline std::vector<std::string> series(const std::string& text, const std::string& from, int count,
                                       const std::string& in = "UTC") {
  std::vector<std::string> out;
  std::int64_t at = utc(from);
  for (int i = 0; i < count; ++i) {
    at = expression(text).next_after(at, zone(in)).value_or(0);
    out.push_back(shown(at));
  }
  return out;
}

inline reminder_spec prepared(reminder_spec raw) {
  raw.name = raw.name.empty() ? "tick" : raw.name;
  raw.action = raw.action.empty() ? "refresh" : raw.action;
  auto made = prepare(std::move(raw));
  EXPECT_TRUE(made) << (made ? "" : made.error().text);
  return made ? *made : reminder_spec();
}

inline reminder_spec by_cron(const std::string& text, missed_fire missed,
                             const std::string& in = "UTC") {
  reminder_spec raw;
  raw.cron = text;
  raw.zone = in;
  raw.missed = missed;
  return prepared(std::move(raw));
}

inline reminder_spec by_period(std::uint64_t every_ms, missed_fire missed) {
  reminder_spec raw;
  raw.every_ms = every_ms;
  raw.missed = missed;
  return prepared(std::move(raw));
}

}  // namespace spawn
