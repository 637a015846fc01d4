#include "router/row_orders.hpp"

#include "cell/row_end.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t limit_ms = 20'000;

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

}  // namespace

void order_row(lane_router& on, std::uint32_t store, std::string key, row_order what,
               unique_function<void(result<void>)> done) {
  page_order order;
  order.from = key;
  order.to = key + '\0';
  order.limit = 1;
  const std::uint64_t until = on.home().now_ns() + limit_ms * ns_per_ms;
  on.desk().read(
      *on.services().stores[store], std::move(order), until,
      [&on, store, what, key = std::move(key),
       done = std::move(done)](result<stored_page> page) mutable {
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
        if (read && (*read)->row->tells_flow()) {
          done(fail(errc::denied,
                    "message " + key + " is what a flow waits for; cancel the flow in its place"));
          return;
        }
        // A call whose chain this ends will have no response.
        const bool is_pending = read && !key.starts_with("d/");
        invocation_ptr end;
        if (is_pending && (*read)->row->call) {
          (*read)->row->store = store;
          end = make_call_end(**read, on.services().writers.next(), on.home().unix_ms(),
                              unkept_call((*read)->row->call->digest));
        }
        const bool is_awaited = is_pending && (*read)->row->awaited;
        if (what == row_order::remove && is_awaited) {
          invocation_ptr message = std::move(*read);
          message->row->store = store;
          const message_row& row = *message->row;
          conclude_row(
              on.services(), row,
              outcome::failed(failure::not_applied, "an operator cancelled the message"),
              std::move(end),
              [done = std::move(done), owned = std::move(message)](
                  row_outcome how, const std::string& why) mutable { done(end_of(how, why)); });
          return;
        }
        if (what == row_order::remove) {  // also one that cannot be read
          message_row row;
          row.key = found.key;
          row.store = store;
          row.revision = found.revision;
          row.writer = found.writer;
          on.services().keeper.consume(
              row, std::move(end),
              [done = std::move(done)](row_outcome how, const std::string& why) mutable {
                done(end_of(how, why));
              });
          return;
        }
        if (!read) {
          done(fail(std::move(read.error())));
          return;
        }
        invocation_ptr message = std::move(*read);
        message->row->store = store;
        invocation& row = *message;
        on.services().keeper.replay(row, [&on, done = std::move(done), owned = std::move(message)](
                                             row_outcome how, const std::string& why) mutable {
          if (how == row_outcome::done) {
            on.route(std::move(owned));
          }
          done(end_of(how, why));
        });
      });
}

}  // namespace spawn
