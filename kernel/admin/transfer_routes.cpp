// Records out of a store and into one: what `spawnctl state export` and `import` do page by page.
#include <nlohmann/json.hpp>

#include "admin/record_json.hpp"
#include "admin/store_calls.hpp"
#include "base/base64.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

using nlohmann::json;

// All revisions that are kept, oldest first, the head last.
admin_result<json> with_history(admin_call& call, std::size_t store, const stored_page& page) {
  json rows = json::array();
  for (const stored_row& head : page.rows) {
    page_order past;
    past.history = true;
    past.from = head.key;
    past.limit = upkeep_rows_max;
    do {
      auto older = co_await read_record_page(call, store, past);
      if (!older) {
        co_return fail(std::move(older.error()));
      }
      for (const stored_row& row : older->rows) {
        if (row.revision < head.revision) {
          rows.push_back(json_of(row, true));
        }
      }
      past.cursor = std::move(older->cursor);
    } while (!past.cursor.empty());
    rows.push_back(json_of(head, false));
  }
  co_return rows;
}

write_order order_of(imported_row& from, std::int64_t now_ms) {
  stored_row& row = from.row;
  write_order out;
  out.code = static_cast<std::uint16_t>(row.tombstone ? SPAWN_SS_DELETE : SPAWN_SS_SAVE);
  out.flags = SPAWN_SS_F_IMPORT;
  out.key = std::move(row.key);
  out.expect_revision = from.expect_revision;
  out.expect_writer = from.expect_writer;
  out.new_revision = row.revision;
  out.writer = row.writer;
  out.written_ms = row.written_ms;
  out.keep_history = UINT32_MAX;
  if (row.expires_ms > now_ms) {
    out.ttl_s = static_cast<std::uint32_t>((row.expires_ms - now_ms + 999) / 1'000);
  }
  out.content.has_payload = row.has_payload;
  out.content.type_url = std::move(row.type_url);
  out.content.payload = std::move(row.payload);
  out.content.meta = std::move(row.meta);
  return out;
}

// What an import of this row came to.
const char* verdict(const write_order& order, bool is_history, const write_outcome& outcome) {
  if (outcome.code == errc::ok) {
    return "imported";
  }
  if (outcome.code != errc::conflict) {
    return "failed";
  }
  const bool is_same =
      outcome.stored_revision == order.new_revision && outcome.stored_writer == order.writer;
  // An earlier run got past this one.
  const bool is_behind = is_history && outcome.stored_revision > order.new_revision;
  return is_same || is_behind ? "there" : "differs";
}

}  // namespace

admin_answer export_records(admin_call& call) {
  const auto store = find_store(call, call.request.parts[2]);
  if (!store) {
    co_return no_such_store(call.request.parts[2]);
  }
  page_order order;
  const auto prefix = call.request.param("prefix");
  if (!prefix.empty()) {
    const key_range range = prefix_range(prefix);
    order.from = range.from;
    order.to = range.to;
  }
  order.tombstones = true;
  order.limit = upkeep_rows_max;
  if (const auto cursor = call.request.param("cursor"); !cursor.empty()) {
    auto bytes = base64_decode(cursor);
    if (!bytes) {
      co_return bad_request("query cursor is not one that a page of this list ended with");
    }
    order.cursor = std::move(*bytes);
  }
  auto page = co_await read_record_page(call, *store, std::move(order));
  if (!page) {
    co_return store_problem(page.error());
  }
  json rows = json::array();
  if (call.request.param("history") == "true") {
    auto all = co_await with_history(call, *store, *page);
    if (!all) {
      co_return store_problem(all.error());
    }
    rows = std::move(*all);
  } else {
    for (const stored_row& row : page->rows) {
      rows.push_back(json_of(row, false));
    }
  }
  admin_response out;
  out.body = json{{"records", std::move(rows)},
                  {"cursor", page->cursor.empty() ? json() : json(base64_encode(page->cursor))}}
                 .dump();
  co_return out;
}

admin_answer import_records(admin_call& call) {
  const auto store = find_store(call, call.request.parts[2]);
  if (!store) {
    co_return no_such_store(call.request.parts[2]);
  }
  const json body = json::parse(call.request.body, nullptr, false);
  const auto rows = body.is_object() ? body.find("records") : body.end();
  if (!body.is_object() || rows == body.end() || !rows->is_array()) {
    co_return bad_request("the body is {\"records\": [...]}");
  }
  std::vector<write_order> orders;
  std::vector<write_order> sent;  // without their content
  std::vector<bool> is_history;
  const std::int64_t now = call.kernel.time.unix_ms();
  std::uint64_t expired = 0;
  for (const json& each : *rows) {
    auto row = imported_row_of(each);
    if (!row) {
      co_return bad_request("record " + std::to_string(orders.size() + expired + 1) + ": " +
                            row.error().text);
    }
    if (row->row.expires_ms != 0 && row->row.expires_ms <= now) {
      ++expired;
      continue;
    }
    is_history.push_back(row->is_history);
    orders.push_back(order_of(*row, now));
    write_order known;
    known.key = orders.back().key;
    known.new_revision = orders.back().new_revision;
    known.writer = orders.back().writer;
    sent.push_back(std::move(known));
  }
  auto outcomes = co_await write_records(call, *store, std::move(orders));
  if (!outcomes) {
    co_return store_problem(outcomes.error());
  }
  json answer{{"imported", 0}, {"there", 0}, {"expired", expired}};
  json problems = json::array();
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    const write_outcome& ended = (*outcomes)[i];
    const std::string what = verdict(sent[i], is_history[i], ended);
    if (what == "imported" || what == "there") {
      answer[what] = answer[what].get<std::uint64_t>() + 1;
      continue;
    }
    problems.push_back(
        {{"key", sent[i].key},
         {"revision", sent[i].new_revision},
         {"why", what == "differs" ? "another content is there, at revision " +
                                         std::to_string(ended.stored_revision)
                                   : std::string(name(ended.code)) + ": " + ended.why}});
  }
  answer["problems"] = std::move(problems);
  admin_response out;
  out.body = answer.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

}  // namespace spawn
