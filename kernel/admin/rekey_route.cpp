// Rotation of keys and pruning of history, a page of records at a time: small steps that the
// store's other work goes on between, and that can be begun again anywhere.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "admin/store_calls.hpp"
#include "base/base64.hpp"
#include "state/rows/row_keys.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

using nlohmann::json;

// A page may be 8 MiB: so many are in memory together.
constexpr std::size_t histories_at_once = 8;
// Each may have a long history, and all of it is done before the answer.
constexpr std::uint32_t rekey_rows_max = 32;

struct upkeep_counts {
  std::uint64_t looked_at = 0;
  std::uint64_t changed = 0;
  std::uint64_t changed_meanwhile = 0;
  json problems = json::array();

  void problem(const stored_row& of, const std::string& why) {
    problems.push_back({{"key", of.key}, {"revision", of.revision}, {"why", why}});
  }
};

// Where the page begins, or what is wrong with the query.
std::optional<std::string> read_place(const admin_call& call, page_order& order) {
  if (const auto prefix = call.request.param("prefix"); !prefix.empty()) {
    const key_range range = prefix_range(prefix);
    order.from = range.from;
    order.to = range.to;
  }
  order.limit = upkeep_rows_max;
  if (const auto cursor = call.request.param("cursor"); !cursor.empty()) {
    auto bytes = base64_decode(cursor);
    if (!bytes) {
      return "query cursor is not one that a page of this work ended with";
    }
    order.cursor = std::move(*bytes);
  }
  return std::nullopt;
}

admin_response answer_of(const upkeep_counts& counts, const std::string& cursor) {
  admin_response out;
  out.body = json{{"looked_at", counts.looked_at},
                  {"changed", counts.changed},
                  {"changed_meanwhile", counts.changed_meanwhile},
                  {"problems", counts.problems},
                  {"cursor", cursor.empty() ? json() : json(base64_encode(cursor))}}
                 .dump(-1, ' ', false, json::error_handler_t::replace);
  return out;
}

// The same content sealed under the key of now; nothing when it is already, or has no content.
result<std::optional<write_order>> resealed(admin_call& call, const stored_row& row) {
  const sealer& keys = call.kernel.keys;
  if (row.tombstone && is_message_key(row.key)) {
    return std::optional<write_order>();  // a dead letter whose time is over: it goes by itself
  }
  const bool is_done = (row.meta.empty() || keys.is_current(row.meta)) &&
                       (!row.has_payload || keys.is_current(row.payload));
  if (is_done) {
    return std::optional<write_order>();
  }
  write_order out;
  if (is_message_key(row.key)) {
    SPAWN_TRY(const invocation_ptr message, call.kernel.rows.open(row.key, row.view()));
    SPAWN_CHECK(call.kernel.rows.seal(*message, out.content));
  } else {
    SPAWN_TRY(const record opened, call.kernel.codec.open(row.key, row.view()));
    SPAWN_CHECK(call.kernel.codec.seal(row.key, row.revision, row.writer, opened.meta,
                                       opened.has_payload, opened.type_url, opened.payload,
                                       out.content));
  }
  out.code = SPAWN_SS_REWRITE;
  out.key = row.key;
  out.expect_revision = row.revision;
  out.expect_writer = row.writer;
  return std::optional(std::move(out));
}

// Seals what is not yet; an error only when the store did not answer.
admin_result<bool> reseal(admin_call& call, std::size_t store, const std::vector<stored_row>& rows,
                          upkeep_counts& counts) {
  std::vector<write_order> orders;
  std::vector<const stored_row*> of;
  for (const stored_row& row : rows) {
    ++counts.looked_at;
    auto order = resealed(call, row);
    if (!order) {
      counts.problem(row, order.error().text);
    } else if (*order) {
      orders.push_back(std::move(**order));
      of.push_back(&row);
    }
  }
  auto outcomes = co_await write_records(call, store, std::move(orders));
  if (!outcomes) {
    co_return fail(std::move(outcomes.error()));
  }
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    const write_outcome& ended = (*outcomes)[i];
    if (ended.code == errc::ok) {
      ++counts.changed;
    } else if (ended.code == errc::conflict) {
      ++counts.changed_meanwhile;  // a newer save, and so under the key of now
    } else {
      counts.problem(*of[i], std::string(name(ended.code)) + ": " + ended.why);
    }
  }
  co_return true;
}

// The earlier revisions of some records, a page of each at a time.
admin_result<bool> reseal_histories(admin_call& call, std::size_t store,
                                    std::span<const stored_row> heads, upkeep_counts& counts) {
  std::vector<page_order> orders;
  std::vector<std::uint64_t> newest;  // of the same key
  for (const stored_row& head : heads) {
    if (head.revision > 1) {
      page_order past;
      past.history = true;
      past.from = head.key;
      past.limit = upkeep_rows_max;
      orders.push_back(std::move(past));
      newest.push_back(head.revision);
    }
  }
  while (!orders.empty()) {
    auto pages = co_await read_records(call, store, orders);
    if (!pages) {
      co_return fail(std::move(pages.error()));
    }
    std::vector<page_order> next;
    std::vector<std::uint64_t> next_newest;
    for (std::size_t i = 0; i < pages->size(); ++i) {
      stored_page& page = (*pages)[i];
      std::erase_if(page.rows, [&](const stored_row& row) { return row.revision >= newest[i]; });
      auto done = co_await reseal(call, store, page.rows, counts);
      if (!done) {
        co_return fail(std::move(done.error()));
      }
      if (!page.cursor.empty()) {
        orders[i].cursor = std::move(page.cursor);
        next.push_back(std::move(orders[i]));
        next_newest.push_back(newest[i]);
      }
    }
    orders = std::move(next);
    newest = std::move(next_newest);
  }
  co_return true;
}

}  // namespace

admin_answer rekey_records(admin_call& call) {
  const auto store = find_store(call, call.request.parts[2]);
  if (!store) {
    co_return no_such_store(call.request.parts[2]);
  }
  if (!call.kernel.keys.enabled()) {
    co_return admin_problem(409, "UNSUPPORTED",
                            "no key is set (encryption.key): there is nothing to seal under");
  }
  page_order order;
  order.tombstones = true;
  if (const auto wrong = read_place(call, order)) {
    co_return bad_request(*wrong);
  }
  order.limit = rekey_rows_max;
  auto page = co_await read_record_page(call, *store, std::move(order));
  if (!page) {
    co_return store_problem(page.error());
  }
  upkeep_counts counts;
  // History first: a record whose head is done has all of it done.
  for (std::size_t i = 0; i < page->rows.size(); i += histories_at_once) {
    const auto some = std::span<const stored_row>(page->rows)
                          .subspan(i, std::min(histories_at_once, page->rows.size() - i));
    if (auto done = co_await reseal_histories(call, *store, some, counts); !done) {
      co_return store_problem(done.error());
    }
  }
  if (auto done = co_await reseal(call, *store, page->rows, counts); !done) {
    co_return store_problem(done.error());
  }
  co_return answer_of(counts, page->cursor);
}

admin_answer prune_records(admin_call& call) {
  const auto store = find_store(call, call.request.parts[2]);
  if (!store) {
    co_return no_such_store(call.request.parts[2]);
  }
  page_order order;
  order.with_payload = false;
  order.tombstones = true;
  if (const auto wrong = read_place(call, order)) {
    co_return bad_request(*wrong);
  }
  std::uint64_t keep = UINT32_MAX, older_ms = 0;
  const auto keep_text = call.request.param("keep");
  const auto older_text = call.request.param("older_than_ms");
  if (keep_text.empty() && older_text.empty()) {
    co_return bad_request("give keep, older_than_ms, or both");
  }
  if ((!keep_text.empty() && (!read_number(keep_text, keep) || keep == 0 || keep > UINT32_MAX)) ||
      (!older_text.empty() && (!read_number(older_text, older_ms) || older_ms == 0))) {
    co_return bad_request("keep and older_than_ms are whole numbers from 1 on");
  }
  auto page = co_await read_record_page(call, *store, std::move(order));
  if (!page) {
    co_return store_problem(page.error());
  }
  upkeep_counts counts;
  std::vector<write_order> orders;
  for (const stored_row& row : page->rows) {
    ++counts.looked_at;
    write_order prune;
    prune.code = SPAWN_SS_PRUNE;
    prune.key = row.key;
    prune.keep_history = static_cast<std::uint32_t>(keep);
    prune.keep_history_ms = older_ms;
    orders.push_back(std::move(prune));
  }
  auto outcomes = co_await write_records(call, *store, std::move(orders));
  if (!outcomes) {
    co_return store_problem(outcomes.error());
  }
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    const write_outcome& ended = (*outcomes)[i];
    if (ended.code == errc::ok) {
      ++counts.changed;
    } else {
      counts.problem(page->rows[i], std::string(name(ended.code)) + ": " + ended.why);
    }
  }
  co_return answer_of(counts, page->cursor);
}

}  // namespace spawn
