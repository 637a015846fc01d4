// Restore, delete and erase of one actor's state.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/erase_rows.hpp"
#include "admin/store_calls.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

using nlohmann::json;

struct actor_place {
  std::string system, name, parent;
  bool is_known = false;   // registered here
  bool has_cells = false;  // a cell of it does the work, or would
  bool is_bound = false;
  std::size_t store = 0;
};

// How long an order may wait for its turn.
std::uint64_t order_ms(const admin_call& call) {
  const auto& limits = call.kernel.settings.timeouts;
  std::uint64_t asked = 0;
  const bool given = read_number(call.request.param("timeout_ms"), asked) && asked != 0;
  return given ? std::min(asked, limits.request_max_ms) : limits.request_ms;
}

void take_type(actor_place& of, const definition& def) {
  of.store = def.policy.store;
  of.has_cells = def.mode() != durability::none && def.kind != actor_kind::pooled;
}

boost::asio::awaitable<std::optional<actor_place>> place_of(admin_call& call) {
  actor_place out;
  out.system = call.request.parts[2];
  out.name = call.request.parts[3];
  out.parent = call.request.param("parent");
  lane& home = call.kernel.lanes.of(lane_hash(out.system, out.name));
  lane_router* router = call.kernel.routers[home.index()];
  auto work = [router, out](lane_answer<actor_place> answer) mutable {
    const auto found = router->resolve(out.system, out.name, out.parent);
    if (found.type != nullptr) {
      out.is_known = true;
      out.parent = found.id.parent;
      take_type(out, *found.type->now);
    }
    const binding* bound = router->names().find(out.system, out.name);
    if (!out.is_known && bound != nullptr && out.parent.empty()) {
      out.parent = bound->parent;
    }
    // Of a type that was forgotten, but is still in memory.
    if (const cell* at = router->cells().find({out.system, out.parent, out.name})) {
      take_type(out, at->def());
    }
    out.is_bound = bound != nullptr && bound->parent == out.parent;
    answer(std::move(out));
  };
  co_return co_await ask<actor_place>(call.loop, home, lane_answer_ms, std::move(work));
}

invocation_ptr message_of(const actor_place& to, std::shared_ptr<state_order> order) {
  auto message = std::make_unique<invocation>();
  message->storage = to.system + to.name + to.parent;
  const std::string_view all(message->storage);
  message->target = {all.substr(0, to.system.size()), all.substr(to.system.size() + to.name.size()),
                     all.substr(to.system.size(), to.name.size())};
  message->argument.kind = presence::noop;
  message->order = std::move(order);
  return message;
}

admin_response unknown_actor(const actor_place& at) {
  return admin_problem(
      404, "ACTOR_NOT_FOUND",
      "actor " + at.name + " is neither registered nor spawned in system " + at.system);
}

// Revisions beside the head.
admin_result<std::uint64_t> count_history(admin_call& call, std::size_t store,
                                          const std::string& key) {
  page_order past;
  past.history = true;
  past.from = key;
  past.with_payload = false;
  past.limit = 1'000;
  std::uint64_t out = 0;
  do {
    auto page = co_await read_record_page(call, store, past);
    if (!page) {
      co_return fail(std::move(page.error()));
    }
    out += page->rows.size();
    past.cursor = std::move(page->cursor);
  } while (!past.cursor.empty());
  co_return out;
}

// The record under exactly this key, tombstones too.
admin_result<std::optional<stored_row>> find_record(admin_call& call, std::size_t store,
                                                    const std::string& key) {
  page_order one;
  one.from = key;
  one.to = key + '\0';
  one.with_payload = false;
  one.tombstones = true;
  one.limit = 1;
  auto page = co_await read_record_page(call, store, std::move(one));
  if (!page) {
    co_return fail(std::move(page.error()));
  }
  if (page->rows.empty()) {
    co_return std::optional<stored_row>();
  }
  co_return std::optional(std::move(page->rows.front()));
}

// Where no cell of this kernel writes it: straight in the store.
admin_result<bool> erase_record(admin_call& call, std::size_t store, const stored_row& row) {
  write_order order;
  order.code = SPAWN_SS_DELETE;
  order.flags = SPAWN_SS_F_ERASE;
  order.key = row.key;
  order.expect_revision = row.revision;
  order.expect_writer = row.writer;
  order.new_revision = row.revision + 1;
  std::vector<write_order> orders;
  orders.push_back(std::move(order));
  auto outcomes = co_await write_records(call, store, std::move(orders));
  if (!outcomes) {
    co_return fail(std::move(outcomes.error()));
  }
  const write_outcome& ended = outcomes->front();
  if (ended.code != errc::ok) {
    co_return fail(error{ended.code, 0, ended.why});
  }
  co_return true;
}

// Nothing calls the actor by itself any more, and its name means nothing.
boost::asio::awaitable<std::optional<error>> unbind(admin_call& call, const actor_place& at) {
  lane& home = call.kernel.lanes.of(lane_hash(at.system, at.name));
  lane_router* router = call.kernel.routers[home.index()];
  auto work = [router, at](lane_answer<result<void>> answer) mutable {
    router->release_actor({at.system, at.parent, at.name});
    if (!at.is_bound) {
      answer({});
      return;
    }
    router->names().unbind(
        at.system, at.name,
        [answer = std::move(answer)](result<void> done) mutable { answer(std::move(done)); });
  };
  auto done = co_await ask<result<void>>(call.loop, home, upkeep_ms, std::move(work));
  if (!done) {
    co_return error{errc::unavailable, 1'000, "a lane did not answer in time"};
  }
  co_return *done ? std::nullopt : std::optional(done->error());
}

// One store's part of an erasure, checked by looking again.
admin_result<json> erase_in(admin_call& call, const actor_place& at, std::size_t store,
                            const std::string& key) {
  auto before = co_await find_record(call, store, key);
  if (!before) {
    co_return fail(std::move(before.error()));
  }
  auto history = co_await count_history(call, store, key);
  if (!history) {
    co_return fail(std::move(history.error()));
  }
  const actor_view id{at.system, at.parent, at.name};
  erased_actor whose{id, at.is_bound || at.parent.empty(), 0};
  auto rows = co_await erase_messages(call, store, whose, false);
  if (!rows) {
    co_return fail(std::move(rows.error()));
  }
  const std::int64_t ordered_ms = call.kernel.time.unix_ms();
  const bool had_state = *before && !(*before)->tombstone;
  const std::uint64_t revisions = *history - (had_state && *history > 0 ? 1 : 0);
  if (at.has_cells && store == at.store) {
    auto order = std::make_shared<state_order>();
    order->kind = state_order_kind::erase;
    const auto ended = co_await deliver(call, message_of(at, order), order_ms(call));
    if (!ended) {
      co_return fail(errc::unavailable, "a lane did not answer in time");
    }
    if (!ended->ok()) {
      co_return fail(
          ended->why == failure::invalid_argument ? errc::unsupported : errc::unavailable,
          std::string(facts(ended->why).code) + ": " + ended->text);
    }
  } else if (*before) {
    auto done = co_await erase_record(call, store, **before);
    if (!done) {
      co_return fail(std::move(done.error()));
    }
  }
  auto calls = co_await erase_calls(call, store, id);
  whose.reminders_until_ms = ordered_ms;
  auto late_rows = co_await erase_messages(call, store, whose, true);  // and what came meanwhile
  if (!calls || !late_rows) {
    co_return fail(std::move(calls ? late_rows.error() : calls.error()));
  }
  auto after = co_await find_record(call, store, key);
  auto left = co_await count_history(call, store, key);
  if (!after || !left) {
    co_return fail(std::move(after ? left.error() : after.error()));
  }
  const bool is_clean = (!*after || ((*after)->tombstone && (*after)->meta.empty())) && *left == 0;
  if (!is_clean) {
    co_return fail(errc::unavailable, "the record was written again meanwhile");
  }
  co_return json{{"store", call.kernel.settings.statestores[store].instance},
                 {"state", had_state},
                 {"history_revisions", revisions},
                 {"calls", *calls},
                 {"messages", rows->messages + late_rows->messages},
                 {"schedules", rows->schedules + late_rows->schedules},
                 {"dead_letters", rows->dead_letters + late_rows->dead_letters},
                 {"tombstone_revision", *after ? json((*after)->revision) : json()}};
}

}  // namespace

admin_answer restore_state(admin_call& call) {
  auto order = std::make_shared<state_order>();
  if (!read_number(call.request.param("revision"), order->revision) || order->revision == 0) {
    co_return bad_request("query revision is a whole number from 1 on");
  }
  const auto at = co_await place_of(call);
  if (!at) {
    co_return lane_is_busy();
  }
  if (!at->is_known) {
    co_return unknown_actor(*at);
  }
  const auto ended = co_await deliver(call, message_of(*at, order), order_ms(call));
  if (!ended) {
    co_return lane_is_busy();
  }
  if (!ended->ok()) {
    co_return admin_problem(*ended);
  }
  admin_response out;
  out.body = json{{"system", at->system},
                  {"name", at->name},
                  {"restored_from", order->revision},
                  {"revision", order->made_revision}}
                 .dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

admin_answer delete_state(admin_call& call) {
  const auto at = co_await place_of(call);
  if (!at) {
    co_return lane_is_busy();
  }
  json answer{{"system", at->system}, {"name", at->name}, {"parent", at->parent}};
  if (call.request.param("erase") != "true") {
    if (!at->is_known) {
      co_return unknown_actor(*at);
    }
    auto order = std::make_shared<state_order>();
    order->kind = state_order_kind::remove;
    const auto ended = co_await deliver(call, message_of(*at, order), order_ms(call));
    if (!ended) {
      co_return lane_is_busy();
    }
    if (!ended->ok()) {
      co_return admin_problem(*ended);
    }
    answer["deleted"] = order->made_revision != 0;
    answer["revision"] = order->made_revision;
  } else {
    auto key = actor_key(at->system, at->parent, at->name);
    if (!key) {
      co_return store_problem(key.error());
    }
    {
      lane& home = call.kernel.lanes.of(lane_hash(at->system, at->name));
      lane_router* router = call.kernel.routers[home.index()];
      post(home, [router, id = *at] { router->release_actor({id.system, id.parent, id.name}); });
    }
    // Its own store first; another may still have it from before its type was moved.
    json receipt = json::array();
    for (std::size_t i = 0; i < call.kernel.settings.statestores.size(); ++i) {
      auto part = co_await erase_in(call, *at, i, *key);
      if (!part) {
        auto problem = store_problem(part.error());
        co_return problem;
      }
      receipt.push_back(std::move(*part));
    }
    if (const auto failed = co_await unbind(call, *at)) {
      co_return store_problem(*failed);
    }
    // A message may have come between the two.
    for (std::size_t i = 0; i < call.kernel.settings.statestores.size(); ++i) {
      auto left = co_await find_record(call, i, *key);
      if (!left) {
        co_return store_problem(left.error());
      }
      if (*left && !(*left)->tombstone) {
        co_return store_problem({errc::unavailable, 1'000,
                                 "the actor was written again meanwhile; erase it again" +
                                     (at->parent.empty() ? "" : " (parent " + at->parent + ")")});
      }
    }
    answer["erased_at_ms"] = call.kernel.time.unix_ms();
    answer["stores"] = std::move(receipt);
    answer["name_binding"] = at->is_bound;
  }
  admin_response out;
  out.body = answer.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

}  // namespace spawn
