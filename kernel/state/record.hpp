// A record between memory and store: keys, meta, sealing. One place knows how the three fit.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "state/seal/keys.hpp"
#include "state/seal/meta.hpp"
#include "state/seal/sealer.hpp"

namespace spawn {

// What a record says, opened.
struct record {
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  std::int64_t written_ms = 0;
  record_meta meta;
  bool has_payload = false;
  std::string type_url;
  std::string payload;
};

// The bytes of one save. They must stay as they are until the save has been answered for good: a
// doubtful save is repeated byte for byte (durability.md 7).
struct sealed_record {
  std::string type_url;
  std::string payload;
  std::string meta;
  bool has_payload = false;
  spawn_slice payload_slice{};

  // Points the op's fields here.
  void fill(spawn_ss_save& op) noexcept;
};

// Seals and opens on one lane. Borrows its sealer. [lane]
class record_codec {
 public:
  explicit record_codec(lane_sealer& sealer) : sealer_(sealer) {}

  // `meta.tags` and payload become unreadable without the key and cannot be moved to another key,
  // revision or writer.
  [[nodiscard]] result<void> seal(std::string_view key, std::uint64_t revision,
                                  std::uint64_t writer, const record_meta& meta, bool has_payload,
                                  std::string_view type_url, std::string_view payload,
                                  sealed_record& out);
  // Opens what a load or list gave; the buffers of `in` are not released here. Of a tombstone (or a
  // row that a store lists without payload) the payload is absent.
  [[nodiscard]] result<record> open(std::string_view key, const spawn_ss_record& in);

 private:
  lane_sealer& sealer_;
  std::string aad_;
  std::string scratch_;
};

// Releases the three buffers of a record. [any]
void release(spawn_ss_record& from) noexcept;

}  // namespace spawn
