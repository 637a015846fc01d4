// Parameters of a statement in PostgreSQL's binary format: numbers in network order, arrays with
// their header. Source: the server's documentation of the frontend/backend protocol and the send
// functions of its types.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postgres_store {

namespace oid {
inline constexpr std::uint32_t boolean = 16, bytea = 17, int8 = 20, text = 25;
inline constexpr std::uint32_t bytea_array = 1001, text_array = 1009, int8_array = 1016;
inline constexpr std::uint32_t boolean_array = 1000;
}  // namespace oid

template <class Int>
void put(std::string& out, Int v) {
  char bytes[sizeof(v)];
  for (char& byte : bytes) {
    byte = static_cast<char>(v >> (8 * (sizeof(v) - 1)));
    v = static_cast<Int>(v << 8);
  }
  out.append(bytes, sizeof(bytes));  // one append: this is most of what a batch costs this side
}
inline void put_u32(std::string& out, std::uint32_t v) {
  put(out, v);
}
inline void put_u64(std::string& out, std::uint64_t v) {
  put(out, v);
}

// One array of one dimension, filled value by value.
class array {
 public:
  explicit array(std::uint32_t element) : element_(element) {
    put_u32(bytes_, 1);  // dimensions
    put_u32(bytes_, 0);  // no element is NULL, so far
    put_u32(bytes_, element);
    put_u32(bytes_, 0);  // how many, so far
    put_u32(bytes_, 1);  // the first one's number
  }

  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  void bytes(std::string_view v) {
    put_u32(bytes_, static_cast<std::uint32_t>(v.size()));
    bytes_.append(v);
    ++size_;
  }
  // The value in pieces: its size first, then append() for each piece.
  void begin(std::size_t size) {
    put_u32(bytes_, static_cast<std::uint32_t>(size));
    ++size_;
  }
  void append(std::string_view piece) { bytes_.append(piece); }
  void word(std::uint64_t v) {
    put_u32(bytes_, 8);
    put_u64(bytes_, v);
    ++size_;
  }
  void boolean(bool v) {
    put_u32(bytes_, 1);
    bytes_.push_back(v ? '\1' : '\0');
    ++size_;
  }
  void null() {
    bytes_[7] = 1;
    put_u32(bytes_, 0xffffffffU);
    ++size_;
  }
  void optional(const std::optional<std::string>& v) { v.has_value() ? bytes(*v) : null(); }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t type() const noexcept {
    switch (element_) {
      case oid::bytea:
        return oid::bytea_array;
      case oid::int8:
        return oid::int8_array;
      case oid::boolean:
        return oid::boolean_array;
      default:
        return oid::text_array;
    }
  }
  // The finished bytes; nothing is added afterwards.
  [[nodiscard]] std::string take() {
    std::string count;
    put_u32(count, size_);
    bytes_.replace(12, 4, count);
    return std::move(bytes_);
  }

 private:
  const std::uint32_t element_;
  std::uint32_t size_ = 0;
  std::string bytes_;
};

// The parameters of one statement, in order.
class parameters {
 public:
  parameters& add(array&& a) {
    const std::uint32_t type = a.type();
    return put(type, a.take());
  }
  parameters& bytes(std::string_view v) { return put(oid::bytea, std::string(v)); }
  parameters& text(std::string_view v) { return put(oid::text, std::string(v)); }
  parameters& word(std::uint64_t v) {
    std::string out;
    put_u64(out, v);
    return put(oid::int8, std::move(out));
  }
  parameters& integer(std::int64_t v) { return word(static_cast<std::uint64_t>(v)); }
  parameters& boolean(bool v) { return put(oid::boolean, std::string(1, v ? '\1' : '\0')); }

  [[nodiscard]] const std::vector<std::uint32_t>& types() const noexcept { return types_; }
  [[nodiscard]] const std::vector<std::string>& values() const noexcept { return values_; }

 private:
  parameters& put(std::uint32_t type, std::string value) {
    types_.push_back(type);
    values_.push_back(std::move(value));
    return *this;
  }

  std::vector<std::uint32_t> types_;
  std::vector<std::string> values_;
};

}  // namespace postgres_store
