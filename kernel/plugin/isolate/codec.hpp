// Values as bytes and back. One function per struct names its fields, in order; what is done with
// them is the archive's: encoder, decoder or releaser.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "spawn/plugin/abi.h"

namespace spawn::isolate {

// The bytes of a frame, and arrays made while reading it. Counted: ops and buffers that point into
// it keep it. [any]
class held_frame {
 public:
  explicit held_frame(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  // Room for n zeroed values.
  template <class T>
  [[nodiscard]] T* array(std::size_t n) {
    static_assert(std::is_trivially_destructible_v<T>);
    arrays_.push_back(std::make_unique<std::byte[]>(n * sizeof(T)));
    return reinterpret_cast<T*>(arrays_.back().get());
  }
  void keep() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  void drop() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  ~held_frame() = default;

  std::string bytes_;
  std::vector<std::unique_ptr<std::byte[]>> arrays_;
  std::atomic<std::uint32_t> holders_{1};
};

// Holds one of them for a scope.
class frame_hold {
 public:
  explicit frame_hold(std::string bytes) : frame_(new held_frame(std::move(bytes))) {}
  ~frame_hold() { frame_->drop(); }
  frame_hold(const frame_hold&) = delete;
  frame_hold& operator=(const frame_hold&) = delete;
  [[nodiscard]] held_frame& operator*() const noexcept { return *frame_; }

 private:
  held_frame* frame_;
};

class encoder {
 public:
  static constexpr bool reads = false;

  template <class T>
    requires(std::is_integral_v<T> || std::is_floating_point_v<T>)
  void value(const T& v) {
    out_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  // NULL and empty are two things.
  void bytes(const void* at, std::uint64_t len) {
    value<std::uint64_t>(at == nullptr ? 0 : len + 1);
    if (at != nullptr && len != 0) {
      out_.append(static_cast<const char*>(at), len);
    }
  }
  void text(std::string_view t) { bytes(t.data() != nullptr ? t.data() : "", t.size()); }
  void slice(const spawn_slice& s) { bytes(s.ptr, s.len); }
  void buf(const spawn_buf& b) { bytes(b.ptr, b.len); }
  void raw(void* at, std::size_t n) { out_.append(static_cast<const char*>(at), n); }
  // n entries from `at` on; `each` names the fields of one.
  template <class T, class N, class F>
  void list(const T* at, N n, F each) {
    value<std::uint32_t>(at == nullptr ? 0 : static_cast<std::uint32_t>(n));
    for (N i = 0; at != nullptr && i < n; ++i) {
      T one = at[i];
      each(*this, one);
    }
  }
  [[nodiscard]] std::string& out() noexcept { return out_; }

 private:
  std::string out_;
};

// Reads what an encoder wrote; never beyond the end. After a failure all further values are zero,
// so one look at ok() at the end is enough.
class decoder {
 public:
  static constexpr bool reads = true;

  // Slices and arrays point into `frame`; buffers, too, and keep it.
  explicit decoder(held_frame& frame, std::size_t from = 0)
      : frame_(&frame), rest_(frame.bytes().substr(from)) {}

  template <class T>
    requires(std::is_integral_v<T> || std::is_floating_point_v<T>)
  void value(T& v) {
    if (rest_.size() < sizeof v) {
      ok_ = false;
      rest_ = {};
      v = T{};
      return;
    }
    std::memcpy(&v, rest_.data(), sizeof v);
    rest_.remove_prefix(sizeof v);
  }
  template <class T>
  [[nodiscard]] T take() {
    T v{};
    value(v);
    return v;
  }
  void slice(spawn_slice& s) {
    const auto n = take<std::uint64_t>();
    s = {};
    if (n == 0) {
      return;
    }
    if (n - 1 > rest_.size()) {
      ok_ = false;
      return;
    }
    s = {rest_.data(), n - 1};
    rest_.remove_prefix(n - 1);
  }
  [[nodiscard]] std::string_view text() {
    spawn_slice s{};
    slice(s);
    return {static_cast<const char*>(s.ptr), s.len};
  }
  void buf(spawn_buf& b) {
    spawn_slice s{};
    slice(s);
    b = {s.ptr, s.len, nullptr, nullptr};
    if (s.ptr != nullptr) {
      own(b);
    }
  }
  // The buffer's release lets go of the frame.
  void own(spawn_buf& b) {
    frame_->keep();
    b.ctx = frame_;
    b.release = [](void* ctx, const void*, std::uint64_t) {
      static_cast<held_frame*>(ctx)->drop();
    };
  }
  void raw(void* at, std::size_t n) {
    if (rest_.size() < n) {
      ok_ = false;
      std::memset(at, 0, n);
      return;
    }
    std::memcpy(at, rest_.data(), n);
    rest_.remove_prefix(n);
  }
  template <class T, class N, class F>
  void list(const T*& at, N& n, F each) {
    const auto count = take<std::uint32_t>();
    at = nullptr;
    n = 0;
    // An entry takes more than a third of its size in memory, so a count beyond that is a lie.
    if (count > rest_.size() / (sizeof(T) / 3)) {
      ok_ = false;
      return;
    }
    if (count == 0) {
      return;
    }
    T* made = frame_->template array<T>(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      each(*this, made[i]);
    }
    at = made;
    n = static_cast<N>(count);
  }
  void fail() noexcept { ok_ = false; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] held_frame& frame() const noexcept { return *frame_; }

 private:
  held_frame* frame_;
  std::string_view rest_;
  bool ok_ = true;
};

// Gives back the buffers of an answer that has been sent, or is not wanted.
class releaser {
 public:
  static constexpr bool reads = false;

  template <class T>
    requires(std::is_integral_v<T> || std::is_floating_point_v<T>)
  void value(T&) {}
  void slice(spawn_slice&) {}
  void raw(void*, std::size_t) {}
  void buf(spawn_buf& b) {
    if (b.release != nullptr) {
      b.release(b.ctx, b.ptr, b.len);
    }
    b = {};
  }
  template <class T, class N, class F>
  void list(const T*, N, F) {}
};

// --- what many structs have ---------------------------------------------------------------------

template <class A>
void fields(A& a, spawn_kv& v) {
  a.slice(v.key);
  a.slice(v.value);
}

template <class A>
void fields(A& a, spawn_actor_ref& v) {
  a.slice(v.system);
  a.slice(v.parent);
  a.slice(v.name);
}

template <class A>
void fields(A& a, spawn_payload& v) {
  a.value(v.presence);
  a.slice(v.type_url);
  a.slice(v.value);
}

inline constexpr auto each_field = [](auto& a, auto& v) { fields(a, v); };
inline constexpr auto each_slice = [](auto& a, auto& v) { a.slice(v); };

}  // namespace spawn::isolate
