#include "router/retention.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t page_rows = 200;
constexpr std::uint64_t pause_ms = 50;
constexpr std::uint64_t full_every = 16;
constexpr std::uint64_t every_least_ms = 1'000;
constexpr std::uint64_t every_most_ms = 3'600'000;
constexpr std::uint64_t answer_ms = 30'000;

}  // namespace

retention::retention(lane_router& on, const policies& rules) : router_(on), rules_(rules) {
  std::uint64_t shortest = rules.fallback.history_keep_ms;
  for (const auto& [type, policy] : rules.types) {
    if (policy.history_keep_ms != 0 && (shortest == 0 || policy.history_keep_ms < shortest)) {
      shortest = policy.history_keep_ms;
    }
  }
  if (shortest != 0) {
    every_ms_ = std::clamp(shortest / 4, every_least_ms, every_most_ms);
  }
  timer_.owner = this;
  timer_.fire = [](timer& t) {
    retention& self = *static_cast<step_timer&>(t).owner;
    if (self.walking_) {
      self.next_page();
    } else {
      self.begin_pass();
    }
  };
}

void retention::start() {
  if (every_ms_ != 0) {
    wait(every_ms_);
  }
}

void retention::stop() {
  stopped_ = true;
  timer_.unlink();
}

std::uint64_t retention::age_of(std::string_view type) const {
  return rules_.policy_of(type).history_keep_ms;
}

void retention::wait(std::uint64_t ms) {
  if (!stopped_) {
    router_.home().arm_after_ms(timer_, ms);
  }
}

void retention::begin_pass() {
  before_began_ms_ = began_ms_;
  began_ms_ = router_.home().unix_ms();
  walking_ = true;
  store_ = 0;
  cursor_.clear();
  next_page();
}

void retention::next_page() {
  page_order order;
  const key_range all = actor_range();
  order.from = all.from;
  order.to = all.to;
  order.cursor = cursor_;
  order.limit = page_rows;
  order.with_payload = false;
  order.tombstones = true;
  router_.desk().read(*router_.services().stores[store_], std::move(order),
                      router_.home().now_ns() + answer_ms * ns_per_ms,
                      [this](result<stored_page> page) { take(std::move(page)); });
}

void retention::take(result<stored_page> page) {
  if (!page) {
    SPAWN_LOG(warn, "old revisions could not be looked for; the next pass tries again",
              {"why", page.error().text});
    incomplete_ = true;
    after_page({});  // the other stores may be well
    return;
  }
  std::vector<write_order> orders;
  for (const stored_row& row : page->rows) {
    const auto at = parse_actor_key(row.key);
    const std::uint64_t age_ms = at ? age_of(at->parent.empty() ? at->name : at->parent) : 0;
    const std::int64_t done_before =
        before_began_ms_ == 0 ? 0 : before_began_ms_ - static_cast<std::int64_t>(age_ms);
    if (age_ms == 0 || row.revision < 2 || row.written_ms < done_before) {
      continue;
    }
    const type_policy& policy = rules_.policy_of(at->parent.empty() ? at->name : at->parent);
    write_order prune;
    prune.code = SPAWN_SS_PRUNE;
    prune.key = row.key;
    prune.keep_history = policy.history_keep;
    prune.keep_history_ms = age_ms;
    orders.push_back(std::move(prune));
  }
  router_.desk().write(
      *router_.services().stores[store_], std::move(orders),
      router_.home().now_ns() + answer_ms * ns_per_ms,
      [this, cursor = std::move(page->cursor)](std::vector<write_outcome> ended) mutable {
        const auto lost = std::find_if(ended.begin(), ended.end(),
                                       [](const auto& each) { return each.code != errc::ok; });
        if (lost != ended.end()) {
          SPAWN_LOG(warn, "old revisions could not be dropped; the next pass tries again",
                    {"why", lost->why});
          incomplete_ = true;
        }
        after_page(std::move(cursor));
      });
}

void retention::after_page(std::string cursor) {
  cursor_ = std::move(cursor);
  if (cursor_.empty() && ++store_ == router_.services().stores.size()) {
    walking_ = false;
    ++passes_;
    // A pass that did not see everything does not count for what the next may leave out; and now
    // and then one leaves out nothing, since an import brings old heads with a young history.
    if (incomplete_ || passes_ % full_every == 0) {
      began_ms_ = 0;
    }
    incomplete_ = false;
    wait(every_ms_);
    return;
  }
  wait(pause_ms);
}

}  // namespace spawn
