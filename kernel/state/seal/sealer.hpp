// Encryption of everything the kernel gives to a store (D26, durability.md rule 30). AES-256-GCM;
// the envelope is described in README.md.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "state/seal/crypto.hpp"

namespace spawn {

inline constexpr std::uint64_t lane_seals_max = 1ULL << 48;    // per lane and incarnation
inline constexpr std::uint64_t sealed_bytes_max = 1ULL << 30;  // of one value; the cipher takes int
inline constexpr std::size_t seal_overhead = 1 + 8 + 16 + 12 + 16;

struct seal_options {
  std::string key_b64{};                    // seals and opens; empty: values are written in clear
  std::vector<std::string> old_keys_b64{};  // open only (encryption.keys)
  bool required = false;                    // no key is an error, and values in clear are refused
};

// Which part of a record a value is, so that its parts cannot be exchanged for one another.
enum class seal_part : std::uint8_t { payload = 'p', meta = 'm', row = 'r' };

// What a sealed value is bound to: key | revision | writer | part. Replaces `out`. [any]
void make_aad(std::string& out, std::string_view key, std::uint64_t revision, std::uint64_t writer,
              seal_part part);

class lane_sealer;

// The keys of one kernel incarnation. Made once at start, before the lanes; must outlive its lane
// sealers. Owns the master keys and this incarnation's data key. Immutable but for the count of
// lanes. [any]
class sealer {
 public:
  // invalid, with the configuration key, when a key is not base64 of 32 bytes, or when encryption
  // is required and there is no key. [control]
  [[nodiscard]] static result<std::unique_ptr<sealer>> create(const seal_options& options);
  sealer(const sealer&) = delete;
  sealer& operator=(const sealer&) = delete;

  [[nodiscard]] bool enabled() const noexcept { return !masters_.empty() && masters_[0].seals; }
  // For status output: which key seals. Empty when none does.
  [[nodiscard]] std::string active_key_id() const;

  // Whether these bytes were sealed under the key that seals now.
  [[nodiscard]] bool is_current(std::string_view sealed) const noexcept;

  // A sealer with a lane number of its own; never the same number twice, so never the same nonce.
  [[nodiscard]] result<std::unique_ptr<lane_sealer>> make_lane();

 private:
  friend class lane_sealer;
  struct master {
    key_id id{};
    secret_key key;
    bool seals = false;
  };
  sealer() = default;
  result<void> add(std::string_view base64, std::string_view where, bool seals);
  [[nodiscard]] const master* find(const key_id& id) const noexcept;

  std::vector<master> masters_;  // the one that seals, if any, is the first
  data_key_id own_id_;
  secret_key own_key_;
  bool required_ = false;
  std::atomic<std::uint64_t> lanes_{0};
};

// Seals and opens on one lane; keeps its cipher contexts between calls. Borrows the sealer. [lane]
// The caller keeps sealed bytes it may have to repeat: sealing again gives other bytes.
class lane_sealer {
 public:
  ~lane_sealer();
  lane_sealer(const lane_sealer&) = delete;
  lane_sealer& operator=(const lane_sealer&) = delete;

  // Replaces `out` by the envelope of all parts in a row; `out` must not overlap aad or parts.
  // too_large above sealed_bytes_max; exhausted after lane_seals_max: restart draws a new key.
  [[nodiscard]] result<void> seal(std::string_view aad,
                                  std::span<const std::string_view> plain_parts, std::string& out);

  // Replaces `plain`, which must not overlap the arguments; it is empty after an error.
  // denied: sealed with a key that is not configured, or in clear where encryption is required.
  // corrupt: not what was sealed, or not at this place. unsupported: from a newer kernel.
  [[nodiscard]] result<void> open(std::string_view aad, std::string_view sealed,
                                  std::string& plain);

  void set_seals_for_test(std::uint64_t seals) noexcept { seals_ = seals; }

 private:
  friend class sealer;
  struct cipher;
  lane_sealer(const sealer& keys, std::uint32_t lane, std::unique_ptr<cipher> made) noexcept;
  result<void> open_sealed(std::string_view aad, std::string_view sealed, std::string& plain);
  result<void> use_key(const data_key_id& id);

  const sealer& keys_;
  const std::uint32_t lane_;
  std::uint64_t seals_ = 0;  // nonces used
  std::unique_ptr<cipher> cipher_;
};

}  // namespace spawn
