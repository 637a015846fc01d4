// Message rows between actors, lanes and stores: from outside, found by a scan, due, in another
// store than their receiver's; and the replies that durable chains bring.
#include "base/log.hpp"
#include "cell/row_end.hpp"
#include "lane/post.hpp"
#include "model/channel_name.hpp"
#include "model/reserved_metadata.hpp"
#include "router/lane_router.hpp"
#include "router/row_orders.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t fetch_rows = 64;
constexpr std::uint64_t fetch_limit_ms = 30'000;

}  // namespace

// --- from outside ----------------------------------------------------------------------------

// A call that nobody waits for, or for later: acknowledged once it is in the receiver's store
// (D24, rule 16).
void lane_router::insert_row(invocation_ptr message, actor_view id, actor_type& type,
                             std::int64_t due_ms) {
  if (draining_) {
    message->fail(failure::shutting_down, "this kernel is draining");
    return;
  }
  const cell* active = cells_.find(id);
  if (active != nullptr && active->waiting >= type.now->policy.mailbox_max) {
    services_.stats.refused.add();
    message->fail(failure::resource_exhausted, "the mailbox of actor " + std::string(id.name) +
                                                   " holds " + std::to_string(active->waiting) +
                                                   " messages");
    return;
  }
  message->row = std::make_unique<message_row>();
  message->row->kind = row_kind::async;
  message->row->store = type.now->policy.store;
  message->row->due_ms = due_ms;
  message->is_async = false;
  message->is_internal = true;
  services_.stats.rows_inserted.add();
  if (message->find_metadata(metadata_idempotency_key) != nullptr) {
    insert_keyed_row(std::move(message), id);
    return;
  }
  invocation& row = *message;
  await_insert(row);
  services_.keeper.insert(
      row, [this, owned = std::move(message)](row_outcome how, const std::string& why) mutable {
        row_inserted(std::move(owned), how, why);
      });
}

void lane_router::await_insert(invocation& message) {
  answer_at_deadline(message, [](invocation& late) {
    late.fail(failure::outcome_unknown,
              "whether the message was stored was not known by the deadline");
  });
}

void lane_router::row_inserted(invocation_ptr message, row_outcome how, const std::string& why) {
  message->expiry.unlink();
  reply_slot* caller = std::exchange(message->reply, nullptr);
  const auto tell = [&](outcome with) {
    if (caller != nullptr) {
      caller->answer(std::move(with));
    }
  };
  if (how == row_outcome::done) {
    tell(outcome::done({}));
    if (message->row->due_ms != 0) {
      stored_for_later(*message->row);
    } else {
      route(std::move(message));
    }
    return;
  }
  if (caller == nullptr) {
    SPAWN_LOG(warn, "a scheduled message could not be stored", {"actor", message->target.name},
              {"action", message->action}, {"why", why});
  }
  tell(how == row_outcome::unknown
           ? outcome::failed(failure::outcome_unknown,
                             "whether the message was stored is not known: " + why)
           : outcome::failed(failure::unavailable, "the message could not be stored: " + why));
}

void lane_router::stored_for_later(const message_row& row) {
  const std::uint32_t partition = partition_of(row.key);
  lane_router& owner = *all_[partition % all_.size()];
  if (&owner == this) {
    timed_.stored(row.store, partition, row.due_ms);
    return;
  }
  post(owner.lane_, [&owner, store = row.store, partition, due = row.due_ms] {
    owner.timed_.stored(store, partition, due);
  });
}

void lane_router::drop_row(std::uint32_t store, std::string key) {
  if (!draining_) {  // what stays is dropped when it is due
    order_row(*this, store, std::move(key), row_order::erase, [](const result<void>&) {});
  }
}

// --- found in a store ------------------------------------------------------------------------

// A row that is stored is read from there. What an actor without a record publishes becomes a row
// of its own here.
void lane_router::take_publish(invocation_ptr message) {
  if (!message->row || message->row->revision != 0) {
    publisher_.wake(message->target, message->row ? message->row->store : 0, nullptr);
    return;
  }
  invocation& row = *message;
  services_.stats.rows_inserted.add();
  services_.keeper.insert(row, [this, owned = std::move(message)](row_outcome how,
                                                                  const std::string& why) {
    if (how == row_outcome::done || how == row_outcome::unknown) {
      publisher_.wake(owned->target, owned->row->store, nullptr);
    } else {
      SPAWN_LOG(error, "what an actor published could not be stored and is lost",
                {"sink", sink_of(owned->target.name)}, {"from", owned->caller.name}, {"why", why});
    }
  });
}

void lane_router::begin_rows() {
  cells_.set_recovering(true);
  if (timers_enabled_) {
    timed_.start();
  }
  if (scan_) {
    scan_->start();
  }
}

void lane_router::end_rows() {
  timed_.stop();
  fan_outs_.stop();
  publisher_.stop();
  system_rows_.stop();
  if (scan_) {
    scan_->stop();
  }
  services_.keeper.stop();
  delayed_.clear();
}

bool lane_router::is_address_of(actor_view address, actor_view id) {
  const auto found = resolve(address.system, address.name, address.parent);
  return found.type != nullptr && found.id.view() == id;
}

void lane_router::wake_receiver(actor_id address, std::uint32_t store,
                                std::shared_ptr<void> ticket) {
  lane_router& owner = owner_of(address.system, address.name);
  post(owner.lane_, [&owner, to = std::move(address), store, held = std::move(ticket)]() mutable {
    owner.wake(std::move(to), store, std::move(held));
  });
}

void lane_router::wake(actor_id address, std::uint32_t store, std::shared_ptr<void> ticket) {
  if (is_channel_name(address.name)) {
    fan_outs_.wake(address.view(), store, std::move(ticket));
    return;
  }
  if (is_sink_name(address.name)) {
    publisher_.wake(address.view(), store, std::move(ticket));
    return;
  }
  if (is_elsewhere(address.system)) {
    system_rows_.wake(address.view(), store, std::move(ticket));
    return;
  }
  ensure_virtual(address.system, address.parent);
  const auto found = resolve(address.system, address.name, address.parent);
  const bool is_own_business = found.type != nullptr &&
                               found.type->now->kind != actor_kind::pooled &&
                               found.type->now->policy.store == store;
  if (is_own_business) {
    cells_.wake(found.id.view(), *found.type, std::move(ticket));
  } else {
    fetch(std::move(address), store, std::move(ticket));
  }
}

// Rows whose receiver has no cell here to fetch them: a pool, nobody at all, or an actor that keeps
// its state in another store.
void lane_router::fetch(actor_id address, std::uint32_t store, std::shared_ptr<void> ticket,
                        std::string cursor, std::string skipped) {
  const std::string who = row_actor(address.view());
  const auto [at, is_first] = fetching_.try_emplace({who, store}, false);
  if (!is_first) {
    at->second = true;  // what came meanwhile may not be on the page that is on its way
    return;
  }
  auto range = inbox_range(address.system, address.name);
  page_order order;
  order.from = std::move(range.from);
  order.to = std::move(range.to);
  order.limit = fetch_rows;
  order.cursor = std::move(cursor);
  const std::uint64_t until = lane_.now_ns() + fetch_limit_ms * ns_per_ms;
  desk_.read(*services_.stores[store], std::move(order), until,
             [this, to = std::move(address), who, store, passed = std::move(skipped),
              held = std::move(ticket)](result<stored_page> page) mutable {
               const auto done = fetching_.extract({who, store});
               fetched(std::move(page), to, store, held, std::move(passed));
               if (done.mapped() && !draining_) {
                 fetch(to, store, std::move(held));
               }
             });
}

void lane_router::fetched(result<stored_page> page, const actor_id& address, std::uint32_t store,
                          std::shared_ptr<void> ticket, std::string skipped) {
  if (!page || draining_) {
    return;  // the next scan tries again
  }
  const std::int64_t now = lane_.unix_ms();
  auto moving = std::make_shared<row_move>();
  bool has_room = true;
  for (const auto& row : page->rows) {
    if (!skipped.empty() && row.key.starts_with(skipped) && !is_outcome_key(row.key)) {
      continue;
    }
    auto opened = services_.rows.open(row.key, row.view());
    if (!opened) {
      skipped = is_outcome_key(row.key) ? skipped : row.key.substr(0, row.key.rfind('/') + 1);
      continue;
    }
    invocation_ptr message = std::move(*opened);
    message->row->store = store;
    if (message->row->kind == row_kind::call_end) {
      route(std::move(message));  // no actor's
      continue;
    }
    const auto found =
        resolve(message->target.system, message->target.name, message->target.parent);
    if (found.type == nullptr) {
      if (!message->row->waits(now)) {
        row_without_receiver(std::move(message));
      }
    } else if (found.type->now->policy.store != store) {
      if (message->row->blocked) {  // an operator finds it beside its dead letter
        skipped = row.key.substr(0, row.key.rfind('/') + 1);
        continue;
      }
      // Also one that waits for its next attempt, which it does there: the order is kept.
      moving->rows.emplace_back(std::move(message), found.type->now->policy.store);
    } else if (is_for_pool(*message, *found.type) && !message->row->waits(now)) {
      has_room = pool_of(*found.type).waiting < found.type->now->policy.mailbox_max;
      run(std::move(message), found.id.view(), *found.type);
    }
  }
  if (moving->rows.empty() && !page->cursor.empty() && has_room) {
    fetch(address, store, std::move(ticket), std::move(page->cursor), std::move(skipped));
    return;
  }
  if (!moving->rows.empty()) {
    moving->address = address;
    moving->from = store;
    moving->more = !page->cursor.empty();
    moving->ticket = std::move(ticket);
    move_next(std::move(moving));
  }
}

// Brings what waits for an actor, and this row of it, to the store that keeps the actor.
void lane_router::move_to_store(invocation_ptr message, std::uint32_t to) {
  if (message->row->due_ms == 0) {
    fetch(actor_id(message->target), message->row->store, nullptr);
    return;
  }
  // No list of what waits shows a row for later, and it has no order to keep.
  invocation& row = *message;
  services_.keeper.transfer(
      row, to, [this, owned = std::move(message)](row_outcome how, const std::string&) {
        if (how == row_outcome::done || how == row_outcome::gone) {
          stored_for_later(*owned->row);
        }
      });
}

// One after another, so that the rows of one sender stay in order (rule 17).
void lane_router::move_next(std::shared_ptr<row_move> work) {
  if (work->rows.empty()) {
    wake(work->address, work->to, work->ticket);
    if (work->more) {
      fetch(work->address, work->from, work->ticket);
    }
    return;
  }
  auto [message, to] = std::move(work->rows.front());
  work->rows.pop_front();
  work->to = to;
  invocation& row = *message;
  services_.keeper.transfer(
      row, work->to,
      [this, work, owned = std::move(message)](row_outcome how, const std::string& why) mutable {
        if (how == row_outcome::done || how == row_outcome::gone) {
          if (owned->row->due_ms != 0) {
            stored_for_later(*owned->row);
          }
          move_next(std::move(work));
          return;
        }
        SPAWN_LOG(warn, "a message could not be moved to the store of its receiver",
                  {"row", row_id(*owned->row)}, {"why", why});
      });
}

// Tried again for a while: its host may only be on its way.
void lane_router::row_without_receiver(invocation_ptr message) {
  message_row& row = *message->row;
  ++row.attempts;
  row.last_error = "ACTOR_NOT_FOUND: Actor " + std::string(message->target.name) +
                   " not found on ActorSystem " + std::string(message->target.system);
  invocation& held = *message;
  // Somebody waits at the other end of a pipe or forward: the error is the reply (rule 18).
  const bool is_awaited = row.reply && row.reply.incarnation == replies_.incarnation();
  if (row.is_kept() || (!is_awaited && row.attempts < options_.rows.attempts_max)) {
    const std::uint64_t wait = row_backoff_ms(options_.rows, row.attempts, lane_.rng());
    row.next_try_ms = lane_.unix_ms() + static_cast<std::int64_t>(wait);
    services_.stats.row_retries.add();
    services_.keeper.put_off(held, [this, wait, owned = std::move(message)](
                                       row_outcome how, const std::string&) mutable {
      if (how == row_outcome::done) {
        route_later(std::move(owned), wait);
      }
    });
    return;
  }
  const std::string text = "Actor " + std::string(held.target.name) + " not found on ActorSystem " +
                           std::string(held.target.system);
  give_up_row(services_, held, failure::actor_not_found, text,
              [owned = std::move(message)](row_outcome, const std::string&) {});
}

void lane_router::route_later(invocation_ptr message, std::uint64_t after_ms) {
  constexpr std::size_t most = 1'000;
  if (draining_ || delayed_.size() >= most) {
    return;
  }
  auto& made = *delayed_.emplace_back(std::make_unique<delayed_row>());
  made.owner = this;
  made.message = std::move(message);
  made.fire = [](timer& t) {
    auto& due = static_cast<delayed_row&>(t);
    lane_router& self = *due.owner;
    invocation_ptr ready = std::move(due.message);
    std::erase_if(self.delayed_, [&](const auto& each) { return each.get() == &due; });
    self.route(std::move(ready));
  };
  lane_.arm_after_ms(made, after_ms);
}

// --- replies ---------------------------------------------------------------------------------

reply_ref lane_router::park(reply_slot& caller, std::uint64_t deadline_ns) {
  return replies_.park(caller, deadline_ns);
}

void lane_router::answer(reply_ref place, outcome with) {
  if (place.incarnation != replies_.incarnation()) {
    services_.stats.late_answers.add();  // its caller was of an earlier life of this kernel
    return;
  }
  lane_router& owner = *all_[reply_desk::lane_of(place)];
  if (&owner == this) {
    if (!replies_.answer(place.id, std::move(with))) {
      services_.stats.late_answers.add();
    }
    return;
  }
  post(owner.lane_,
       [&owner, place, kept = std::move(with)]() mutable { owner.answer(place, std::move(kept)); });
}

reply_slot* lane_router::slot_for(reply_ref place) {
  struct forward final : reply_slot {
    lane_router* via = nullptr;
    reply_ref place;
  };
  auto* slot = new forward;
  slot->via = this;
  slot->place = place;
  slot->home = &lane_;
  slot->arrived = [](reply_slot& at) {
    const std::unique_ptr<forward> mine(static_cast<forward*>(&at));
    mine->via->answer(mine->place, std::move(mine->result));
  };
  return slot;
}

}  // namespace spawn
