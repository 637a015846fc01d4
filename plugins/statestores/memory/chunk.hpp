// chunk: what one memory store hands to another, as bytes. Schema 1: rows, one for each version,
// of a key oldest first and its newest last. Numbers are 8 bytes in the machine's order, since both
// stores are in one process; texts have their size before them.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace memory_store {

enum class row_kind : std::uint64_t { past = 0, live = 1, deleted = 2 };

struct chunk_row {
  std::string_view key;
  row_kind kind = row_kind::past;
  std::int64_t at_ms = 0;  // past: when it was replaced; live: when it ends, 0: never
  std::uint64_t revision = 0, writer = 0;
  std::int64_t written_ms = 0;
  bool has_payload = false;
  std::string_view type_url, meta, payload;
};

inline void put_number(std::string& to, std::uint64_t value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
inline void put_text(std::string& to, std::string_view value) {
  put_number(to, value.size());
  to.append(value);
}

inline void put_row(std::string& to, const chunk_row& row) {
  put_text(to, row.key);
  put_number(to, static_cast<std::uint64_t>(row.kind));
  put_number(to, static_cast<std::uint64_t>(row.at_ms));
  put_number(to, row.revision);
  put_number(to, row.writer);
  put_number(to, static_cast<std::uint64_t>(row.written_ms));
  put_number(to, row.has_payload ? 1 : 0);
  put_text(to, row.type_url);
  put_text(to, row.meta);
  put_text(to, row.payload);
}

// Reads rows, as long as ok().
class chunk_reader {
 public:
  explicit chunk_reader(std::string_view from) noexcept : left_(from) {}

  [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] chunk_row next() {
    chunk_row out;
    out.key = text();
    const std::uint64_t kind = number();
    ok_ = ok_ && kind <= static_cast<std::uint64_t>(row_kind::deleted);
    out.kind = static_cast<row_kind>(ok_ ? kind : 0);
    out.at_ms = static_cast<std::int64_t>(number());
    out.revision = number();
    out.writer = number();
    out.written_ms = static_cast<std::int64_t>(number());
    out.has_payload = number() != 0;
    out.type_url = text();
    out.meta = text();
    out.payload = text();
    return out;
  }

 private:
  [[nodiscard]] std::uint64_t number() noexcept {
    std::uint64_t out = 0;
    if (left_.size() < sizeof(out)) {
      ok_ = false;
      left_ = {};
      return 0;
    }
    std::memcpy(&out, left_.data(), sizeof(out));
    left_.remove_prefix(sizeof(out));
    return out;
  }
  [[nodiscard]] std::string_view text() noexcept {
    const std::uint64_t size = number();
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const std::string_view out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace memory_store
