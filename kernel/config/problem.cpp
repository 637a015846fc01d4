#include "config/problem.hpp"

#include <algorithm>
#include <tuple>

namespace spawn::config {
namespace {

constexpr std::size_t distance_max = 2;
constexpr std::size_t word_bytes_max = 64;

// Optimal string alignment: insert, remove, replace, swap neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    d[i][0] = i;
  }
  for (std::size_t j = 0; j <= b.size(); ++j) {
    d[0][j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

void problems::add(position at, std::string_view pointer, std::string text) {
  if (all_.size() == kept_max) {
    ++dropped_;
    return;
  }
  all_.push_back({std::move(at), dotted(pointer), std::move(text)});
}

error problems::to_error(std::string_view file) const {
  std::vector<const problem*> order;
  order.reserve(all_.size());
  for (const auto& p : all_) {
    order.push_back(&p);
  }
  // Equal places keep the order of discovery, which is the order in memory.
  std::sort(order.begin(), order.end(), [](const problem* a, const problem* b) {
    const auto rank = [](const problem* p) {
      return std::tuple(p->at.env.empty(), p->at.line, p->at.column, p);
    };
    return rank(a) < rank(b);
  });
  std::string text;
  const std::size_t shown = std::min(order.size(), shown_max);
  for (std::size_t i = 0; i < shown; ++i) {
    const problem& p = *order[i];
    text += (i == 0 ? "" : "\n") + where(p.at, file) + ": ";
    text += p.key.empty() ? p.text : p.key + ": " + p.text;
  }
  if (const std::size_t more = order.size() + dropped_ - shown; more > 0) {
    text += "\n" + std::string(file) + ": and " + std::to_string(more) + " more";
  }
  return error{errc::invalid, 0, std::move(text)};
}

std::string where(const position& at, std::string_view file) {
  if (!at.env.empty()) {
    return "environment " + at.env;
  }
  std::string out(file);
  if (at.line > 0) {
    out += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }
  return out;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = distance_max + 1;
  if (word.size() > word_bytes_max) {
    return best;
  }
  for (const auto& candidate : known) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) > distance_max) {
      continue;
    }
    const std::size_t d = distance(word, candidate);
    if (d < best_distance && d < word.size()) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace spawn::config
