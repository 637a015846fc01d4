#include "router/history_reader.hpp"

#include <memory>

#include "state/seal/keys.hpp"

namespace spawn {

struct history_reader::work {
  history_reader* owner;
  std::string key;
  std::string cursor;
  done_fn done;
};

void history_reader::read(actor_view id, const definition& def, const history_request& what,
                          std::uint64_t deadline_ns, done_fn done) {
  auto key = actor_key(id.system, id.parent, id.name);
  if (!key) {
    done(fail(std::move(key.error())));
    return;
  }
  journal& store = *s_.stores[def.policy.store];
  if ((store.store().capabilities() & SPAWN_SS_CAP_HISTORY) == 0) {
    done(fail(errc::unsupported,
              "statestore " + std::string(store.store().name()) + " keeps no earlier revisions"));
    return;
  }
  auto* of = new work{this, std::move(*key), what.cursor, std::move(done)};
  list_request* request = requests_.take();
  request->clear();
  request->owner = of;
  request->raw.from = slice_of(of->key);
  request->raw.cursor = slice_of(of->cursor);
  request->raw.limit = what.limit;
  request->raw.with_payload = what.with_payload ? 1 : 0;
  request->raw.reverse = 1;
  request->ended = [](list_request& r) { static_cast<work*>(r.owner)->owner->ended(r); };
  store.submit(*request, SPAWN_SS_HISTORY, deadline_ns);
}

void history_reader::ended(list_request& request) {
  const std::unique_ptr<work> mine(static_cast<work*>(request.owner));
  result<history_page> page = history_page();
  if (request.status() != errc::ok) {
    page = fail(request.status(), take_error_text(request.raw.op));
  } else {
    const auto* at = reinterpret_cast<const char*>(request.raw.out_rows);
    for (std::uint32_t i = 0; i < request.raw.out_n; ++i, at += request.raw.out_row_stride) {
      const auto& row = *reinterpret_cast<const spawn_ss_row*>(at);
      history_row out;
      auto opened = s_.codec.open(mine->key, row.rec);
      if (opened) {
        out.what = std::move(*opened);
      } else {
        out.what.revision = row.rec.revision;
        out.what.written_ms = row.rec.written_unix_ms;
        out.why = opened.error().text;
      }
      page->rows.push_back(std::move(out));
    }
    page->cursor = view_of(request.raw.out_cursor);
  }
  release(request.raw.out_owner);
  release(request.raw.out_cursor);
  requests_.give_back(&request);
  mine->done(std::move(page));
}

}  // namespace spawn
