#include "router/timed_rows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t page_rows = 64;
constexpr std::size_t reads_max = 16;  // at a time
constexpr std::int64_t late_after_ms = 1'000;
constexpr std::uint64_t look_every_ms = 1'000;
constexpr std::uint64_t wait_for_tokens_ms = 20;

}  // namespace

struct timed_rows::page {
  timed_rows* owner = nullptr;
  std::uint32_t store = 0;
  std::uint32_t number = 0;
  bool peeks = false;
  std::int64_t until_ms = 0;  // what is due by then is read
  std::int64_t again_ms = 0;  // when something that was seen is to be looked for again
  std::string from, to, cursor;
};

timed_rows::timed_rows(lane& home, std::uint32_t lanes, std::vector<journal*> stores,
                       row_codec& codec, byte_budget& budget, const timed_options& options,
                       send_fn send)
    : lane_(home),
      lanes_(lanes),
      stores_(std::move(stores)),
      codec_(codec),
      budget_(budget),
      options_(options),
      send_(std::move(send)) {
  const std::uint32_t own = (row_partitions + lanes_ - 1) / lanes_;
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    auto& made = of_store_.emplace_back(own);
    for (partition& each : made) {
      each.look_ms = never;
    }
  }
  timer_.owner = this;
  timer_.fire = [](timer& t) { static_cast<look_timer&>(t).owner->tick(); };
  survey_timer_.owner = this;
  survey_timer_.fire = [](timer& t) { static_cast<survey_timer&>(t).owner->survey_again(); };
}

timed_rows::~timed_rows() = default;

timed_rows::partition& timed_rows::at(std::uint32_t store, std::uint32_t number) {
  return of_store_[store][number / lanes_];
}

void timed_rows::start() {
  running_ = true;
  tokens_at_ns_ = lane_.now_ns();
  surveying_.assign(stores_.size(), false);
  survey_again();
}

void timed_rows::survey_again() {
  for (std::uint32_t store = 0; store < stores_.size(); ++store) {
    if (!surveying_[store]) {
      surveying_[store] = true;
      survey(store, timed_range().from);
    }
  }
  lane_.arm_after_ms(survey_timer_, options_.survey_ms);
}

// From one partition that has rows to the next: mostly there are few, or none.
void timed_rows::survey(std::uint32_t store, std::string from) {
  auto* what =
      new page{this, store, row_partitions, true, 0, never, std::move(from), timed_range().to, {}};
  submit(*what, 1, false);
}

void timed_rows::surveyed(const page& what, errc status, std::string_view first_key) {
  if (status != errc::ok) {
    surveys_left_.emplace_back(what.store, what.from);
    arm();
    return;
  }
  if (first_key.empty()) {
    surveying_[what.store] = false;
    return;
  }
  const std::uint32_t number = partition_of(first_key);
  if (number % lanes_ == lane_.index()) {
    const auto parsed = parse_row_key(first_key);
    stored(what.store, number, parsed ? parsed->due_ms : 0);
  }
  survey(what.store, timed_range(number, never).to);
}

void timed_rows::stop() {
  running_ = false;
  timer_.unlink();
  survey_timer_.unlink();
}

void timed_rows::stored(std::uint32_t store, std::uint32_t number, std::int64_t due_ms) {
  partition& of = at(store, number);
  // While it is being read the page may be older than this row: it is looked at once more.
  of.look_ms = std::min(of.look_ms, due_ms);
  arm();
}

void timed_rows::arm() {
  if (!running_) {
    return;
  }
  std::int64_t next = never;
  for (const auto& store : of_store_) {
    for (const partition& each : store) {
      next = each.reading ? next : std::min(next, each.look_ms);
    }
  }
  if (!surveys_left_.empty()) {
    next = std::min(next, lane_.unix_ms() + static_cast<std::int64_t>(look_every_ms));
  }
  if (next == never) {
    timer_.unlink();
    return;
  }
  const std::int64_t wait = next - lane_.unix_ms();
  const auto bounded = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(wait, 0, static_cast<std::int64_t>(look_every_ms)));
  if (in_flight_ < reads_max || wait > 0) {
    lane_.arm_after_ms(timer_, bounded);
  }
}

void timed_rows::tick() {
  for (auto& [store, from] : std::exchange(surveys_left_, {})) {
    survey(store, std::move(from));
  }
  const std::int64_t now = lane_.unix_ms();
  const auto each = static_cast<std::uint32_t>(of_store_[0].size());
  const auto all = each * static_cast<std::uint32_t>(stores_.size());
  bool starved = false;
  // From where the last round ended, so that nobody is always the last.
  for (std::uint32_t i = 0; i < all; ++i, next_ = (next_ + 1) % all) {
    const std::uint32_t store = next_ / each;
    const std::uint32_t number = lane_.index() + next_ % each * lanes_;
    if (number < row_partitions) {
      partition& of = at(store, number);
      if (of.reading || of.look_ms > now) {
        continue;
      }
      if (in_flight_ >= reads_max) {
        return;  // the next answer goes on
      }
      const bool is_late =
          of.paused != nullptr || (of.look_ms != 0 && now - of.look_ms > late_after_ms);
      if (is_late && !may_send_late()) {
        starved = true;
        continue;
      }
      of.reading = true;
      of.look_ms = never;
      if (const auto paused = std::exchange(of.paused, nullptr)) {
        read(store, number, std::move(paused->cursor), paused->until_ms, paused->again_ms);
      } else {
        read(store, number, {}, now, never);
      }
    }
  }
  if (starved) {
    lane_.arm_after_ms(timer_, wait_for_tokens_ms);
  } else {
    arm();
  }
}

// Long overdue rows come as a bounded stream, so that an end of downtime is no stampede.
bool timed_rows::may_send_late() {
  const std::uint64_t now = lane_.now_ns();
  const double most = std::max<double>(page_rows, options_.late_per_s);
  late_tokens_ = std::min(
      most, late_tokens_ + static_cast<double>(now - tokens_at_ns_) / 1e9 * options_.late_per_s);
  tokens_at_ns_ = now;
  return late_tokens_ >= 1;
}

void timed_rows::read(std::uint32_t store, std::uint32_t number, std::string cursor,
                      std::int64_t until_ms, std::int64_t again_ms) {
  auto range = timed_range(number, until_ms);
  auto* what = new page{this,
                        store,
                        number,
                        false,
                        until_ms,
                        again_ms,
                        std::move(range.from),
                        std::move(range.to),
                        std::move(cursor)};
  submit(*what, page_rows, true);
}

// What comes after everything that is due.
void timed_rows::peek(std::uint32_t store, std::uint32_t number, std::int64_t after_ms,
                      std::int64_t again_ms) {
  auto range = timed_range(number, after_ms);
  auto rest = timed_range(number, never);
  auto* what = new page{
      this, store, number, true, after_ms, again_ms, std::move(range.to), std::move(rest.to), {}};
  submit(*what, 1, false);
}

void timed_rows::submit(page& what, std::uint32_t limit, bool with_payload) {
  ++in_flight_;
  list_request* request = lists_.take();
  request->clear();
  request->owner = &what;
  request->raw.from = slice_of(what.from);
  request->raw.to = slice_of(what.to);
  request->raw.cursor = slice_of(what.cursor);
  request->raw.limit = limit;
  request->raw.with_payload = with_payload ? 1 : 0;
  request->ended = [](list_request& ended) {
    static_cast<page*>(ended.owner)->owner->read_page(ended);
  };
  stores_[what.store]->submit(*request, SPAWN_SS_LIST, 0);
}

void timed_rows::read_page(list_request& request) {
  --in_flight_;
  std::unique_ptr<page> what(static_cast<page*>(request.owner));
  const errc status = request.status();
  const std::string why = take_error_text(request.raw.op);
  const std::int64_t now = lane_.unix_ms();
  const auto& raw = request.raw;
  std::int64_t again = what->again_ms;
  std::int64_t next = never;
  std::string first_key;
  const auto* at_row = reinterpret_cast<const char*>(raw.out_rows);
  for (std::uint32_t i = 0; status == errc::ok && running_ && i < raw.out_n;
       ++i, at_row += raw.out_row_stride) {
    const auto& row = *reinterpret_cast<const spawn_ss_row*>(at_row);
    const std::string_view key = view_of(row.key);
    if (what->peeks) {
      first_key = key;
      const auto parsed = parse_row_key(key);
      next = parsed ? parsed->due_ms : never;
      break;
    }
    auto opened = codec_.open(key, row.rec);
    if (!opened) {
      if (log_.allows(lane_.now_ns())) {
        SPAWN_LOG(error, "a scheduled message is left where it is: it cannot be read", {"key", key},
                  {"why", opened.error().text}, {"more_since_last_line", log_.take_held_back()});
      }
      again = std::min(again, now + static_cast<std::int64_t>(options_.look_again_ms));
      continue;
    }
    message_row& found = *(*opened)->row;
    found.store = what->store;
    const auto look_again = static_cast<std::int64_t>(options_.look_again_ms);
    if (found.waits(now)) {
      again = std::min(again, found.next_try_ms);
      continue;
    }
    again = std::min(again, now + look_again);
    if (now - found.due_ms > late_after_ms) {
      late_tokens_ -= 1;
    }
    (*opened)->budget = &budget_;
    (*opened)->charged_bytes = (*opened)->storage.size() + sizeof(invocation);
    budget_.take((*opened)->charged_bytes);
    send_(std::move(*opened));
  }
  std::string cursor(view_of(raw.out_cursor));
  release(request.raw.out_owner);
  release(request.raw.out_cursor);
  lists_.give_back(&request);
  if (!running_) {
    return;
  }
  if (what->number == row_partitions) {
    surveyed(*what, status, first_key);
  } else if (status != errc::ok) {
    if (log_.allows(lane_.now_ns())) {
      SPAWN_LOG(warn, "scheduled messages could not be read", {"why", why},
                {"more_since_last_line", log_.take_held_back()});
    }
    done(*what, now + static_cast<std::int64_t>(look_every_ms));
  } else if (what->peeks) {
    done(*what, std::min(again, next));
  } else if (cursor.empty()) {
    peek(what->store, what->number, what->until_ms, again);
  } else if (late_tokens_ < 0) {
    page& rest = *what;
    rest.cursor = std::move(cursor);
    rest.again_ms = again;
    at(rest.store, rest.number).paused = std::move(what);
    done(rest, now);
  } else {
    read(what->store, what->number, std::move(cursor), what->until_ms, again);
  }
}

void timed_rows::done(page& what, std::int64_t look_ms) {
  partition& of = at(what.store, what.number);
  of.reading = false;
  of.look_ms = std::min(of.look_ms, look_ms);
  arm();
}

}  // namespace spawn
