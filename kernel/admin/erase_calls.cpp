#include "admin/erase_calls.hpp"

#include <algorithm>

#include "state/rows/row_keys.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

std::vector<write_order> deletions(const stored_page& page) {
  std::vector<write_order> out;
  for (const stored_row& row : page.rows) {
    write_order order;
    order.code = SPAWN_SS_DELETE;
    order.flags = SPAWN_SS_F_NO_TOMBSTONE;
    order.key = row.key;
    order.expect_revision = row.revision;
    order.expect_writer = row.writer;
    order.new_revision = row.revision + 1;
    out.push_back(std::move(order));
  }
  return out;
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
    auto orders = deletions(*page);
    auto outcomes = co_await write_records(call, store, std::move(orders));
    if (!outcomes) {
      co_return fail(std::move(outcomes.error()));
    }
    const auto gone = std::count_if(outcomes->begin(), outcomes->end(),
                                    [](const auto& ended) { return ended.code == errc::ok; });
    if (gone == 0) {
      co_return fail(errc::unavailable, "the actor is being called: erase it again");
    }
    erased += static_cast<std::uint64_t>(gone);
  }
}

}  // namespace spawn
