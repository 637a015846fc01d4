// guarded: a piece of memory whose last byte lies against a page without rights, so that whoever
// reads or writes past its end is stopped by the processor. The rest of it can be made read-only or
// forbidden later. A blamed access ends the process with the verdict "failed" and the text given.
#pragma once
#include <cstddef>
#include <string_view>

namespace spawn::check {

class guarded {
 public:
  // `past_end` is the verdict on an access behind the end: a string literal.
  guarded(std::size_t bytes, const char* past_end);
  ~guarded();
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

  [[nodiscard]] void* data() const noexcept { return pages_ + usable_ - bytes_; }
  template <class T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(data());
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_; }

  // From here on a write, or any access, is a failure with this text: a string literal.
  void read_only(const char* verdict);
  void forbid(const char* verdict);
  void allow();

 private:
  void protect(int rights, const char* verdict);

  std::size_t bytes_, usable_, total_;
  char* pages_;
  int inside_ = -1, behind_ = -1;  // places in the list of blames
};

// Where verdicts of blamed accesses go. Once, before the first guarded.
void blame_to(int result_fd);

}  // namespace spawn::check
