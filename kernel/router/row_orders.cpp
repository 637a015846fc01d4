#include "router/row_orders.hpp"

#include "cell/row_end.hpp"
#include "model/reserved_metadata.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t limit_ms = 20'000;

using done_fn = unique_function<void(result<void>)>;

result<void> end_of(row_outcome how, const std::string& why) {
  switch (how) {
    case row_outcome::done:
      return {};
    case row_outcome::gone:
      return fail(errc::not_found, "the message went while it was being worked on");
    case row_outcome::refused:
      return fail(errc::unavailable, "the store refused: " + why);
    case row_outcome::unknown:
      break;
  }
  return fail(errc::unknown_outcome, "whether it was done is not known: " + why);
}

row_keeper::done_fn tell(done_fn done) {
  return [done = std::move(done)](row_outcome how, const std::string& why) mutable {
    done(end_of(how, why));
  };
}

// The row under exactly this key, if it is there.
void find_row(lane_router& on, std::uint32_t store, std::string key,
              unique_function<void(result<stored_page>)> done) {
  page_order order;
  order.to = key + '\0';
  order.from = std::move(key);
  order.limit = 1;
  on.desk().read(*on.services().stores[store], std::move(order),
                 on.home().now_ns() + limit_ms * ns_per_ms, std::move(done));
}

void replay_row(lane_router& on, invocation_ptr dead, done_fn done) {
  invocation& row = *dead;
  on.services().keeper.replay(row, [&on, done = std::move(done), owned = std::move(dead)](
                                       row_outcome how, const std::string& why) mutable {
    if (how == row_outcome::done) {
      on.route(std::move(owned));
    }
    done(end_of(how, why));
  });
}

// Also one that cannot be read: `end` is then null, as it is when no call hangs on it.
void delete_row(lane_router& on, const stored_row& found, std::uint32_t store, invocation_ptr end,
                done_fn done) {
  message_row row;
  row.key = found.key;
  row.store = store;
  row.revision = found.revision;
  row.writer = found.writer;
  on.services().keeper.consume(row, std::move(end), tell(std::move(done)));
}

// A flow waits for the end of the message's chain: it is told that there is none.
void cancel_awaited(lane_router& on, invocation_ptr message, invocation_ptr end, done_fn done) {
  const message_row& row = *message->row;
  conclude_row(on.services(), row,
               outcome::failed(failure::not_applied, "an operator cancelled the message"),
               std::move(end),
               [done = std::move(done), owned = std::move(message)](
                   row_outcome how, const std::string& why) mutable { done(end_of(how, why)); });
}

// A dead letter whose row still holds its place, and with it all that its sender sent afterwards.
void decide_blocked(lane_router& on, invocation_ptr dead, invocation_ptr blocked, row_order what,
                    done_fn done) {
  invocation& row = *blocked;
  const message_row letter = *dead->row;
  auto then = [&on, done = std::move(done), owned = std::move(blocked)](
                  row_outcome how, const std::string& why) mutable {
    if (how == row_outcome::done) {
      on.wake_receiver(actor_id(owned->target), owned->row->store);
    }
    done(end_of(how, why));
  };
  if (what == row_order::replay) {
    on.services().keeper.unblock(row, letter, std::move(then));
  } else {
    on.services().keeper.drop_blocked(*row.row, letter, std::move(then));
  }
}

void order_dead(lane_router& on, const stored_row& found, invocation_ptr dead, row_order what,
                done_fn done) {
  const auto plain = [&on, what](const stored_row& row, invocation_ptr letter, done_fn then) {
    if (what == row_order::replay) {
      replay_row(on, std::move(letter), std::move(then));
    } else {
      delete_row(on, row, letter->row->store, nullptr, std::move(then));
    }
  };
  if (!dead->row->blocked) {
    plain(found, std::move(dead), std::move(done));
    return;
  }
  const std::uint32_t store = dead->row->store;
  std::string place = pending_key(dead->target, *dead->row);
  find_row(on, store, std::move(place),
           [&on, what, store, plain, found, dead = std::move(dead),
            done = std::move(done)](result<stored_page> page) mutable {
             if (!page) {
               done(fail(std::move(page.error())));
               return;
             }
             if (page->rows.empty()) {  // its actor was erased, say
               plain(found, std::move(dead), std::move(done));
               return;
             }
             const stored_row& at = page->rows.front();
             auto blocked = on.services().rows.open(at.key, at.view());
             if (!blocked) {
               done(fail(std::move(blocked.error())));
               return;
             }
             (*blocked)->row->store = store;
             decide_blocked(on, std::move(dead), std::move(*blocked), what, std::move(done));
           });
}

// The reminder is its actor's to cancel, with the row that waits for it; a row that the actor does
// not know any more goes too.
void cancel_reminder(lane_router& on, const stored_row& found, invocation_ptr message,
                     done_fn done) {
  const kv_view* named = message->find_metadata(metadata_reminder);
  auto cancel = make_kernel_call(
      message->target, message->action, {}, nullptr,
      {{metadata_reminder_name, named == nullptr ? std::string_view() : named->value},
       {metadata_reminder_cancel, row_id(*message->row)}});
  cancel->row.reset();
  cancel->reply = slot_for_row(
      on.home(), nullptr,
      [&on, found, store = message->row->store, done = std::move(done)](
          const invocation_ptr&, const outcome& how) mutable {
        const bool has_none =
            how.why == failure::actor_not_found || how.why == failure::invalid_argument;
        if (!how.ok() && !has_none) {
          done(fail(errc::unavailable, std::string(facts(how.why).code) + ": " + how.text));
          return;
        }
        delete_row(on, found, store, nullptr, [done = std::move(done)](result<void> ended) mutable {
          const bool is_gone = ended || ended.error().code == errc::not_found;
          done(is_gone ? result<void>() : std::move(ended));
        });
      });
  on.route(std::move(cancel));
}

void order_pending(lane_router& on, const stored_row& found, invocation_ptr message, done_fn done) {
  // A call whose chain this ends will have no response.
  const std::uint32_t store = message->row->store;
  invocation_ptr end;
  if (message->row->call) {
    end = make_call_end(*message, on.services().writers.next(), on.home().unix_ms(),
                        unkept_call(message->row->call->digest));
  }
  if (message->row->awaited) {
    cancel_awaited(on, std::move(message), std::move(end), std::move(done));
  } else {
    delete_row(on, found, store, std::move(end), std::move(done));
  }
}

}  // namespace

void order_row(lane_router& on, std::uint32_t store, std::string key, row_order what,
               done_fn done) {
  find_row(on, store, key,
           [&on, store, what, key, done = std::move(done)](result<stored_page> page) mutable {
             if (!page) {
               done(fail(std::move(page.error())));
               return;
             }
             if (page->rows.empty()) {
               done(fail(errc::not_found, "there is no message " + key));
               return;
             }
             const stored_row& found = page->rows.front();
             auto read = on.services().rows.open(key, found.view());
             if (!read && what == row_order::replay) {
               done(fail(std::move(read.error())));
               return;
             }
             if (!read) {
               delete_row(on, found, store, nullptr, std::move(done));
               return;
             }
             invocation_ptr message = std::move(*read);
             message->row->store = store;
             if (message->row->tells_flow() && what != row_order::erase) {
               done(fail(errc::denied, "message " + key +
                                           " is what a flow waits for; cancel the flow in its "
                                           "place"));
             } else if (key.starts_with("d/")) {
               order_dead(on, found, std::move(message), what, std::move(done));
             } else if (what == row_order::replay) {
               replay_row(on, std::move(message), std::move(done));
             } else if (message->row->kind == row_kind::reminder && what == row_order::remove) {
               cancel_reminder(on, found, std::move(message), std::move(done));
             } else {
               order_pending(on, found, std::move(message), std::move(done));
             }
           });
}

}  // namespace spawn
