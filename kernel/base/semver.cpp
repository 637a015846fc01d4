#include "base/semver.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace spawn {
namespace {

constexpr std::size_t range_bytes_max = 256;

// A version with missing or wildcard parts at its end.
struct partial {
  std::uint64_t part[3] = {0, 0, 0};
  int given = 0;  // how many parts are fixed
  std::string preview;

  [[nodiscard]] version floor() const { return {part[0], part[1], part[2], preview}; }
  // The first version that no longer shares the parts before `index` and the one at it.
  [[nodiscard]] version after(int index) const {
    version v{part[0], 0, 0, {}};
    if (index >= 1) {
      v.minor = part[1];
    }
    if (index >= 2) {
      v.patch = part[2];
    }
    (index == 0 ? v.major : index == 1 ? v.minor : v.patch) += 1;
    return v;
  }
};

// Half-open [from, to); a missing bound is open. `inclusive_to` turns the upper bound closed.
struct term {
  std::optional<version> from;
  std::optional<version> to;
  bool above_from = false;
  bool inclusive_to = false;
  std::optional<version> preview_of;
};

bool identifier_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool valid_preview(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' ||
      text.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '.' || identifier_char(c); });
}

bool parse_number(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) {
    return false;  // nine digits: enough for any version and no overflow in after()
  }
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  return bad == std::errc() && end == text.data() + text.size();
}

std::optional<partial> parse_partial(std::string_view text) {
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!valid_preview(text.substr(plus + 1))) {
      return std::nullopt;
    }
    text = text.substr(0, plus);
  }
  partial p;
  std::optional<std::string_view> preview;
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    preview = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  bool wild = false;
  int seen = 0;
  while (true) {
    const auto dot = text.find('.');
    const auto piece = text.substr(0, dot);
    if (seen == 3) {
      return std::nullopt;
    }
    if (piece == "x" || piece == "X" || piece == "*") {
      wild = true;
    } else {
      if (wild || !parse_number(piece, p.part[seen])) {
        return std::nullopt;
      }
      p.given = seen + 1;
    }
    ++seen;
    if (dot == std::string_view::npos) {
      break;
    }
    text = text.substr(dot + 1);
  }
  if (preview) {
    if (p.given != 3 || !valid_preview(*preview)) {
      return std::nullopt;
    }
    p.preview = std::string(*preview);
  }
  return p;
}

std::optional<term> parse_term(std::string_view text) {
  const auto take = [&text](std::string_view sign) {
    if (!text.starts_with(sign)) {
      return false;
    }
    text.remove_prefix(sign.size());
    return true;
  };
  std::string_view sign;
  for (const std::string_view s : {">=", "<=", ">", "<", "^", "~", "="}) {
    if (take(s)) {
      sign = s;
      break;
    }
  }
  const auto p = parse_partial(text);
  if (!p) {
    return std::nullopt;
  }
  term t;
  if (!p->preview.empty()) {
    t.preview_of = p->floor();
  }
  if (p->given == 0) {
    return sign == ">" || sign == "<" ? std::nullopt : std::optional<term>(t);
  }
  const int last = p->given - 1;
  if (sign == "<") {
    t.to = p->floor();
  } else if (sign == "<=") {
    t.to = last == 2 ? p->floor() : p->after(last);
    t.inclusive_to = last == 2;
  } else if (sign == ">") {
    t.from = last == 2 ? p->floor() : p->after(last);
    t.above_from = last == 2;
  } else {
    t.from = p->floor();
    if (sign == "^") {
      int first = 0;
      while (first < last && p->part[first] == 0) {
        ++first;
      }
      t.to = p->after(first);
    } else if (sign == "~") {
      t.to = p->after(std::min(last, 1));
    } else if (sign != ">=") {
      t.to = last == 2 ? p->floor() : p->after(last);
      t.inclusive_to = last == 2;
    }
  }
  return t;
}

std::optional<std::vector<term>> parse_range(std::string_view range) {
  if (range.size() > range_bytes_max) {
    return std::nullopt;
  }
  std::vector<term> terms;
  while (true) {
    const auto start = range.find_first_not_of(' ');
    if (start == std::string_view::npos) {
      return terms;
    }
    range.remove_prefix(start);
    const auto end = range.find(' ');
    const auto t = parse_term(range.substr(0, end));
    if (!t) {
      return std::nullopt;
    }
    terms.push_back(*t);
    range = end == std::string_view::npos ? std::string_view() : range.substr(end);
  }
}

bool holds(const term& t, const version& v) {
  if (t.from) {
    const int c = compare(v, *t.from);
    if (c < 0 || (c == 0 && t.above_from)) {
      return false;
    }
  }
  if (t.to) {
    const int c = compare(v, *t.to);
    if (c > 0 || (c == 0 && !t.inclusive_to)) {
      return false;
    }
  }
  return true;
}

int compare_piece(std::string_view a, std::string_view b) {
  const auto numeric = [](std::string_view s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const bool na = numeric(a);
  const bool nb = numeric(b);
  if (na != nb) {
    return na ? -1 : 1;
  }
  if (na && a.size() != b.size()) {
    return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b);
}

int compare_preview(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) {
    return a.empty() == b.empty() ? 0 : (a.empty() ? 1 : -1);
  }
  while (true) {
    const auto da = a.find('.');
    const auto db = b.find('.');
    if (const int c = compare_piece(a.substr(0, da), b.substr(0, db)); c != 0) {
      return c;
    }
    if (da == std::string_view::npos || db == std::string_view::npos) {
      return da == db ? 0 : (da == std::string_view::npos ? -1 : 1);
    }
    a.remove_prefix(da + 1);
    b.remove_prefix(db + 1);
  }
}

}  // namespace

std::string version::text() const {
  std::string out =
      std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  return preview.empty() ? out : out + "-" + preview;
}

std::optional<version> parse_version(std::string_view text) {
  if (text.size() > range_bytes_max) {
    return std::nullopt;
  }
  const auto p = parse_partial(text);
  if (!p || p->given != 3) {
    return std::nullopt;
  }
  return p->floor();
}

int compare(const version& a, const version& b) {
  const std::uint64_t left[] = {a.major, a.minor, a.patch};
  const std::uint64_t right[] = {b.major, b.minor, b.patch};
  for (int i = 0; i < 3; ++i) {
    if (left[i] != right[i]) {
      return left[i] < right[i] ? -1 : 1;
    }
  }
  return compare_preview(a.preview, b.preview);
}

bool valid_range(std::string_view range) {
  return parse_range(range).has_value();
}

bool matches(std::string_view range, std::string_view candidate) {
  const auto terms = parse_range(range);
  const auto v = parse_version(candidate);
  if (!terms || !v) {
    return false;
  }
  bool preview_named = v->preview.empty();
  for (const auto& t : *terms) {
    if (!holds(t, *v)) {
      return false;
    }
    const auto& named = t.preview_of;
    preview_named = preview_named || (named && named->major == v->major &&
                                      named->minor == v->minor && named->patch == v->patch);
  }
  return preview_named;
}

}  // namespace spawn
