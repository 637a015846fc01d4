#include "state/store_desk.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/hash.hpp"

namespace spawn {
namespace {

stored_row copied(const spawn_ss_row& from) {
  stored_row out;
  out.key = view_of(from.key);
  out.revision = from.rec.revision;
  out.writer = from.rec.writer;
  out.written_ms = from.rec.written_unix_ms;
  out.expires_ms = from.expires_unix_ms;
  out.tombstone = from.tombstone != 0;
  out.has_payload = from.rec.payload.ptr != nullptr;
  out.type_url = view_of(from.rec.type_url);
  out.payload = view_of(from.rec.payload);
  out.meta = view_of(from.rec.meta);
  return out;
}

// A plugin built before rows had their later fields gives shorter ones.
stored_row copied(const char* at, std::uint32_t stride) {
  spawn_ss_row whole{};
  std::memcpy(static_cast<void*>(&whole), at, std::min<std::size_t>(stride, sizeof whole));
  return copied(whole);
}

}  // namespace

spawn_ss_record stored_row::view() const noexcept {
  const auto part = [](const std::string& s) {
    return spawn_buf{s.data(), s.size(), nullptr, nullptr};
  };
  spawn_ss_record out{};
  out.revision = revision;
  out.writer = writer;
  out.written_unix_ms = written_ms;
  out.type_url = part(type_url);
  out.meta = part(meta);
  if (has_payload) {
    out.payload = part(payload);
  }
  return out;
}

struct store_desk::reading {
  store_desk* desk;
  std::vector<page_order> orders;
  std::vector<std::optional<result<stored_page>>> pages;
  std::size_t left;
  pages_fn done;

  void ended(list_request& request, std::size_t which) {
    if (request.status() != errc::ok) {
      pages[which] = fail(request.status(), take_error_text(request.raw.op));
    } else {
      stored_page page;
      const auto* at = reinterpret_cast<const char*>(request.raw.out_rows);
      for (std::uint32_t i = 0; i < request.raw.out_n; ++i, at += request.raw.out_row_stride) {
        page.rows.push_back(copied(at, request.raw.out_row_stride));
      }
      page.cursor = view_of(request.raw.out_cursor);
      pages[which] = std::move(page);
    }
    release(request.raw.out_owner);
    release(request.raw.out_cursor);
    desk->lists_.give_back(&request);
    if (--left == 0) {
      const std::unique_ptr<reading> mine(this);
      std::vector<result<stored_page>> out;
      for (auto& page : pages) {
        out.push_back(std::move(*page));
      }
      done(std::move(out));
    }
  }
};

void store_desk::read_all(journal& store, std::vector<page_order> orders, std::uint64_t deadline_ns,
                          pages_fn done) {
  if (orders.empty()) {
    done({});
    return;
  }
  const std::size_t n = orders.size();
  auto* all = new reading{this, std::move(orders), {}, n, std::move(done)};
  all->pages.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const page_order& order = all->orders[i];
    list_request* request = lists_.take();
    request->clear();
    request->owner = new std::pair<reading*, std::size_t>(all, i);
    request->raw.from = slice_of(order.from);
    request->raw.to = slice_of(order.to);
    request->raw.cursor = slice_of(order.cursor);
    request->raw.limit = order.limit;
    request->raw.from_revision = order.from_revision;
    request->raw.with_payload = order.with_payload ? 1 : 0;
    request->raw.reverse = order.reverse ? 1 : 0;
    request->raw.op.flags = order.tombstones ? std::uint16_t{SPAWN_SS_F_TOMBSTONES} : 0;
    request->ended = [](list_request& r) {
      const std::unique_ptr<std::pair<reading*, std::size_t>> place(
          static_cast<std::pair<reading*, std::size_t>*>(r.owner));
      place->first->ended(r, place->second);
    };
    store.submit(*request,
                 static_cast<std::uint16_t>(order.history ? SPAWN_SS_HISTORY : SPAWN_SS_LIST),
                 deadline_ns);
  }
}

void store_desk::read(journal& store, page_order order, std::uint64_t deadline_ns, page_fn done) {
  std::vector<page_order> one;
  one.push_back(std::move(order));
  read_all(store, std::move(one), deadline_ns,
           [done = std::move(done)](std::vector<result<stored_page>> pages) mutable {
             done(std::move(pages.front()));
           });
}

struct store_desk::writing {
  store_desk* desk;
  std::vector<write_order> orders;
  std::vector<write_outcome> outcomes;
  std::size_t left;
  written_fn done;

  void ended(save_request& request, std::size_t which) {
    write_outcome& out = outcomes[which];
    out.code = request.status();
    out.why = take_error_text(request.raw.op);
    if (out.code == errc::conflict) {
      out.stored_revision = request.raw.out_revision;
      out.stored_writer = request.raw.out_writer;
    }
    desk->saves_.give_back(&request);
    if (--left == 0) {
      const std::unique_ptr<writing> mine(this);
      done(std::move(outcomes));
    }
  }
};

void store_desk::write(journal& store, std::vector<write_order> orders, std::uint64_t deadline_ns,
                       written_fn done) {
  if (orders.empty()) {
    done({});
    return;
  }
  const std::size_t n = orders.size();
  auto* all = new writing{this, std::move(orders), {}, n, std::move(done)};
  all->outcomes.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    write_order& order = all->orders[i];
    save_request* request = saves_.take();
    request->clear();
    request->owner = new std::pair<writing*, std::size_t>(all, i);
    auto& op = request->raw;
    op.op.flags = static_cast<std::uint16_t>(order.flags | SPAWN_SS_F_DURABLE);
    op.key = slice_of(order.key);
    op.key_hash = hash_bytes(order.key);
    op.expect_revision = order.expect_revision;
    op.expect_writer = order.expect_writer;
    op.new_revision = order.new_revision;
    op.writer = order.writer;
    op.ttl_s = order.ttl_s;
    op.keep_history = order.keep_history;
    op.keep_history_ms = order.keep_history_ms;
    op.written_unix_ms = order.written_ms;
    order.content.fill(op);
    request->ended = [](save_request& r) {
      const std::unique_ptr<std::pair<writing*, std::size_t>> place(
          static_cast<std::pair<writing*, std::size_t>*>(r.owner));
      place->first->ended(r, place->second);
    };
    store.submit(*request, order.code, deadline_ns);
  }
}

}  // namespace spawn
