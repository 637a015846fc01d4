#include "handoff.hpp"

#include <functional>

#include "chunk.hpp"

namespace memory_store {
namespace {

chunk_row row_of(std::string_view key, row_kind kind, std::int64_t at_ms, const version& v) {
  return {key,        kind,           at_ms,           v.revision(),
          v.writer(), v.written_ms(), v.has_payload(), v.type_url(),
          v.meta(),   v.payload()};
}

}  // namespace

std::size_t shard_of(std::string_view key, std::size_t shards) noexcept {
  return std::hash<std::string_view>{}(key) % shards;
}

void exporter::put(std::string& chunk, std::string_view key, const entry& of) {
  is_inside_ = true;
  for (; past_ < of.history.size(); ++past_) {
    if (chunk.size() >= chunk_bytes) {
      return;
    }
    const past& each = of.history[past_];
    put_row(chunk, row_of(key, row_kind::past, each.replaced_ms, *each.what));
  }
  if (chunk.size() >= chunk_bytes) {
    return;
  }
  put_row(chunk,
          row_of(key, of.deleted ? row_kind::deleted : row_kind::live, of.expires_ms, *of.head));
  is_inside_ = false;
}

bool exporter::next(std::string& chunk) {
  chunk.clear();
  for (; shard_ < from_.size(); ++shard_, key_.clear()) {
    shard& at = *from_[shard_];
    const std::lock_guard hold(at.mutex);
    if (is_inside_) {
      put(chunk, key_, at.keys().at(key_));
    }
    while (chunk.size() < chunk_bytes) {
      const auto found = key_.empty() ? at.keys().begin() : at.keys().upper_bound(key_);
      if (found == at.keys().end()) {
        break;
      }
      key_ = found->first;
      past_ = 0;
      put(chunk, key_, found->second);
    }
    if (chunk.size() >= chunk_bytes) {
      return true;
    }
  }
  return false;
}

spawn_status importer::take(std::string_view chunk, bool is_last) {
  chunk_reader rows(chunk);
  while (!rows.at_end()) {
    const chunk_row row = rows.next();
    if (!rows.ok() || row.key.empty() || (!history_.empty() && row.key != key_)) {
      return SPAWN_E_CORRUPT;
    }
    if (!account_->has_room(row.payload.size() + row.meta.size() + row.type_url.size())) {
      return SPAWN_E_EXHAUSTED;
    }
    version_ptr made = version::of_parts(
        account_, {row.revision, row.writer, row.written_ms, row.type_url, row.meta},
        row.has_payload ? &row.payload : nullptr);
    if (row.kind == row_kind::past) {
      key_ = row.key;
      history_.push_back({std::move(made), row.at_ms});
      continue;
    }
    shard& to = *to_[shard_of(row.key, to_.size())];
    const std::lock_guard hold(to.mutex);
    if (!to.put(row.key,
                {std::move(made), row.kind == row_kind::deleted,
                 row.kind == row_kind::live ? row.at_ms : 0, std::exchange(history_, {})})) {
      return SPAWN_E_CORRUPT;  // it is there already
    }
  }
  return is_last && !history_.empty() ? SPAWN_E_CORRUPT : SPAWN_OK;
}

}  // namespace memory_store
