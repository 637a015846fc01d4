// The places that an activator keeps in its sources, durable: records c/<instance>/<source> (D27).
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_function.hpp"
#include "router/lane_router.hpp"
#include "state/record_writer.hpp"

namespace spawn {

// The newest value of each is written, one write at a time. [lane] unless it says otherwise.
class cursors {
 public:
  // `written` is called on the lane after each write.
  cursors(std::string instance, lane_router& router, unique_function<void()> written);
  cursors(const cursors&) = delete;
  cursors& operator=(const cursors&) = delete;

  void recover(unique_function<void(result<void>)> done);
  // invalid: too long, or too many sources. [any]
  errc set(std::string_view source, std::string_view bytes);
  [[nodiscard]] std::optional<std::string> get(std::string_view source) const;  // [any]
  [[nodiscard]] bool is_quiet() const noexcept;  // everything is written

 private:
  struct place {
    std::string bytes;
    record_version version;
    bool dirty = false;
    bool writing = false;
  };
  void read_page(std::string cursor, unique_function<void(result<void>)> done);
  void write_dirty();
  void write(const std::string& source);

  const std::string instance_;
  lane_router& router_;
  lane& lane_;
  record_writer writer_;
  unique_function<void()> written_;
  mutable std::mutex mutex_;
  std::map<std::string, place, std::less<>> places_;
  bool posted_ = false;
  struct again_timer : timer {
    cursors* owner = nullptr;
  } again_;
};

}  // namespace spawn
