// One subscription while two plugins listen for it.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "plugin/ports/transport_port.hpp"

namespace spawn {

// Both plugins bring what is published while both listen. The old one's messages are handled as
// they come; the new one's wait until the old one has brought its last, so that the order stays,
// and those that the old one has brought are dropped. Two are the same when subject, headers and
// body are: an id among the headers tells equal bodies apart. Of messages without one that are
// equal byte for byte, as many are handled as the plugin that had more of them has brought. [lane]
class transport_overlap {
 public:
  static constexpr std::size_t held_max = 16'384;   // of the new one; past it they are lost
  static constexpr std::size_t seen_max = 65'536;   // of the old one; past it doubles pass
  static constexpr std::uint64_t grace_ms = 2'000;  // for the new one's copies of the old one's

  void from_old(const transport_message& message);
  // What is to be handled now, if it is.
  [[nodiscard]] std::optional<transport_message> from_new(transport_message message,
                                                          std::uint64_t now_ns);
  // The old one brings nothing more: what has waited and is no double.
  [[nodiscard]] std::vector<transport_message> old_ended(std::uint64_t now_ns);
  // True: no double comes any more.
  [[nodiscard]] bool is_over(std::uint64_t now_ns) const noexcept;
  [[nodiscard]] bool waits() const noexcept { return !ended_ns_.has_value(); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  // That were dropped.
  [[nodiscard]] std::uint64_t doubles() const noexcept { return doubles_; }

 private:
  [[nodiscard]] bool take_double(const transport_message& message);

  std::unordered_map<std::uint64_t, std::uint32_t> seen_;  // the old one's, by fingerprint
  std::size_t seen_count_ = 0;
  std::deque<transport_message> held_;
  std::uint64_t lost_ = 0, doubles_ = 0;
  std::optional<std::uint64_t> ended_ns_;
};

}  // namespace spawn
