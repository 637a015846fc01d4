// Reading registrations and bindings back at start (D1).
#include "base/log.hpp"
#include "lane/post.hpp"
#include "router/registrar.hpp"

namespace spawn {

void registrar::list(std::string from, std::string to, std::string cursor,
                     unique_function<result<void>(std::string_view, record)> each,
                     unique_function<void(result<void>)> done) {
  struct page {
    registrar* owner = nullptr;
    std::string from;
    std::string to;
    std::string cursor;
    unique_function<result<void>(std::string_view, record)> each;
    unique_function<void(result<void>)> done;
  };
  constexpr std::uint32_t page_rows = 1'000;
  auto* work = new page{
      this, std::move(from), std::move(to), std::move(cursor), std::move(each), std::move(done)};
  list_request* request = lists_.take();
  request->clear();
  request->owner = work;
  request->raw.from = slice_of(work->from);
  request->raw.to = slice_of(work->to);
  request->raw.cursor = slice_of(work->cursor);
  request->raw.limit = page_rows;
  request->raw.with_payload = 1;
  request->ended = [](list_request& ended) {
    const std::unique_ptr<page> mine(static_cast<page*>(ended.owner));
    registrar& self = *mine->owner;
    result<void> good;
    if (ended.status() != errc::ok) {
      good = fail(ended.status(), take_error_text(ended.raw.op));
    }
    const auto* at = reinterpret_cast<const char*>(ended.raw.out_rows);
    for (std::uint32_t i = 0; good && i < ended.raw.out_n; ++i, at += ended.raw.out_row_stride) {
      const auto& row = *reinterpret_cast<const spawn_ss_row*>(at);
      auto opened = self.codec_.open(view_of(row.key), row.rec);
      if (!opened) {
        // Sealed with another key, or damaged: the host can register again, over it.
        ++self.unreadable_;
        SPAWN_LOG(error, "a record is left out: it cannot be read", {"why", opened.error().text});
        self.note_unreadable(view_of(row.key), {row.rec.revision, row.rec.writer});
        continue;
      }
      good = mine->each(view_of(row.key), std::move(*opened));
    }
    std::string next_cursor(view_of(ended.raw.out_cursor));
    release(ended.raw.out_owner);
    release(ended.raw.out_cursor);
    self.lists_.give_back(&ended);
    if (!good || next_cursor.empty()) {
      mine->done(std::move(good));
      return;
    }
    self.list(std::move(mine->from), std::move(mine->to), std::move(next_cursor),
              std::move(mine->each), std::move(mine->done));
  };
  store_.submit(*request, SPAWN_SS_LIST, 0);
}

void registrar::note_unreadable(std::string_view store_key, record_version version) {
  if (auto at = parse_registration_key(store_key)) {
    known_[{at->system, at->type}].version = version;
    return;
  }
  if (auto at = parse_binding_key(store_key)) {
    lane_router* owner = routers_[lanes_.of(lane_hash(at->system, at->name)).index()];
    post(owner->home(), [owner, at = *at, version] {
      binding held;
      held.system = at.system;
      held.name = at.name;
      held.version = version;
      owner->recover(std::move(held));
    });
  }
}

void registrar::recover(bool serves, unique_function<void(result<void>)> ready) {
  const key_range registrations = registration_range();
  auto then = std::make_shared<unique_function<void(result<void>)>>(std::move(ready));
  const auto take_registration = [this](std::string_view store_key, record read) -> result<void> {
    SPAWN_TRY(auto at, parse_registration_key(store_key));
    if (rules_.virtuals.contains(at.type)) {
      SPAWN_LOG(warn, "a registration is left out: a workflow serves the actors of this name now",
                {"actor", at.type}, {"system", at.system});
      return {};
    }
    if (rules_.native_of(at.system, at.type) != nullptr) {
      SPAWN_LOG(warn, "a registration is left out: a native plugin has the actors of this name now",
                {"actor", at.type}, {"system", at.system});
      return {};
    }
    SPAWN_TRY(stored entry, decode(read.payload, at.system, at.type));
    entry.version = {read.revision, read.writer};
    known_[{at.system, at.type}] = std::move(entry);
    return {};
  };
  const auto take_binding = [this](std::string_view store_key, record read) -> result<void> {
    SPAWN_TRY(auto at, parse_binding_key(store_key));
    auto held = std::make_shared<binding>();
    held->system = at.system;
    held->name = at.name;
    held->version = {read.revision, read.writer};
    SPAWN_CHECK(bindings::decode(read.payload, *held));
    lane_router* owner = routers_[lanes_.of(lane_hash(at.system, at.name)).index()];
    post(owner->home(), [owner, held] { owner->recover(std::move(*held)); });
    return {};
  };
  list(registrations.from, registrations.to, {}, take_registration,
       [this, then, serves, take_binding](result<void> read) mutable {
         if (!read) {
           (*then)(std::move(read));
           return;
         }
         const key_range names = binding_range();
         list(names.from, names.to, {}, take_binding, [this, then, serves](result<void> listed) {
           if (!listed) {
             (*then)(std::move(listed));
             return;
           }
           std::vector<definition_ptr> defs = rules_.natives;
           for (const auto& [at, entry] : known_) {
             if (entry.def) {
               defs.push_back(entry.def);
             }
           }
           publish(std::move(defs), [this, then, serves] {
             for (std::size_t i = 0; serves && i < routers_.size(); ++i) {
               lane_router* router = routers_[i];
               post(router->home(), [router] { router->begin_service(); });
             }
             (*then)({});
           });
         });
       });
}

}  // namespace spawn
