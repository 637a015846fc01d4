// Random subscriptions and messages, compared with a model of who has to hear what.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "contract/transport/bus_client.hpp"
#include "contract/transport/transport_suite.hpp"

namespace contract {
namespace {

constexpr int steps = 150;
constexpr const char* mark = "m.a.r.k";

std::vector<std::string_view> tokens(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    out.push_back(text.substr(0, dot));
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out;
}

bool hears(std::string_view pattern, std::string_view subject) {
  const auto p = tokens(pattern), s = tokens(subject);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == ">") {
      return s.size() > i;
    }
    if (i >= s.size() || (p[i] != "*" && p[i] != s[i])) {
      return false;
    }
  }
  return p.size() == s.size();
}

struct member {
  std::string pattern, group;
};

class round_of {
 public:
  explicit round_of(const target& t)
      : dice_(t.seed),
        config_(t.fresh_config()),
        speaks_(t, config_),
        hears_(t, config_),
        groups_(hears_.announces(SPAWN_TP_CAP_QUEUE_GROUP)) {}

  void run() {
    require_equal(hears_.subscribe(++last_, mark, ""), int{SPAWN_OK}, "subscribe to the mark");
    members_.emplace(last_, member{mark, ""});
    for (int i = 0; i < steps; ++i) {
      switch (below(4)) {
        case 0:
          join();
          break;
        case 1:
          leave();
          break;
        default:
          say();
      }
    }
    speaks_.verify_host();
    hears_.verify_host();
  }

 private:
  std::uint64_t below(std::uint64_t n) { return dice_() % n; }
  std::string path(bool is_pattern) {
    static constexpr const char* words[] = {"a", "b", "c", "*", ">"};
    std::string out;
    const std::uint64_t n = 1 + below(3);
    for (std::uint64_t i = 0; i < n; ++i) {
      const bool is_last = i + 1 == n;
      out += i == 0 ? "" : ".";
      out += words[below(!is_pattern ? 3 : is_last ? 5 : 4)];
    }
    return out;
  }
  std::string bytes() {
    std::string out(below(10) == 0 ? below(20'000) : below(40), '\0');
    std::generate(out.begin(), out.end(), [this] { return static_cast<char>(dice_()); });
    return out;
  }

  // One of two groups of a pattern: what a group on several patterns hears is left open.
  std::string group_of(const std::string& pattern) {
    std::string out = "g" + std::to_string(below(2)) + "." + pattern;
    std::ranges::replace(out, '*', 's');
    std::ranges::replace(out, '>', 't');
    return out;
  }
  void join() {
    if (members_.size() >= 12) {
      return;
    }
    const std::string pattern = path(true);
    const member made{pattern, groups_ && below(2) == 0 ? group_of(pattern) : ""};
    require_equal(hears_.subscribe(++last_, made.pattern, made.group), int{SPAWN_OK},
                  "subscribe to " + made.pattern);
    members_.emplace(last_, made);
  }
  void leave() {
    if (members_.size() == 1) {
      return;  // the mark's stays
    }
    const auto at =
        std::next(members_.begin(), static_cast<std::ptrdiff_t>(1 + below(members_.size() - 1)));
    require_equal(hears_.unsubscribe(at->first), int{SPAWN_OK}, "unsubscribe");
    members_.erase(at);
  }
  struct due {
    std::string payload;
    std::set<std::uint64_t> alone;
    std::set<std::pair<std::string, std::string>> teams;
  };
  due sent(const std::string& subject) {
    due out{.payload = bytes(), .alone = {}, .teams = {}};
    for (const auto& [id, each] : members_) {
      if (hears(each.pattern, subject)) {
        each.group.empty() ? void(out.alone.insert(id))
                           : void(out.teams.emplace(each.pattern, each.group));
      }
    }
    require_equal(speaks_.publish(subject, out.payload).status, int{SPAWN_OK}, "publish");
    return out;
  }
  // A message, and a mark behind it: a publish that ended may still be on its way, and who
  // subscribes then may hear it.
  void say() {
    std::map<std::string, due> all;
    std::size_t n = 0;
    for (const std::string& subject : {path(false), std::string(mark)}) {
      const due& made = all[subject] = sent(subject);
      n += made.alone.size() + made.teams.size();
    }
    for (const delivery& each : hears_.take(n)) {
      require(all.contains(each.subject), each.subject + " came, and was not sent");
      due& of = all[each.subject];
      require(each.payload == of.payload, "a message is changed");
      const auto to = members_.find(each.sub_id);
      require(to != members_.end(), "a message for a subscription that is none");
      const bool was_due = to->second.group.empty()
                               ? of.alone.erase(each.sub_id) == 1
                               : of.teams.erase({to->second.pattern, to->second.group}) == 1;
      require(was_due, each.subject + " came to " + to->second.pattern + ", and was not due there");
    }
    for (const auto& [subject, of] : all) {
      require(of.alone.empty() && of.teams.empty(), subject + " did not come to all");
    }
  }

  std::mt19937_64 dice_;
  std::string config_;
  bus_client speaks_, hears_;
  const bool groups_;
  std::map<std::uint64_t, member> members_;
  std::uint64_t last_ = 0;
};

void as_the_model_says(const target& t) {
  round_of(t).run();
}

}  // namespace

std::vector<check> transport_random_checks() {
  return {{"transport.random_messages", as_the_model_says,
           "random subscriptions hear random messages as a model of them does"}};
}

}  // namespace contract
