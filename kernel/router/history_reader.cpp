#include "router/history_reader.hpp"

#include "state/seal/keys.hpp"

namespace spawn {

void read_history(store_desk& desk, cell_services& services, actor_view id, const definition& def,
                  const history_request& what, std::uint64_t deadline_ns,
                  unique_function<void(result<history_page>)> done) {
  auto key = actor_key(id.system, id.parent, id.name);
  if (!key) {
    done(fail(std::move(key.error())));
    return;
  }
  journal& store = *services.stores[def.policy.store];
  if ((store.store().capabilities() & SPAWN_SS_CAP_HISTORY) == 0) {
    done(fail(errc::unsupported,
              "statestore " + std::string(store.store().name()) + " keeps no earlier revisions"));
    return;
  }
  page_order order;
  order.history = true;
  order.reverse = true;
  order.from = *key;
  order.cursor = what.cursor;
  order.limit = what.limit;
  desk.read(store, std::move(order), deadline_ns,
            [codec = &services.codec, key = std::move(*key),
             done = std::move(done)](result<stored_page> read) mutable {
              if (!read) {
                done(fail(std::move(read.error())));
                return;
              }
              history_page page;
              for (const stored_row& row : read->rows) {
                history_row out;
                auto opened = codec->open(key, row.view());
                if (opened) {
                  out.what = std::move(*opened);
                } else {
                  out.what.revision = row.revision;
                  out.what.written_ms = row.written_ms;
                  out.why = opened.error().text;
                }
                page.rows.push_back(std::move(out));
              }
              page.cursor = std::move(read->cursor);
              done(std::move(page));
            });
}

}  // namespace spawn
