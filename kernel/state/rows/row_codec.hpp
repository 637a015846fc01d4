// The bytes of a message row. What never changes is its payload; what attempts change, and what a
// reader of keys alone wants to know, is its meta. Both begin with a format version, and fields a
// newer kernel adds within it are kept.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/invocation.hpp"
#include "state/record.hpp"

namespace spawn {

inline constexpr std::string_view row_type_url = "spawn.row/1";
inline constexpr std::size_t row_error_bytes_max = 1'024;  // of last_error
// Cuts last_error to that, between characters.
void cut_error(message_row& row);

// Appends. [any]
void encode_row(const invocation& message, std::string& payload);
void encode_row_meta(const invocation& message, std::string& meta);
// The message of a row: addressed, without deadline, reply or budget. unsupported: written by a
// newer kernel. corrupt: anything else that is no row. [any]
[[nodiscard]] result<invocation_ptr> decode_row(std::string_view payload, std::string_view meta);

// Seals and opens rows on one lane. A row is bound to its id, not to its key: it moves between
// families (durability.md 1). [lane]
class row_codec {
 public:
  explicit row_codec(lane_sealer& sealer) : sealer_(sealer) {}

  // All of a row that is stored anew.
  [[nodiscard]] result<void> seal(const invocation& message, sealed_record& out);
  // Opens a row that was listed or loaded with its payload; key and version come with it.
  [[nodiscard]] result<invocation_ptr> open(std::string_view key, const spawn_ss_record& in);
  // Opens a row's meta alone: address and progress, no content.
  [[nodiscard]] result<invocation_ptr> open_meta(std::string_view key, const spawn_ss_record& in);

 private:
  [[nodiscard]] result<invocation_ptr> open_parts(std::string_view key, const spawn_ss_record& in,
                                                  bool with_payload);

  lane_sealer& sealer_;
  std::string aad_;
  std::string payload_;
  std::string meta_;
};

}  // namespace spawn
