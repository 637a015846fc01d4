// Message rows for people: dead letters, schedules, and what waits for its receiver.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/message_orders.hpp"
#include "base/base64.hpp"
#include "model/channel_name.hpp"
#include "model/reserved_metadata.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::uint32_t page_default = 50;

struct family {
  const char* plural;
  char letter;
  key_range (*range)();
};
constexpr family dead{"dead_letters", 'd', dead_range};
constexpr family timed{"schedules", 't', [] { return timed_range(); }};
constexpr family pending{"messages", 'm', message_range};

std::string lossless(const json& from) {
  return from.dump(-1, ' ', false, json::error_handler_t::replace);
}

// "d/..." without its family is the id that people use.
std::string id_of(std::string_view key) {
  return std::string(key.substr(2));
}

// A channel's rows wait at a name that only the kernel knows.
std::string shown_name(std::string_view receiver) {
  if (is_sink_name(receiver)) {
    return "sink/" + std::string(sink_of(receiver));
  }
  return is_channel_name(receiver) ? "channel/" + std::string(topic_of(receiver))
                                   : std::string(receiver);
}

json row_json(const admin_call& call, std::size_t store, const stored_row& row, bool with_payload) {
  json out{{"id", id_of(row.key)}, {"store", call.kernel.settings.statestores[store].instance}};
  auto opened = call.kernel.rows.open(row.key, row.view());
  if (!opened) {
    out["unreadable"] = opened.error().text;
    return out;
  }
  const invocation& message = **opened;
  const message_row& at = *message.row;
  out["to"] = {{"system", message.target.system},
               {"parent", message.target.parent},
               {"name", shown_name(message.target.name)}};
  out["action"] = message.action;
  out["kind"] = name(at.kind);
  if (const kv_view* reminder = message.find_metadata(metadata_reminder)) {
    out["reminder"] = reminder->value;
  }
  out["from"] = at.sender == row_from_outside ? json() : json(at.sender);
  out["created_ms"] = at.created_ms;
  out["attempts"] = at.attempts;
  if (at.blocked) {
    out["blocks"] = true;  // what its sender sent to the same actor afterwards waits for it
  }
  if (at.due_ms != 0) {
    out["due_ms"] = at.due_ms;
  }
  if (row.key.starts_with("d/")) {
    out["dead_ms"] = at.next_try_ms;
  } else if (at.next_try_ms != 0) {
    out["next_try_ms"] = at.next_try_ms;
  }
  if (!at.last_error.empty()) {
    out["why"] = at.last_error;
  }
  if (with_payload) {
    out["payload"] = json::parse(payload_json(message.argument), nullptr, false);
    json metadata = json::object();
    for (const auto& entry : message.metadata) {
      metadata[std::string(entry.key)] = entry.value;
    }
    out["metadata"] = std::move(metadata);
    out["revision"] = row.revision;
  }
  return out;
}

// Which store is meant: the one named, else the first.
std::optional<std::size_t> store_of(const admin_call& call) {
  const auto named = call.request.param("store");
  return named.empty() ? std::optional<std::size_t>(0) : find_store(call, named);
}

admin_answer list(admin_call& call, family of) {
  const auto store = store_of(call);
  if (!store) {
    co_return no_such_store(call.request.param("store"));
  }
  page_order order;
  auto range = of.range();
  order.from = std::move(range.from);
  order.to = std::move(range.to);
  order.limit = page_default;
  if (const auto given = call.request.param("limit"); !given.empty()) {
    std::uint64_t limit = 0;
    if (!read_number(given, limit) || limit < 1 || limit > upkeep_rows_max) {
      co_return bad_request("query limit is a number from 1 to " + std::to_string(upkeep_rows_max));
    }
    order.limit = static_cast<std::uint32_t>(limit);
  }
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
  for (const stored_row& row : page->rows) {
    rows.push_back(row_json(call, *store, row, false));
  }
  json body{{of.plural, std::move(rows)},
            {"cursor", page->cursor.empty() ? json() : json(base64_encode(page->cursor))}};
  admin_response out;
  out.body = lossless(body);
  co_return out;
}

admin_response not_there(std::string_view id) {
  return admin_problem(404, "NOT_FOUND", "there is no message " + std::string(id));
}

admin_answer show(admin_call& call, family of) {
  const auto store = store_of(call);
  if (!store) {
    co_return no_such_store(call.request.param("store"));
  }
  const std::string id(call.request.param("id"));
  page_order order;
  order.from = std::string{of.letter, '/'} + id;
  order.to = order.from + '\0';
  order.limit = 1;
  auto page = co_await read_record_page(call, *store, std::move(order));
  if (!page) {
    co_return store_problem(page.error());
  }
  if (page->rows.empty()) {
    co_return not_there(id);
  }
  admin_response out;
  out.body = lossless(row_json(call, *store, page->rows.front(), true));
  co_return out;
}

admin_answer carry_out(admin_call& call, family of, row_order what) {
  const auto store = store_of(call);
  if (!store) {
    co_return no_such_store(call.request.param("store"));
  }
  const std::string id(call.request.param("id"));
  if (id.empty()) {
    co_return bad_request("query id names the message");
  }
  auto done = co_await order_message(call, *store, std::string{of.letter, '/'} + id, what);
  if (!done) {
    co_return done.error().code == errc::not_found ? not_there(id) : store_problem(done.error());
  }
  admin_response out;
  out.body = lossless({{"id", id}, {what == row_order::replay ? "replayed" : "removed", true}});
  co_return out;
}

}  // namespace

admin_answer list_dead_letters(admin_call& call) {
  return call.request.param("id").empty() ? list(call, dead) : show(call, dead);
}
admin_answer replay_dead_letter(admin_call& call) {
  return carry_out(call, dead, row_order::replay);
}
admin_answer drop_dead_letter(admin_call& call) {
  return carry_out(call, dead, row_order::remove);
}
admin_answer list_schedules(admin_call& call) {
  return call.request.param("id").empty() ? list(call, timed) : show(call, timed);
}
admin_answer cancel_schedule(admin_call& call) {
  return carry_out(call, timed, row_order::remove);
}
admin_answer list_messages(admin_call& call) {
  return call.request.param("id").empty() ? list(call, pending) : show(call, pending);
}

}  // namespace spawn
