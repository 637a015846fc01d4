// page_builder: collects the rows of a LIST or HISTORY page into one piece of memory that the host
// frees with out_owner. Used on one thread; owns everything until finish() gives it away.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/statestore.h"

namespace spawn::plugin {

// A stored record as borrowed views. payload == nullptr: the record has none.
struct record_view {
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  std::int64_t written_unix_ms = 0;
  std::string_view type_url;
  std::string_view meta;
  const std::string_view* payload = nullptr;
  std::int64_t expires_unix_ms = 0;  // of a listed head; 0: never
  bool tombstone = false;
};

// Copies a record into one piece of memory that its three buffers share; the last release frees it.
inline void give_record(spawn_ss_record& out, const record_view& r) {
  struct block {
    std::atomic<int> refs{3};
    std::string bytes;
  };
  auto held = std::make_unique<block>();
  const std::size_t payload = r.payload != nullptr ? r.payload->size() : 0;
  held->bytes.reserve(r.type_url.size() + r.meta.size() + payload);
  held->bytes.append(r.type_url).append(r.meta);
  if (r.payload != nullptr) {
    held->bytes.append(*r.payload);
  } else {
    held->refs = 2;
  }
  const char* at = held->bytes.data();
  block* shared = held.release();
  const auto part = [shared](const char* from, std::size_t len) {
    return spawn_buf{from, len,
                     [](void* ctx, const void*, std::uint64_t) noexcept {
                       auto* b = static_cast<block*>(ctx);
                       if (b->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                         delete b;
                       }
                     },
                     shared};
  };
  out.revision = r.revision;
  out.writer = r.writer;
  out.written_unix_ms = r.written_unix_ms;
  out.type_url = part(at, r.type_url.size());
  out.meta = part(at + r.type_url.size(), r.meta.size());
  out.payload =
      r.payload != nullptr ? part(at + r.type_url.size() + r.meta.size(), payload) : spawn_buf{};
}

class page_builder {
 public:
  // A page ends when it holds this many bytes, however many rows were asked for.
  static constexpr std::size_t bytes_max = 8u << 20;

  [[nodiscard]] bool full(std::uint32_t limit) const noexcept {
    return rows_.size() >= limit || (!rows_.empty() && bytes_.size() >= bytes_max);
  }

  void add(std::string_view key, const record_view& record) {
    row r;
    r.fixed = record;
    r.key = put(key);
    r.type_url = put(record.tombstone ? std::string_view() : record.type_url);
    r.meta = put(record.meta);
    r.has_payload = record.payload != nullptr && !record.tombstone;
    r.payload = r.has_payload ? put(*record.payload) : span{};
    rows_.push_back(r);
  }

  // `cursor` empty: this is the last page.
  void finish(spawn_ss_list& op, std::string cursor) {
    auto made = std::make_unique<page>();
    made->bytes = std::move(bytes_);
    made->rows.reserve(rows_.size());
    const char* base = made->bytes.data();
    for (const row& r : rows_) {
      spawn_ss_row out{};
      out.key = {base + r.key.at, r.key.len};
      out.rec.revision = r.fixed.revision;
      out.rec.writer = r.fixed.writer;
      out.rec.written_unix_ms = r.fixed.written_unix_ms;
      out.expires_unix_ms = r.fixed.expires_unix_ms;
      out.tombstone = r.fixed.tombstone ? 1 : 0;
      out.rec.type_url = {base + r.type_url.at, r.type_url.len, nullptr, nullptr};
      out.rec.meta = {base + r.meta.at, r.meta.len, nullptr, nullptr};
      if (r.has_payload) {
        out.rec.payload = {base + r.payload.at, r.payload.len, nullptr, nullptr};
      }
      made->rows.push_back(out);
    }
    op.out_rows = made->rows.data();
    op.out_row_stride = sizeof(spawn_ss_row);
    op.out_n = static_cast<std::uint32_t>(made->rows.size());
    op.out_cursor = cursor.empty() ? spawn_buf{} : give(std::move(cursor));
    op.out_owner = {
        base, made->bytes.size(),
        [](void* ctx, const void*, std::uint64_t) noexcept { delete static_cast<page*>(ctx); },
        made.release()};
  }

 private:
  struct span {
    std::size_t at = 0;
    std::size_t len = 0;
  };
  struct row {
    record_view fixed;
    span key, type_url, meta, payload;
    bool has_payload = false;
  };
  struct page {
    std::vector<spawn_ss_row> rows;
    std::string bytes;
  };

  span put(std::string_view s) {
    const span at{bytes_.size(), s.size()};
    bytes_.append(s);
    return at;
  }

  std::vector<row> rows_;
  std::string bytes_;
};

}  // namespace spawn::plugin
