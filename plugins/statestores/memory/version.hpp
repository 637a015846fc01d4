// version: one content of one key, immutable, in one piece of memory. A LOAD hands out references
// to it instead of copies, so it lives until the last reader has released it, also after the store
// is gone. [any]
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "spawn/plugin/cpp/page.hpp"
#include "spawn/plugin/cpp/statestore.hpp"

namespace memory_store {

// Bytes held by all versions of one store. Shared with them, as they may outlive it.
struct budget {
  std::uint64_t limit = 0;  // 0: none
  std::atomic<std::uint64_t> used{0};

  [[nodiscard]] bool has_room(std::uint64_t more) const noexcept {
    return limit == 0 || used.load(std::memory_order_relaxed) + more <= limit;
  }
};

class version_ptr;

class version {
 public:
  struct content {
    std::uint64_t revision = 0;
    std::uint64_t writer = 0;
    std::int64_t written_ms = 0;
    std::string_view type_url;
    std::string_view meta;
  };

  // The payload is what the op's scatter list holds; `op` nullptr: no payload.
  static version_ptr make(const std::shared_ptr<budget>& account, const content& what,
                          const spawn_ss_save* op);
  // `payload` nullptr: none.
  static version_ptr of_parts(const std::shared_ptr<budget>& account, const content& what,
                              const std::string_view* payload);
  // The same content without payload: what stays of an expired record.
  static version_ptr stub(const std::shared_ptr<budget>& account, const version& of);

  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }
  [[nodiscard]] std::uint64_t writer() const noexcept { return writer_; }
  [[nodiscard]] std::int64_t written_ms() const noexcept { return written_ms_; }
  [[nodiscard]] std::string_view type_url() const noexcept { return {data(), type_url_len_}; }
  [[nodiscard]] std::string_view meta() const noexcept {
    return {data() + type_url_len_, meta_len_};
  }
  [[nodiscard]] bool has_payload() const noexcept { return has_payload_; }
  [[nodiscard]] std::string_view payload() const noexcept {
    return {data() + type_url_len_ + meta_len_, payload_len_};
  }

  void add_ref() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void drop_ref() noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      account_->used.fetch_sub(size(), std::memory_order_relaxed);
      this->~version();
      ::operator delete(this);
    }
  }

  // A buffer for the host that keeps this version alive until it is released.
  [[nodiscard]] spawn_buf lend(std::string_view part) noexcept {
    add_ref();
    return {part.data(), part.size(),
            [](void* self, const void*, std::uint64_t) noexcept {
              static_cast<version*>(self)->drop_ref();
            },
            this};
  }

 private:
  version() = default;
  ~version() = default;
  // The payload is for the caller to fill in.
  static version_ptr allocate(const std::shared_ptr<budget>& account, const content& what,
                              bool has_payload, std::size_t payload);
  [[nodiscard]] const char* data() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }
  [[nodiscard]] char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::size_t size() const noexcept {
    return sizeof(version) + type_url_len_ + meta_len_ + payload_len_;
  }

  std::atomic<std::uint32_t> refs_{1};
  bool has_payload_ = false;
  std::uint64_t revision_ = 0;
  std::uint64_t writer_ = 0;
  std::int64_t written_ms_ = 0;
  std::size_t type_url_len_ = 0;
  std::size_t meta_len_ = 0;
  std::size_t payload_len_ = 0;
  std::shared_ptr<budget> account_;
};

// One counted reference.
class version_ptr {
 public:
  version_ptr() = default;
  explicit version_ptr(version* takes_over) noexcept : p_(takes_over) {}
  version_ptr(const version_ptr& o) noexcept : p_(o.p_) {
    if (p_ != nullptr) {
      p_->add_ref();
    }
  }
  version_ptr(version_ptr&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  version_ptr& operator=(version_ptr o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~version_ptr() {
    if (p_ != nullptr) {
      p_->drop_ref();
    }
  }
  version* operator->() const noexcept { return p_; }
  version& operator*() const noexcept { return *p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }

 private:
  version* p_ = nullptr;
};

}  // namespace memory_store
