// Records out of a store and into one: what `spawnctl state export` and `import` do page by page.
#include <nlohmann/json.hpp>

#include "admin/record_json.hpp"
#include "admin/store_calls.hpp"
#include "base/base64.hpp"
#include "state/seal/byte_io.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

using nlohmann::json;

// An answer ends with the first row that makes it as large as this, before base64.
constexpr std::size_t export_bytes_max = 8u << 20;

// Where an export goes on: behind a key, or within the history of one.
struct export_place {
  std::string key;                  // empty: at the beginning
  std::uint64_t from_revision = 0;  // 0: the key is done

  [[nodiscard]] std::string text() const {
    std::string bytes;
    append_le(bytes, from_revision);
    return base64_encode(bytes + key);
  }
  // False: not one of ours.
  [[nodiscard]] bool read(std::string_view cursor) {
    const auto bytes = base64_decode(cursor);
    byte_reader in(bytes ? std::string_view(*bytes) : std::string_view());
    const auto revision = in.le<std::uint64_t>();
    if (!bytes || !revision || in.left().empty()) {
      return false;
    }
    from_revision = *revision;
    key = in.left();
    return true;
  }
};

// Rows of an answer, until it is large enough.
class export_rows {
 public:
  void add(const stored_row& row, bool is_history) {
    bytes_ += row.key.size() + row.type_url.size() + row.payload.size() + row.meta.size() + 200;
    rows_.push_back(json_of(row, is_history));
  }
  [[nodiscard]] bool full() const noexcept { return bytes_ >= export_bytes_max; }
  [[nodiscard]] json take() { return std::move(rows_); }

 private:
  json rows_ = json::array();
  std::size_t bytes_ = 0;
};

// The earlier revisions of a record, oldest first. False: there are more, from `place` on.
admin_result<bool> add_history(admin_call& call, std::size_t store, const stored_row& head,
                               export_place& place, export_rows& to) {
  page_order past;
  past.history = true;
  past.from = head.key;
  past.from_revision = place.from_revision;
  past.limit = upkeep_rows_max;
  do {
    auto older = co_await read_record_page(call, store, past);
    if (!older) {
      co_return fail(std::move(older.error()));
    }
    for (const stored_row& row : older->rows) {
      if (row.revision >= head.revision) {
        continue;
      }
      if (to.full()) {
        place = {head.key, row.revision};
        co_return false;
      }
      to.add(row, true);
    }
    past.cursor = std::move(older->cursor);
  } while (!past.cursor.empty());
  co_return true;
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
  if (outcome.stored_revision == order.new_revision && outcome.stored_writer == order.writer) {
    return "there";
  }
  return is_history && outcome.stored_revision > order.new_revision ? "behind" : "differs";
}

// Of rows that came after newer ones: whether an earlier run has brought them.
admin_result<std::vector<bool>> are_there(admin_call& call, std::size_t store,
                                          const std::vector<const write_order*>& rows) {
  std::vector<page_order> orders;
  for (const write_order* row : rows) {
    page_order one;
    one.history = true;
    one.from = row->key;
    one.from_revision = row->new_revision;
    one.with_payload = false;
    one.limit = 1;
    orders.push_back(std::move(one));
  }
  auto pages = co_await read_records(call, store, std::move(orders));
  if (!pages) {
    co_return fail(std::move(pages.error()));
  }
  std::vector<bool> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& found = (*pages)[i].rows;
    out.push_back(!found.empty() && found[0].revision == rows[i]->new_revision &&
                  found[0].writer == rows[i]->writer);
  }
  co_return out;
}

std::string trouble_of(const std::string& what, const write_outcome& ended) {
  if (what == "behind") {
    return "a newer revision is there already, and history goes in only before it";
  }
  if (what == "failed") {
    return std::string(name(ended.code)) + ": " + ended.why;
  }
  return ended.stored_revision == 0
             ? "the revision before it is not there"
             : "another content is there, at revision " + std::to_string(ended.stored_revision);
}

}  // namespace

admin_answer export_records(admin_call& call) {
  const auto store = find_store(call, call.request.parts[2]);
  if (!store) {
    co_return no_such_store(call.request.parts[2]);
  }
  export_place place;
  const auto cursor = call.request.param("cursor");
  if (!cursor.empty() && !place.read(cursor)) {
    co_return bad_request("query cursor is not one that a page of this list ended with");
  }
  const bool with_history = call.request.param("history") == "true";
  page_order order;
  if (const auto prefix = call.request.param("prefix"); !prefix.empty()) {
    const key_range range = prefix_range(prefix);
    order.from = range.from;
    order.to = range.to;
  }
  if (!place.key.empty()) {
    order.from = place.from_revision != 0 ? place.key : place.key + '\0';
  }
  order.tombstones = true;
  order.limit = upkeep_rows_max;
  auto page = co_await read_record_page(call, *store, std::move(order));
  if (!page) {
    co_return store_problem(page.error());
  }
  export_rows rows;
  bool more = !page->cursor.empty();
  for (std::size_t i = 0; i < page->rows.size(); ++i) {
    const stored_row& head = page->rows[i];
    if (with_history && head.revision > 1) {
      place.from_revision = place.key == head.key ? place.from_revision : 0;
      auto whole = co_await add_history(call, *store, head, place, rows);
      if (!whole) {
        co_return store_problem(whole.error());
      }
      if (!*whole) {
        more = true;
        break;
      }
    }
    rows.add(head, false);
    place = {head.key, 0};
    if (rows.full() && i + 1 < page->rows.size()) {
      more = true;
      break;
    }
  }
  admin_response out;
  out.body = json{{"records", rows.take()}, {"cursor", more ? json(place.text()) : json()}}.dump();
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
  if (rows->size() > upkeep_rows_max) {
    co_return bad_request("at most " + std::to_string(upkeep_rows_max) + " records at a time");
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
  std::vector<std::string> verdicts;
  std::vector<const write_order*> behind;
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    verdicts.emplace_back(verdict(sent[i], is_history[i], (*outcomes)[i]));
    if (verdicts.back() == "behind") {
      behind.push_back(&sent[i]);
    }
  }
  auto there = co_await are_there(call, *store, behind);
  if (!there) {
    co_return store_problem(there.error());
  }
  json answer{{"imported", 0}, {"there", 0}, {"expired", expired}};
  json problems = json::array();
  std::size_t next_behind = 0;
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    std::string& what = verdicts[i];
    if (what == "behind" && (*there)[next_behind++]) {
      what = "there";
    }
    if (what == "imported" || what == "there") {
      answer[what] = answer[what].get<std::uint64_t>() + 1;
    } else {
      problems.push_back({{"key", sent[i].key},
                          {"revision", sent[i].new_revision},
                          {"why", trouble_of(what, (*outcomes)[i])}});
    }
  }
  answer["problems"] = std::move(problems);
  admin_response out;
  out.body = answer.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

}  // namespace spawn
