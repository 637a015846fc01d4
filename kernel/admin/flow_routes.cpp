// Flows for people: what a workflow plugin says of the actors that it serves (workflow.h,
// describe).
#include <nlohmann/json.hpp>

#include "admin/store_calls.hpp"
#include "base/base64.hpp"
#include "state/seal/keys.hpp"
#include "workflow/flow_state.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::uint32_t page_default = 50;

json parents_json(const admin_call& call) {
  json out = json::array();
  for (const auto& [parent, type] : call.kernel.virtuals) {
    out.push_back({{"parent", parent},
                   {"workflow", type.served_by->name()},
                   {"store", call.kernel.settings.statestores[type.policy.store].instance}});
  }
  return out;
}

// Null: the record is of a flow that has ended, or of none.
json flow_json(const admin_call& call, const definition& type, const stored_row& row) {
  json out;
  if (const auto parts = parse_actor_key(row.key)) {
    out["system"] = parts->system;
    out["parent"] = parts->parent;
    out["id"] = parts->name;
  }
  out["revision"] = row.revision;
  auto record = call.kernel.codec.open(row.key, row.view());
  if (!record) {
    out["unreadable"] = record.error().text;
    return out;
  }
  if (record->meta.deleted() || record->type_url != flow_type_url) {
    return {};
  }
  auto flow = decode_flow(record->payload);
  if (!flow) {
    out["unreadable"] = flow.error().text;
    return out;
  }
  out["written_ms"] = record->written_ms;
  out["calls_out"] = flow->waits.size();
  out["callers"] = flow->callers.size();
  out["next_timer_ms"] = flow->next_due() != 0 ? json(flow->next_due()) : json();
  auto told = type.served_by->describe(flow->schema, flow->scratch);
  if (told) {
    out["flow"] = json::parse(*told, nullptr, false);
  } else {
    out["flow"] = {{"scratch_bytes", flow->scratch.size()}, {"why", told.error().text}};
  }
  return out;
}

admin_response respond(const json& body) {
  admin_response out;
  out.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return out;
}

// What of the query's `limit` and `cursor` is wrong, or nothing.
std::optional<std::string> read_page(const admin_call& call, page_order& order) {
  order.limit = page_default;
  if (const auto given = call.request.param("limit"); !given.empty()) {
    std::uint64_t limit = 0;
    if (!read_number(given, limit) || limit < 1 || limit > upkeep_rows_max) {
      return "query limit is a number from 1 to " + std::to_string(upkeep_rows_max);
    }
    order.limit = static_cast<std::uint32_t>(limit);
  }
  if (const auto cursor = call.request.param("cursor"); !cursor.empty()) {
    auto bytes = base64_decode(cursor);
    if (!bytes) {
      return "query cursor is not one that a page of this list ended with";
    }
    order.cursor = std::move(*bytes);
  }
  return std::nullopt;
}

}  // namespace

// Without `parent`: which parents there are. With `id`: that one flow.
admin_answer list_flows(admin_call& call) {
  const std::string parent(call.request.param("parent"));
  const std::string id(call.request.param("id"));
  const std::string state(call.request.param("state"));
  if (parent.empty()) {
    co_return respond({{"parents", parents_json(call)}});
  }
  const auto type = call.kernel.virtuals.find(parent);
  if (type == call.kernel.virtuals.end()) {
    co_return admin_problem(404, "NOT_FOUND", "no workflow serves actors of " + parent);
  }
  const auto asked = call.request.param("system");
  const std::string system = asked.empty() ? call.kernel.settings.system : std::string(asked);
  page_order order;
  if (const auto wrong = read_page(call, order)) {
    co_return bad_request(*wrong);
  }
  auto range = actor_range(system, parent);
  if (!id.empty()) {
    auto key = actor_key(system, parent, id);
    if (!key) {
      co_return bad_request("query id: " + key.error().text);
    }
    range = {*key, *key + '\0'};
    order.limit = 1;
  }
  order.from = std::move(range.from);
  order.to = std::move(range.to);
  auto page = co_await read_record_page(call, type->second.policy.store, std::move(order));
  if (!page) {
    co_return store_problem(page.error());
  }
  json flows = json::array();
  for (const stored_row& row : page->rows) {
    json one = flow_json(call, type->second, row);
    const json told = one.is_object() ? one.value("flow", json::object()) : json();
    const bool matches =
        state.empty() || (told.is_object() && told.value("state", std::string()) == state);
    if (!one.is_null() && matches) {
      flows.push_back(std::move(one));
    }
  }
  if (!id.empty() && flows.empty()) {
    co_return admin_problem(404, "NOT_FOUND", "there is no " + parent + " " + id);
  }
  if (!id.empty()) {
    co_return respond(flows.front());
  }
  co_return respond(
      {{"flows", std::move(flows)},
       {"cursor", page->cursor.empty() ? json() : json(base64_encode(page->cursor))}});
}

}  // namespace spawn
