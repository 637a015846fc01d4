#include "schedule/reminder_spec.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace spawn {
namespace {

std::string hex(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

std::optional<missed_fire> missed_fire_of(std::string_view word) {
  for (const auto each : {missed_fire::once, missed_fire::skip, missed_fire::all}) {
    if (name(each) == word) {
      return each;
    }
  }
  return std::nullopt;
}

std::string_view name(missed_fire missed) {
  switch (missed) {
    case missed_fire::once:
      return "once";
    case missed_fire::skip:
      return "skip";
    case missed_fire::all:
      return "all";
  }
  return "once";
}

result<std::uint64_t> parse_period(std::string_view text) {
  const auto refuse = [text](const char* why) {
    return fail(errc::invalid, std::string(why) + ", got \"" + std::string(text) + "\"");
  };
  std::uint64_t amount = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (fault != std::errc() || end + 1 != text.data() + text.size()) {
    return refuse("expected a number and one of s, m, h, d, such as 15m");
  }
  const std::uint64_t unit = *end == 's'   ? 1'000
                             : *end == 'm' ? 60'000
                             : *end == 'h' ? 3'600'000
                             : *end == 'd' ? 86'400'000
                                           : 0;
  if (unit == 0) {
    return refuse("expected a number and one of s, m, h, d, such as 15m");
  }
  if (amount == 0 || amount > reminder_every_ms_max / unit) {
    return refuse("expected a period from 1s to 3650d");
  }
  return amount * unit;
}

result<void> check_reminder_word(std::string_view text, std::size_t bytes_max) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (text.empty() || text.size() > bytes_max || !plain || !is_utf8(text)) {
    return fail(errc::invalid, "expected 1 to " + std::to_string(bytes_max) +
                                   " bytes of UTF-8 without control characters");
  }
  return {};
}

result<reminder_spec> prepare(reminder_spec raw) {
  if (auto checked = check_reminder_word(raw.name, reminder_name_bytes_max); !checked) {
    return fail(std::move(checked.error()).within("name"));
  }
  if (auto checked = check_reminder_word(raw.action, limits::name_bytes_max); !checked) {
    return fail(std::move(checked.error()).within("action"));
  }
  if (raw.cron.empty() == (raw.every_ms == 0)) {
    return fail(errc::invalid, "expected either cron or every, and not both");
  }
  if (raw.cron.empty()) {
    if (raw.every_ms < reminder_every_ms_min || raw.every_ms > reminder_every_ms_max) {
      return fail(errc::invalid, "every: expected a period from 1s to 3650d, got " +
                                     std::to_string(raw.every_ms) + " ms");
    }
    raw.zone = "UTC";
    return raw;
  }
  auto expression = cron::parse(raw.cron);
  if (!expression) {
    return fail(std::move(expression.error()).within("cron"));
  }
  auto zone = time_zone::find(raw.zone);
  if (!zone) {
    return fail(std::move(zone.error()).within("time_zone"));
  }
  raw.cron = expression->text();
  raw.expression = std::move(*expression);
  raw.time = *zone;
  return raw;
}

std::string to_text(const reminder_spec& spec) {
  std::string out = "name " + spec.name + "\naction " + spec.action;
  if (spec.cron.empty()) {
    out += "\nevery_ms " + std::to_string(spec.every_ms);
  } else {
    out += "\ncron " + spec.cron + "\nzone " + spec.zone;
  }
  out += "\nmissed ";
  out += name(spec.missed);
  if (!spec.payload_any.empty()) {
    out += "\npayload " + std::to_string(spec.payload_any.size()) + " " +
           hex(hash_bytes(spec.payload_any));
  }
  return out;
}

std::int64_t first_due(const reminder_spec& spec, std::int64_t now_ms) {
  return next_due(spec, now_ms, now_ms);
}

std::int64_t next_due(const reminder_spec& spec, std::int64_t due_ms, std::int64_t now_ms) {
  const std::int64_t after = std::max(due_ms, now_ms);
  if (!spec.cron.empty()) {
    return spec.expression.next_after(after, spec.time).value_or(reminder_never_ms);
  }
  const auto every = static_cast<std::int64_t>(spec.every_ms);
  const std::int64_t whole = (after - due_ms) / every + 1;
  return due_ms > reminder_never_ms - whole * every ? reminder_never_ms : due_ms + whole * every;
}

namespace {

// The latest due time of at most reminder_late_ms_max ago, if there is one.
std::optional<std::int64_t> latest_due(const reminder_spec& spec, std::int64_t due_ms,
                                       std::int64_t now_ms) {
  const std::int64_t late = now_ms - reminder_late_ms_max;
  if (spec.cron.empty()) {
    const std::int64_t next = next_due(spec, due_ms, now_ms);
    const std::int64_t latest = next - static_cast<std::int64_t>(spec.every_ms);
    return latest >= late ? std::optional(latest) : std::nullopt;
  }
  // At most one a second.
  std::optional<std::int64_t> latest;
  std::int64_t due = due_ms >= late ? due_ms : next_due(spec, due_ms, late - 1);
  while (due <= now_ms) {
    latest = due;
    due = next_due(spec, due, due);
  }
  return latest;
}

}  // namespace

firing fire(const reminder_spec& spec, std::int64_t due_ms, std::int64_t now_ms, std::size_t most) {
  firing out;
  out.next_due = due_ms;
  if (due_ms > now_ms || most == 0) {
    return out;
  }
  switch (spec.missed) {
    case missed_fire::once:
      out.calls.push_back(due_ms);
      break;
    case missed_fire::skip:
      if (const auto latest = latest_due(spec, due_ms, now_ms)) {
        out.calls.push_back(*latest);
      }
      break;
    case missed_fire::all:
      while (out.next_due <= now_ms && out.calls.size() < most) {
        out.calls.push_back(out.next_due);
        out.next_due = next_due(spec, out.next_due, out.next_due);
      }
      return out;
  }
  out.next_due = next_due(spec, due_ms, now_ms);
  return out;
}

}  // namespace spawn
