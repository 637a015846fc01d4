// The grammar of cron expressions. README.md has it for people.
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "schedule/cron.hpp"

namespace spawn {
namespace {

// One field's place in the calendar.
struct field {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names;  // of the values from `low` on
};

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names = {"sun", "mon", "tue", "wed",
                                                           "thu", "fri", "sat"};
constexpr std::array<field, 6> fields = {{{"second", 0, 59, {}},
                                          {"minute", 0, 59, {}},
                                          {"hour", 0, 23, {}},
                                          {"day-of-month", 1, 31, {}},
                                          {"month", 1, 12, month_names},
                                          {"day-of-week", 0, 7, weekday_names}}};

struct nickname {
  std::string_view name;
  std::string_view means;
};
constexpr std::array<nickname, 7> nicknames = {{{"@hourly", "0 * * * *"},
                                                {"@daily", "0 0 * * *"},
                                                {"@midnight", "0 0 * * *"},
                                                {"@weekly", "0 0 * * 0"},
                                                {"@monthly", "0 0 1 * *"},
                                                {"@yearly", "0 0 1 1 *"},
                                                {"@annually", "0 0 1 1 *"}}};

tl::unexpected<error> refuse(const field& f, std::string_view text, const std::string& why) {
  return fail(errc::invalid,
              "field " + std::string(f.name) + ": \"" + std::string(text) + "\": " + why);
}

std::string range_of(const field& f) {
  std::string out = "expected " + std::to_string(f.low) + " to " + std::to_string(f.high);
  if (!f.names.empty()) {
    out += ", " + std::string(f.names.front()) + " to " + std::string(f.names.back());
  }
  return out;
}

// The word up to `mark`, which leaves `text`; all of it if there is no mark.
std::string_view cut(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  const auto out = text.substr(0, at);
  text = at == text.npos ? std::string_view() : text.substr(at + 1);
  return out;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned out = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(out)
                                                                  : std::nullopt;
}

// A number or a name.
result<unsigned> read_value(const field& f, std::string_view text, std::string_view part) {
  for (unsigned i = 0; i < f.names.size(); ++i) {
    if (f.names[i] == text) {
      return f.low + i;
    }
  }
  const auto value = number(text);
  if (!value || *value < f.low || *value > f.high) {
    return refuse(f, part, range_of(f));
  }
  return *value;
}

// "*", "5", "1-5", each also with a step: "*/15", "8-18/2", "3/10". Sets the bits of its values.
result<void> read_part(const field& f, std::string_view part, std::uint64_t& mask) {
  std::string_view stepless = part;
  const bool steps = part.find('/') != part.npos;
  const std::string_view span = cut(stepless, '/');
  unsigned step = 1;
  if (steps) {
    const auto said = number(stepless);
    if (!said || *said == 0 || *said > f.high) {
      return refuse(f, part, "the step must be a number from 1 to " + std::to_string(f.high));
    }
    step = *said;
  }
  unsigned first = f.low;
  unsigned last = f.high;
  if (span == "*") {
    // Sunday is there once.
    last = f.low == 0 && f.high == 7 ? 6 : f.high;
  } else {
    std::string_view to = span;
    const bool ranges = span.find('-') != span.npos;
    SPAWN_TRY(first, read_value(f, cut(to, '-'), part));
    if (ranges) {
      SPAWN_TRY(last, read_value(f, to, part));
      if (to == "sun" && first > 0) {
        last = 7;
      }
    } else if (!steps) {
      last = first;
    }
    if (first > last) {
      return refuse(f, part, "the range ends before it begins");
    }
  }
  for (unsigned value = first; value <= last; value += step) {
    mask |= std::uint64_t{1} << value;
  }
  return {};
}

result<std::uint64_t> read_field(const field& f, std::string_view text, bool* last_day = nullptr) {
  std::uint64_t mask = 0;
  std::string_view left = text;
  if (text.starts_with(',') || text.ends_with(',') || text.find(",,") != text.npos) {
    return refuse(f, text, "a list has something between its commas");
  }
  while (!left.empty()) {
    const std::string_view part = cut(left, ',');
    if (last_day != nullptr && part == "l") {
      *last_day = true;
      continue;
    }
    SPAWN_CHECK(read_part(f, part, mask));
  }
  return mask;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto from = text.find_first_not_of(" \t");
    if (from == text.npos) {
      return out;
    }
    text.remove_prefix(from);
    const auto length = std::min(text.find_first_of(" \t"), text.size());
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

}  // namespace

result<cron> cron::parse(std::string_view text) {
  if (text.size() > cron_bytes_max) {
    return fail(errc::invalid, "a cron expression has at most " + std::to_string(cron_bytes_max) +
                                   " bytes, this one has " + std::to_string(text.size()));
  }
  std::string plain = lower(text);
  auto parts = words(plain);
  if (parts.size() == 1 && parts[0].starts_with('@')) {
    const std::string asked(parts[0]);
    parts.clear();
    for (const auto& each : nicknames) {
      if (each.name == asked) {
        parts = words(each.means);
      }
    }
    if (parts.empty()) {
      return fail(errc::invalid, "\"" + asked +
                                     "\" is not known; expected @hourly, @daily, @weekly, "
                                     "@monthly or @yearly");
    }
  }
  if (parts.size() != 5 && parts.size() != 6) {
    return fail(errc::invalid,
                "expected the five fields minute, hour, day-of-month, month and day-of-week, or "
                "six with the second first; got " +
                    std::to_string(parts.size()));
  }
  cron out;
  for (const auto part : parts) {
    out.text_ += out.text_.empty() ? "" : " ";
    out.text_ += part;
  }
  if (parts.size() == 5) {
    parts.insert(parts.begin(), "0");
  }
  SPAWN_TRY(out.seconds_, read_field(fields[0], parts[0]));
  SPAWN_TRY(out.minutes_, read_field(fields[1], parts[1]));
  SPAWN_TRY(out.hours_, read_field(fields[2], parts[2]));
  SPAWN_TRY(out.days_, read_field(fields[3], parts[3], &out.last_day_));
  SPAWN_TRY(out.months_, read_field(fields[4], parts[4]));
  SPAWN_TRY(out.weekdays_, read_field(fields[5], parts[5]));
  out.weekdays_ = (out.weekdays_ | out.weekdays_ >> 7) & 0x7F;
  out.any_day_ = parts[3] == "*";
  out.any_weekday_ = parts[5] == "*";
  if (!out.ever_comes()) {
    return fail(errc::invalid, "\"" + std::string(text) +
                                   "\" never comes: no month it names (field month) has a day that "
                                   "it names (field day-of-month)");
  }
  return out;
}

}  // namespace spawn
