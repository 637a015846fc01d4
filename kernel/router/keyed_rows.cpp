// Idempotency keys on the way of a message (durability.md 22): which calls may have one, rows from
// outside that are stored under one, and the ends of chains that their rows are told of.
#include "base/log.hpp"
#include "model/reserved_metadata.hpp"
#include "router/lane_router.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {

// False: it was answered. What the kernel carries itself is not refused: where no record is kept it
// runs at least once, as any row does there.
bool lane_router::admit_key(invocation& message, const actor_type& type) {
  const kv_view* named =
      message.is_internal ? nullptr : message.find_metadata(metadata_idempotency_key);
  if (named == nullptr) {
    return true;
  }
  if (named->value.empty() || named->value.size() > limits::idempotency_key_bytes_max) {
    message.fail(failure::invalid_argument,
                 "metadata idempotency-key has " + std::to_string(named->value.size()) +
                     " bytes, 1 to " + std::to_string(limits::idempotency_key_bytes_max) +
                     " are allowed");
    return false;
  }
  if (!keeps_record(message, type)) {
    if (message.key_if_kept) {
      std::erase_if(message.metadata,
                    [](const kv_view& each) { return each.key == metadata_idempotency_key; });
      return true;
    }
    message.fail(failure::invalid_argument,
                 "metadata idempotency-key: actor " + std::string(message.target.name) +
                     " does not keep its state in durability mode commit, so nothing would tell a "
                     "repeat from the first call; leave the key out");
    return false;
  }
  return true;
}

// A row from outside whose call names itself: stored with the row of its key, unless that is there.
void lane_router::insert_keyed_row(invocation_ptr message, actor_view id) {
  const std::string key = call_row_key(id, message->find_metadata(metadata_idempotency_key)->value);
  const std::uint32_t store = message->row->store;
  answer_at_deadline(*message, [](invocation& late) {
    late.fail(failure::deadline_exceeded,
              "the message was not stored by the deadline; it was not executed");
  });
  cells_.calls().look(store, key,
                      [this, key, owned = std::move(message)](result<call_row> found) mutable {
                        keyed_row_known(std::move(owned), key, std::move(found));
                      });
}

void lane_router::keyed_row_known(invocation_ptr message, const std::string& key,
                                  result<call_row> found) {
  message->expiry.unlink();
  if (message->deadline_ns <= lane_.now_ns()) {
    message->fail(failure::deadline_exceeded,
                  "the deadline passed before the message could be stored; it was not executed");
    return;
  }
  if (!found) {
    message->fail(failure::unavailable,
                  "the store did not tell whether the call with this idempotency-key was stored "
                  "before: " +
                      found.error().text);
    return;
  }
  const std::string digest = call_digest(message->action, message->argument);
  if (found->is_there) {
    if (found->digest != digest) {
      services_.stats.keys_reused.add();
      message->fail(failure::key_reused,
                    "a call with this idempotency-key had another action or payload");
      return;
    }
    services_.stats.calls_repeated.add();
    message->answer(found->state == call_state::failed ? found->answer() : outcome::done({}));
    return;
  }
  std::string bytes;
  encode_call(ended_call(digest, outcome::done({})), bytes);
  auto write = make_call_write(services_.codec, key, found->revision, found->writer,
                               services_.writers.next(), options_.keys_keep_s, bytes);
  if (!write) {
    message->fail(failure::unavailable, "the message could not be sealed: " + write.error().text);
    return;
  }
  invocation& row = *message;
  await_insert(row);
  services_.keeper.insert_call(
      row, std::move(*write),
      [this, key, owned = std::move(message)](row_outcome how, const std::string& why) mutable {
        if (how == row_outcome::gone) {  // another call with the key was first
          const std::uint32_t store = owned->row->store;
          cells_.calls().look(store, key,
                              [this, key, held = std::move(owned)](result<call_row> now) mutable {
                                keyed_row_known(std::move(held), key, std::move(now));
                              });
          return;
        }
        if (how == row_outcome::done) {
          services_.stats.calls_keyed.add();
        }
        row_inserted(std::move(owned), how, why);
      });
}

// A chain's end goes to the row of the call that the chain began with, in whichever store that is.
void lane_router::settle_call(invocation_ptr end) {
  const message_row& row = *end->row;
  const call_link* call = row.call.get();
  const auto store = call != nullptr ? cells_.calls().store_named(call->store) : std::nullopt;
  if (!store) {
    SPAWN_LOG(warn, "the end of a call has nowhere to go: its store is not configured any more",
              {"row", row_id(row)}, {"store", call != nullptr ? call->store : ""});
    services_.keeper.consume(row, nullptr, [](row_outcome, const std::string&) {});
    return;
  }
  if (*store != row.store) {
    invocation& moved = *end;
    services_.keeper.transfer(
        moved, *store, [this, owned = std::move(end)](row_outcome how, const std::string&) mutable {
          if (how == row_outcome::done) {
            settle_call(std::move(owned));
          }
        });
    return;
  }
  auto write = make_call_write(services_.codec, call->key, call->revision, call->writer,
                               services_.writers.next(), options_.keys_keep_s, end->argument.any);
  if (!write) {
    return;  // the next scan brings it again
  }
  services_.keeper.settle(
      row, std::move(*write), [this, owned = std::move(end)](row_outcome how, const std::string&) {
        if (how == row_outcome::gone) {
          // Its time was over, or another lane was first: then the row is gone as well.
          services_.keeper.consume(*owned->row, nullptr, [](row_outcome, const std::string&) {});
        }
      });
}

}  // namespace spawn
