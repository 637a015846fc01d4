// Changes a configuration file line by line: a value for another, a line moved, doubled or taken
// out of its comment.
#pragma once

#include <string_view>
#include <vector>

#include "mutate.hpp"

namespace spawn::fuzz {

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    out.emplace_back(line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

inline std::string other_value(chance& by) {
  static constexpr std::string_view values[] = {
      "0",
      "1",
      "-1",
      "65536",
      "9223372036854775808",
      "1.5",
      "true",
      "~",
      "\"x\"",
      "'it''s'",
      "\"\\x41\\u00e9\\n\"",
      "[]",
      "[a, 1, ~]",
      "{}",
      "{a: b}",
      "${PORT}",
      "${NONE:-5}",
      "${EMPTY}",
      "$${x}",
      "${",
      "!!str 12",
      "!!int \"7\"",
      "|\n    text",
      ">-\n    text",
      "&a x",
      "*a",
      "7d",
      "commit",
      "none",
      "10.0.0.0/8",
      "fd00::/8",
      "0x1F90",
      ".inf",
      "2001-01-01",
      "sqlite@^1.2",
      "{<<: 1}",
      "/run/x",
      "invalid",
      "${SPAWN_KEY}",
      "\"\\ud800\"",
      "main",
      "0o17",
  };
  return by.one_in(4) ? std::to_string(by.below(by.one_in(2) ? 100 : 70'000))
                      : std::string(by.of(values));
}

// The value of "  key: value" or of "#env NAME=value", or the whole line.
inline std::size_t value_at(const std::string& line) {
  const auto at = line.find(line.starts_with("#env ") ? "=" : ": ");
  return at == std::string::npos ? 0 : at + (line[at] == '=' ? 1 : 2);
}

// Another number in the place of one of those in the line; false when it has none.
inline bool change_number(std::string& line, chance& by) {
  constexpr std::string_view digits = "0123456789";
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (digits.find(line[i]) != std::string_view::npos) {
      begins.push_back(i);
    }
  }
  if (begins.empty()) {
    return false;
  }
  const auto begin = by.of(begins);
  const auto end = std::min(line.find_first_not_of(digits, begin), line.size());
  const auto number = by.one_in(3) ? by.below(10) : by.below(by.one_in(2) ? 1'000 : 70'000);
  line.replace(begin, end - begin, std::to_string(number));
  return true;
}

inline void change_line(std::string& line, chance& by) {
  static constexpr std::string_view indents[] = {"  ", "- ", "  - ", "#"};
  const auto at = value_at(line);
  switch (by.below(6)) {
    case 0:
      line = changed(line, 32);
      break;
    case 1:
      line = line.substr(0, at) + changed(line.substr(at), 32);
      break;
    case 2:
      line.insert(0, by.of(indents));
      break;
    case 3:  // out of the comment, as the sample tells its reader to
      if (const auto mark = line.find("# "); mark != std::string::npos) {
        line.erase(mark, 2);
        break;
      }
      [[fallthrough]];
    case 4:
      if (change_number(line, by)) {
        break;
      }
      [[fallthrough]];
    default:
      line = line.substr(0, at) + other_value(by);
  }
}

inline std::size_t mutate_lines(std::uint8_t* data, std::size_t size, std::size_t most,
                                unsigned seed) {
  chance by(seed);
  auto lines = lines_of({reinterpret_cast<const char*>(data), size});
  if (lines.empty() || by.one_in(4)) {
    return LLVMFuzzerMutate(data, size, most);
  }
  for (std::size_t times = 1 + by.below(3); times > 0 && !lines.empty(); --times) {
    const auto at = static_cast<long>(by.below(lines.size()));
    switch (by.below(10)) {
      case 0:
        lines.erase(lines.begin() + at);
        break;
      case 1:
        lines.insert(lines.begin() + at, std::string(by.of(lines)));
        break;
      case 2:
        std::swap(lines[static_cast<std::size_t>(at)], by.of(lines));
        break;
      default:
        change_line(lines[static_cast<std::size_t>(at)], by);
    }
  }
  std::string out;
  for (const auto& line : lines) {
    out += line + '\n';
  }
  return hand_back(out, data, most);
}

}  // namespace spawn::fuzz
