#include "router/row_scan.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "base/log.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t page_rows = 256;
constexpr std::uint64_t look_again_ms = 10;      // while as many as may be are awake
constexpr std::uint64_t store_again_ms = 1'000;  // after a page that could not be read

// Where the receiver's part of a key of m/ ends, the slash included: m/<pp>/<system>/<name>/.
std::size_t receiver_end(std::string_view key) noexcept {
  std::size_t at = 0;
  for (int slashes = 0; slashes < 4; ++slashes) {
    at = key.find('/', at);
    if (at == std::string_view::npos) {
      return key.size();
    }
    ++at;
  }
  return at;
}

struct ticket {
  std::shared_ptr<std::atomic<std::uint32_t>> count;
  explicit ticket(std::shared_ptr<std::atomic<std::uint32_t>> of) : count(std::move(of)) {
    count->fetch_add(1, std::memory_order_relaxed);
  }
  ticket(const ticket&) = delete;
  ticket& operator=(const ticket&) = delete;
  ~ticket() { count->fetch_sub(1, std::memory_order_relaxed); }
};

}  // namespace

row_scan::row_scan(lane& home, std::vector<journal*> stores, row_codec& codec,
                   const row_scan_options& options, wake_fn wake, long_wait_fn long_wait,
                   unique_function<void()> first_pass_done)
    : lane_(home),
      stores_(std::move(stores)),
      codec_(codec),
      options_(options),
      wake_(std::move(wake)),
      long_wait_(std::move(long_wait)),
      first_pass_done_(std::move(first_pass_done)),
      awake_(std::make_shared<std::atomic<std::uint32_t>>(0)) {
  timer_.owner = this;
  timer_.fire = [](timer& t) {
    row_scan& self = *static_cast<step_timer&>(t).owner;
    if (self.walking_) {
      self.next_page();
    } else {
      self.begin_pass();
    }
  };
}

row_scan::~row_scan() = default;

void row_scan::start() {
  stopped_ = false;
  begin_pass();
}

void row_scan::stop() {
  stopped_ = true;
  timer_.unlink();
}

void row_scan::wait(std::uint64_t ms) {
  if (!stopped_) {
    lane_.arm_after_ms(timer_, ms);
  }
}

void row_scan::begin_pass() {
  walking_ = true;
  incomplete_ = false;
  reading_ns_ = 0;
  store_ = 0;
  auto range = message_range();
  from_ = std::move(range.from);
  to_ = std::move(range.to);
  cursor_.clear();
  blocked_.clear();
  next_page();
}

void row_scan::next_page() {
  if (awake_->load(std::memory_order_relaxed) >= options_.wakes) {
    wait(look_again_ms);
    return;
  }
  ++in_flight_;
  asked_ns_ = lane_.now_ns();
  list_request* request = lists_.take();
  request->clear();
  request->owner = this;
  request->raw.from = slice_of(from_);
  request->raw.to = slice_of(to_);
  request->raw.cursor = slice_of(cursor_);
  request->raw.limit = page_rows;
  request->ended = [](list_request& ended) { static_cast<row_scan*>(ended.owner)->take(ended); };
  stores_[store_]->submit(*request, SPAWN_SS_LIST, 0);
}

void row_scan::take(list_request& request) {
  --in_flight_;
  reading_ns_ += lane_.now_ns() - asked_ns_;
  const errc status = request.status();
  const std::string why = take_error_text(request.raw.op);
  const std::int64_t now = lane_.unix_ms();
  const auto& raw = request.raw;
  std::string receiver;                      // the one the last row is for
  std::set<std::string, std::less<>> woken;  // by parent: actors of that name
  const auto* at = reinterpret_cast<const char*>(raw.out_rows);
  for (std::uint32_t i = 0; status == errc::ok && !stopped_ && i < raw.out_n;
       ++i, at += raw.out_row_stride) {
    const auto& row = *reinterpret_cast<const spawn_ss_row*>(at);
    const std::string_view key = view_of(row.key);
    const std::string_view for_whom = key.substr(0, receiver_end(key));
    if (for_whom != receiver) {
      receiver = for_whom;
      woken.clear();
    }
    if (!blocked_.empty() && key.starts_with(blocked_) && !is_outcome_key(key)) {
      continue;
    }
    auto opened = codec_.open_meta(key, row.rec);
    if (!opened) {
      if (log_.allows(lane_.now_ns())) {
        SPAWN_LOG(error, "a message row is left where it is: it cannot be read", {"key", key},
                  {"why", opened.error().text}, {"more_since_last_line", log_.take_held_back()});
      }
      continue;
    }
    const message_row& found = *(*opened)->row;
    if (now - found.created_ms >= static_cast<std::int64_t>(options_.long_wait_ms)) {
      long_wait_(actor_id((*opened)->target), store_);
    }
    if (found.blocked) {
      blocked_ = key.substr(0, key.rfind('/') + 1);
      continue;
    }
    const bool is_old =
        now - found.created_ms >= static_cast<std::int64_t>(options_.old_after_ms) ||
        found.created_ms > now;
    const std::string_view parent = (*opened)->target.parent;
    if ((is_old || recovering_) && !found.waits(now) && !woken.contains(parent)) {
      woken.emplace(parent);
      wake_(actor_id((*opened)->target), store_, std::make_shared<ticket>(awake_));
    }
  }
  cursor_ = view_of(raw.out_cursor);
  release(request.raw.out_owner);
  release(request.raw.out_cursor);
  lists_.give_back(&request);
  if (stopped_) {
    return;
  }
  if (status != errc::ok) {
    // The other stores are not held up by one that does not answer.
    incomplete_ = true;
    if (log_.allows(lane_.now_ns())) {
      SPAWN_LOG(warn, "message rows could not be listed", {"why", why},
                {"more_since_last_line", log_.take_held_back()});
    }
  } else if (!cursor_.empty()) {
    if (!woken.empty()) {  // the rest of its rows is its own business
      from_ = prefix_range(receiver).to;
      cursor_.clear();
    }
    next_page();
    return;
  }
  if (++store_ < stores_.size()) {
    from_ = message_range().from;
    cursor_.clear();
    next_page();
    return;
  }
  end_pass();
}

void row_scan::end_pass() {
  walking_ = false;
  if (incomplete_) {
    wait(store_again_ms);
    return;
  }
  if (std::exchange(recovering_, false)) {
    first_pass_done_();
  }
  // The store is not kept busy with looking at a long backlog.
  constexpr std::uint64_t longest_ms = 60'000;
  wait(std::max(options_.every_ms, std::min(reading_ns_ / ns_per_ms * 10, longest_ms)));
}

}  // namespace spawn
