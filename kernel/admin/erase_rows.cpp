#include "admin/erase_rows.hpp"

#include <algorithm>
#include <limits>

#include "admin/message_orders.hpp"
#include "state/rows/row_keys.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

write_order deletion(const stored_row& row) {
  write_order order;
  order.code = SPAWN_SS_DELETE;
  order.flags = SPAWN_SS_F_NO_TOMBSTONE;
  order.key = row.key;
  order.expect_revision = row.revision;
  order.expect_writer = row.writer;
  order.new_revision = row.revision + 1;
  return order;
}

constexpr int passes_max = 10;

struct pass {
  std::uint64_t erased = 0;
  std::uint64_t missed = 0;  // somebody else wrote or deleted them meanwhile
};

// How many went. Those that somebody else deleted or wrote meanwhile did not.
admin_result<std::uint64_t> delete_all(admin_call& call, std::size_t store,
                                       std::vector<write_order> orders) {
  if (orders.empty()) {
    co_return std::uint64_t{0};
  }
  auto outcomes = co_await write_records(call, store, std::move(orders));
  if (!outcomes) {
    co_return fail(std::move(outcomes.error()));
  }
  for (auto& ended : *outcomes) {
    if (ended.code != errc::ok && ended.code != errc::conflict) {
      co_return fail(error{ended.code, 1'000, std::move(ended.why)});
    }
  }
  co_return static_cast<std::uint64_t>(
      std::count_if(outcomes->begin(), outcomes->end(),
                    [](const auto& ended) { return ended.code == errc::ok; }));
}

// Whether a row that was found by its receiver's name, or by its partition, is the actor's.
bool is_for(const result<invocation_ptr>& row, std::string_view key, const erased_actor& of) {
  if (!row) {
    return !key.starts_with("t/");  // what cannot be read is the actor's by its key, or nobody's
  }
  const message_row& found = *(*row)->row;
  if (found.kind == row_kind::call_end ||
      (found.kind == row_kind::reminder && found.created_ms > of.reminders_until_ms)) {
    return false;
  }
  const actor_view to = (*row)->target;
  const bool is_bare = to.parent.empty() || to.parent == to.name;
  return to.system == of.id.system && to.name == of.id.name &&
         (is_bare ? of.is_meant_by_name : to.parent == of.id.parent);
}

// All of one range that is the actor's.
admin_result<pass> erase_range(admin_call& call, std::size_t store, const key_range& range,
                               erased_actor of) {
  pass out;
  std::string cursor;
  do {
    page_order order;
    order.from = range.from;
    order.to = range.to;
    order.cursor = cursor;
    order.limit = upkeep_rows_max;
    auto page = co_await read_record_page(call, store, std::move(order));
    if (!page) {
      co_return fail(std::move(page.error()));
    }
    std::vector<write_order> plain;
    for (const stored_row& row : page->rows) {
      const auto read = call.kernel.rows.open(row.key, row.view());
      if (!is_for(read, row.key, of)) {
        continue;
      }
      const bool is_told_of = read && ((*read)->row->awaited || (*read)->row->call);
      if (!is_told_of || row.key.starts_with("d/")) {
        plain.push_back(deletion(row));
        continue;
      }
      const auto done = co_await order_message(call, store, row.key, row_order::erase);
      if (!done && done.error().code != errc::not_found) {
        co_return fail(error(done.error()));
      }
      out.erased += done ? 1 : 0;
    }
    const std::size_t wanted = plain.size();
    auto gone = co_await delete_all(call, store, std::move(plain));
    if (!gone) {
      co_return fail(std::move(gone.error()));
    }
    out.erased += *gone;
    out.missed += wanted - *gone;
    cursor = std::move(page->cursor);
  } while (!cursor.empty());
  co_return out;
}

admin_result<std::uint64_t> erase_all(admin_call& call, std::size_t store, key_range range,
                                      erased_actor of, bool until_none) {
  std::uint64_t erased = 0;
  for (int i = 0; i < passes_max; ++i) {
    auto done = co_await erase_range(call, store, range, of);
    if (!done) {
      co_return fail(std::move(done.error()));
    }
    erased += done->erased;
    if (!until_none || done->erased + done->missed == 0) {
      co_return erased;
    }
  }
  co_return fail(error{errc::unavailable, 1'000, "the actor is being sent to: erase it again"});
}

}  // namespace

admin_result<std::uint64_t> erase_calls(admin_call& call, std::size_t store, actor_view of) {
  const key_range range = prefix_range(call_row_key(of, {}));
  std::uint64_t erased = 0;
  while (true) {
    page_order order;
    order.from = range.from;
    order.to = range.to;
    order.with_payload = false;
    order.tombstones = true;
    order.limit = upkeep_rows_max;
    auto page = co_await read_record_page(call, store, std::move(order));
    if (!page) {
      co_return fail(std::move(page.error()));
    }
    if (page->rows.empty()) {
      co_return erased;
    }
    std::vector<write_order> orders;
    std::transform(page->rows.begin(), page->rows.end(), std::back_inserter(orders), deletion);
    auto gone = co_await delete_all(call, store, std::move(orders));
    if (!gone) {
      co_return fail(std::move(gone.error()));
    }
    if (*gone == 0) {
      co_return fail(errc::unavailable, "the actor is being called: erase it again");
    }
    erased += *gone;
  }
}

admin_result<erased_rows> erase_messages(admin_call& call, std::size_t store, erased_actor of,
                                         bool until_none) {
  constexpr std::int64_t ever = std::numeric_limits<std::int64_t>::max();
  erased_rows out;
  const auto& id = of.id;
  const std::uint32_t partition = row_partition(id.system, id.name);
  std::vector<std::pair<key_range, std::uint64_t*>> ranges{
      {inbox_range(id.system, id.name), &out.messages},
      {timed_range(partition, ever), &out.schedules},
      {dead_range({id.system, {}, id.name}), &out.dead_letters},
      {dead_range({id.system, id.name, id.name}), &out.dead_letters}};
  if (!id.parent.empty()) {
    ranges.emplace_back(dead_range(id), &out.dead_letters);
  }
  for (auto& [range, count] : ranges) {
    auto erased = co_await erase_all(call, store, std::move(range), of, until_none);
    if (!erased) {
      co_return fail(std::move(erased.error()));
    }
    *count += *erased;
  }
  co_return out;
}

}  // namespace spawn
