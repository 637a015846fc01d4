// A reminder as configuration and hosts write it, one field in each line: expression or period,
// time zone, what becomes of missed firings, the moment. Refused with the field's name, or due
// times that only go forward and leave none out.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "mutate_lines.hpp"
#include "planted.hpp"
#include "schedule/reminder_spec.hpp"

namespace {

using namespace spawn;

constexpr std::size_t most_calls = 5;

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::int64_t moment_of(std::string_view text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out % 4'000'000'000'000;  // some time before the year 2097
}

void check_expression(const cron& expression, const time_zone& zone, std::int64_t now_ms) {
  const auto again = cron::parse(expression.text());
  promised(again && again->text() == expression.text());
  const auto first = expression.next_after(now_ms, zone);
  promised(first.has_value() && *first > now_ms && *first % 1'000 == 0);
  // Nothing lies between, and it is not left out by one who looks just before.
  promised(expression.next_after(*first - 1, zone) == first);
  promised(again->next_after(now_ms, zone) == first);
  const auto second = expression.next_after(*first, zone);
  promised(second.has_value() && *second > *first);
}

void check_firing(const reminder_spec& spec, std::int64_t due_ms, std::int64_t now_ms) {
  const firing made = fire(spec, due_ms, now_ms, most_calls);
  promised(made.calls.size() <= most_calls);
  promised(std::is_sorted(made.calls.begin(), made.calls.end()));
  promised(std::adjacent_find(made.calls.begin(), made.calls.end()) == made.calls.end());
  promised(made.calls.empty() || (made.calls.front() >= due_ms && made.calls.back() <= now_ms));
  promised(made.calls.empty() || made.next_due > made.calls.back());
  if (due_ms > now_ms) {
    promised(made.calls.empty() && made.next_due == due_ms);
  } else if (spec.missed == missed_fire::all) {
    promised(!made.calls.empty() && made.calls.front() == due_ms);
  } else {
    promised(made.next_due > now_ms && made.calls.size() <= 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  reminder_spec raw;
  const auto when = take_line(text);
  if (const auto period = parse_period(when)) {
    promised(*period >= reminder_every_ms_min);
    raw.every_ms = *period;
  } else {
    promised(!period.error().text.empty());
    raw.cron = when;
  }
  raw.zone = take_line(text);
  raw.missed = missed_fire_of(take_line(text)).value_or(missed_fire::once);
  const auto now_ms = moment_of(take_line(text));
  raw.name = take_line(text);
  raw.action = take_line(text);
  raw.payload_any = text;
  const bool is_told_in_utf8 =
      is_utf8(std::string_view(reinterpret_cast<const char*>(data), size - text.size()));
  const auto spec = prepare(std::move(raw));
  if (!spec) {
    promised(!spec.error().text.empty());
    promised(!is_told_in_utf8 || is_utf8(spec.error().text));
    return 0;
  }
  promised(is_utf8(to_text(*spec)));
  if (spec->every_ms == 0) {
    check_expression(spec->expression, spec->time, now_ms);
  }
  const auto due = first_due(*spec, now_ms);
  promised(due > now_ms);
  promised(next_due(*spec, due, now_ms) > due);
  check_firing(*spec, due, now_ms);
  check_firing(*spec, due, due);
  check_firing(*spec, due, due + 61'000);
  check_firing(*spec, due, next_due(*spec, due, due));
  planted_overread(spec->cron.ends_with('6') && spec->missed == missed_fire::skip, data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_lines(data, size, most, seed);
}
