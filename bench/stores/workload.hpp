// What is saved and loaded: existing records of one size under random keys. The same sequence of
// groups goes to the plugin and to the loop it is measured against, so that both leave the same.
#pragma once
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spawn::bench {

inline constexpr std::uint64_t writer_id = 0x8000'0000'0000'0007;  // one that shows its sign
inline constexpr std::size_t payload_bytes = 256;

// A record on its way from `revision` to `revision` + 1; 0: it is not there yet.
struct change {
  std::uint32_t key;
  std::uint64_t revision;
};
using group = std::vector<change>;

// Bytes of keys and contents, made once. Read by any thread.
class workload {
 public:
  explicit workload(std::uint32_t keys);

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(keys_.size());
  }
  [[nodiscard]] const std::string& key(std::uint32_t i) const noexcept { return keys_[i]; }
  // As random as a sealed state is, and another one for each revision.
  [[nodiscard]] std::string_view payload(std::uint32_t key, std::uint64_t revision) const noexcept;
  [[nodiscard]] std::string_view type_url() const noexcept { return type_url_; }
  [[nodiscard]] std::string_view meta() const noexcept { return meta_; }

 private:
  std::vector<std::string> keys_;
  std::string noise_;
  std::string type_url_ = "type.googleapis.com/bench.Counter";
  std::string meta_;
};

// Draws groups of different keys out of [first, last) and knows the revision of each. One for each
// pair of tables. Thread: one.
class sequence {
 public:
  // Of the keys from `first` on, which have these revisions.
  sequence(std::uint32_t first, std::vector<std::uint64_t> revisions)
      : first_(first), revisions_(std::move(revisions)), drawn_(revisions_.size()) {}

  [[nodiscard]] group next(std::size_t rows);
  [[nodiscard]] std::vector<std::uint32_t> keys(std::size_t rows);
  [[nodiscard]] const std::vector<std::uint64_t>& revisions() const noexcept { return revisions_; }

 private:
  std::uint32_t first_;
  std::vector<std::uint64_t> revisions_;
  std::vector<std::uint64_t> drawn_;  // by which draw last
  std::uint64_t draw_ = 0;
  std::mt19937 random_{20'240'229};
};

// One way to a store: the plugin, or a loop written by hand. Thread: one.
class store_path {
 public:
  virtual ~store_path() = default;
  // One durable transaction, each row only if it is as expected. Ends the program when one is not.
  virtual void save(std::span<const change> rows) = 0;
  // Reads these records whole; returns seen() over all of them.
  [[nodiscard]] virtual std::uint64_t load(std::span<const std::uint32_t> keys) = 0;
};

// A mark of a record that was read, in whatever order they came.
[[nodiscard]] inline std::uint64_t seen(std::uint64_t revision, std::string_view payload) noexcept {
  return revision * 1'000'003 + payload.size() * 257 +
         (payload.empty() ? 0 : static_cast<unsigned char>(payload.back()));
}

[[noreturn]] void give_up(std::string_view why);

}  // namespace spawn::bench
