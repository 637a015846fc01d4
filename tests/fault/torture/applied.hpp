// The state of a torture actor: which ids were applied, one bitmap per client slot, and how many
// updates there were. Compact, and it tells a lost, a doubled and a resurrected update apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torture {

inline constexpr std::string_view state_url = "type.googleapis.com/torture.Applied";

// One request: the seq-th of a slot of an actor. Ids are never used twice.
struct request_id {
  std::uint32_t slot = 0;
  std::uint32_t seq = 0;
};

class id_set {
 public:
  // False when it was in before.
  bool add(std::uint32_t id);
  [[nodiscard]] bool has(std::uint32_t id) const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept;
  [[nodiscard]] bool contains(const id_set& other) const noexcept;
  [[nodiscard]] const std::string& bytes() const noexcept { return bits_; }
  [[nodiscard]] static id_set of(std::string_view bits);
  bool operator==(const id_set&) const = default;

 private:
  std::string bits_;
};

struct applied {
  std::uint64_t updates = 0;  // every update adds one, also one that was applied before
  std::vector<id_set> slots;

  void add(request_id id);
  [[nodiscard]] bool has(request_id id) const noexcept;
  [[nodiscard]] std::uint64_t distinct() const noexcept;
  [[nodiscard]] bool contains(const applied& earlier) const noexcept;
  [[nodiscard]] std::string encode() const;
  // nullopt: these bytes are no such state.
  [[nodiscard]] static std::optional<applied> decode(std::string_view bytes);
  bool operator==(const applied&) const = default;
};

}  // namespace torture
