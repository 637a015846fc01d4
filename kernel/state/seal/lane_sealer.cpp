#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "state/seal/lane_cipher.hpp"

namespace spawn {
namespace {

constexpr char envelope_clear = '\x00';
constexpr char envelope_sealed = '\x01';
constexpr std::size_t salt_at = 1 + sizeof(key_id);
constexpr std::size_t nonce_at = salt_at + sizeof(seal_salt);
constexpr std::size_t nonce_size = 12;
constexpr std::size_t body_at = nonce_at + nonce_size;
constexpr std::size_t tag_size = 16;
static_assert(body_at + tag_size == seal_overhead);

const unsigned char* bytes_of(const char* p) noexcept {
  return reinterpret_cast<const unsigned char*>(p);
}
unsigned char* bytes_of(char* p) noexcept {
  return reinterpret_cast<unsigned char*>(p);
}

// Big-endian lane number, then counter.
std::array<unsigned char, nonce_size> make_nonce(std::uint32_t lane, std::uint64_t count) noexcept {
  std::array<unsigned char, nonce_size> out{};
  for (unsigned i = 0; i < 4; ++i) {
    out[i] = static_cast<unsigned char>(lane >> (24 - 8 * i));
  }
  for (unsigned i = 0; i < 8; ++i) {
    out[4 + i] = static_cast<unsigned char>(count >> (56 - 8 * i));
  }
  return out;
}

result<void> cipher_failed() {
  return fail(errc::internal, "AES-256-GCM failed in OpenSSL");
}

error unreadable() {
  return {errc::corrupt, 0,
          "sealed value was changed, or belongs to another key, revision or writer"};
}

}  // namespace

result<void> lane_sealer::cipher::init(const secret_key* own) {
  algorithm.reset(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  sealing.reset(EVP_CIPHER_CTX_new());
  opening.reset(EVP_CIPHER_CTX_new());
  if (!algorithm || !sealing || !opening ||
      EVP_DecryptInit_ex2(opening.get(), algorithm.get(), nullptr, nullptr, nullptr) != 1 ||
      EVP_EncryptInit_ex2(sealing.get(), algorithm.get(), own != nullptr ? own->data() : nullptr,
                          nullptr, nullptr) != 1) {
    return fail(errc::internal, "AES-256-GCM is not available in this OpenSSL");
  }
  return {};
}

lane_sealer::lane_sealer(const sealer& keys, std::uint32_t lane,
                         std::unique_ptr<cipher> made) noexcept
    : keys_(keys), lane_(lane), cipher_(std::move(made)) {}

lane_sealer::~lane_sealer() = default;

result<void> lane_sealer::seal(std::string_view aad, std::span<const std::string_view> plain_parts,
                               std::string& out) {
  out.clear();
  std::uint64_t size = 0;
  for (const auto part : plain_parts) {
    size += part.size();
  }
  if (size > sealed_bytes_max || aad.size() > sealed_bytes_max) {
    return fail(errc::too_large, "value of " + std::to_string(size) + " bytes, at most " +
                                     std::to_string(sealed_bytes_max) + " can be stored");
  }
  if (!keys_.enabled()) {
    out.reserve(1 + static_cast<std::size_t>(size));
    out += envelope_clear;
    for (const auto part : plain_parts) {
      out += part;
    }
    return {};
  }
  if (seals_ >= lane_seals_max) {
    return fail(errc::exhausted,
                "this incarnation's data key has sealed all it may; restart draws a new one");
  }
  // Counted before use: a nonce is spent even if the cipher fails half way.
  const auto nonce = make_nonce(lane_, seals_++);
  out.resize(static_cast<std::size_t>(size) + seal_overhead);
  out[0] = envelope_sealed;
  std::memcpy(out.data() + 1, keys_.own_id_.key.data(), sizeof(key_id));
  std::memcpy(out.data() + salt_at, keys_.own_id_.salt.data(), sizeof(seal_salt));
  std::memcpy(out.data() + nonce_at, nonce.data(), nonce_size);

  EVP_CIPHER_CTX* ctx = cipher_->sealing.get();
  unsigned char* to = bytes_of(out.data()) + body_at;
  int written = 0;
  bool good = EVP_EncryptInit_ex2(ctx, nullptr, nullptr, nonce.data(), nullptr) == 1;
  good = good && EVP_EncryptUpdate(ctx, nullptr, &written, bytes_of(aad.data()),
                                   static_cast<int>(aad.size())) == 1;
  for (const auto part : plain_parts) {
    if (good && !part.empty()) {
      good = EVP_EncryptUpdate(ctx, to, &written, bytes_of(part.data()),
                               static_cast<int>(part.size())) == 1;
      to += written;
    }
  }
  good = good && EVP_EncryptFinal_ex(ctx, to, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, tag_size, to) == 1;
  if (!good) {
    out.clear();
    return cipher_failed();
  }
  return {};
}

result<void> lane_sealer::open(std::string_view aad, std::string_view sealed, std::string& plain) {
  plain.clear();
  if (sealed.empty()) {
    return fail(errc::corrupt, "stored value has no envelope: it is empty");
  }
  if (sealed[0] == envelope_clear) {
    if (keys_.required_) {
      return fail(errc::denied, "value is stored in clear, but encryption.required is true");
    }
    plain.assign(sealed.substr(1));
    return {};
  }
  if (sealed[0] != envelope_sealed) {
    return fail(errc::unsupported,
                "stored value has envelope " +
                    std::to_string(static_cast<unsigned>(static_cast<unsigned char>(sealed[0]))) +
                    ", which this kernel does not know");
  }
  if (sealed.size() < seal_overhead) {
    return fail(errc::corrupt, "sealed value is cut short");
  }
  if (sealed.size() - seal_overhead > sealed_bytes_max || aad.size() > sealed_bytes_max) {
    return fail(errc::corrupt, "sealed value is larger than any that was written");
  }
  auto opened = open_sealed(aad, sealed, plain);
  if (!opened) {
    // What was decrypted before the tag was found wrong must not be seen by anyone.
    plain.clear();
  }
  return opened;
}

result<void> lane_sealer::open_sealed(std::string_view aad, std::string_view sealed,
                                      std::string& plain) {
  data_key_id id;
  std::memcpy(id.key.data(), sealed.data() + 1, sizeof(key_id));
  std::memcpy(id.salt.data(), sealed.data() + salt_at, sizeof(seal_salt));
  SPAWN_CHECK(use_key(id));

  const auto size = sealed.size() - seal_overhead;
  std::array<unsigned char, tag_size> tag{};
  std::memcpy(tag.data(), sealed.data() + body_at + size, tag_size);
  plain.resize(size);
  EVP_CIPHER_CTX* ctx = cipher_->opening.get();
  unsigned char* to = bytes_of(plain.data());
  int written = 0;
  if (EVP_DecryptInit_ex2(ctx, nullptr, nullptr, bytes_of(sealed.data()) + nonce_at, nullptr) !=
          1 ||
      EVP_DecryptUpdate(ctx, nullptr, &written, bytes_of(aad.data()),
                        static_cast<int>(aad.size())) != 1 ||
      (size > 0 && EVP_DecryptUpdate(ctx, to, &written, bytes_of(sealed.data()) + body_at,
                                     static_cast<int>(size)) != 1) ||
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) != 1) {
    return cipher_failed();
  }
  if (EVP_DecryptFinal_ex(ctx, to + size, &written) != 1) {
    return fail(unreadable());
  }
  return {};
}

// Sets the opening context up with the data key `id`.
result<void> lane_sealer::use_key(const data_key_id& id) {
  if (cipher_->opening_id == id) {
    return {};
  }
  const bool own = keys_.enabled() && id == keys_.own_id_;
  const secret_key* key = own ? &keys_.own_key_ : cipher_->keys.find(id);
  if (key == nullptr) {
    const auto* master = keys_.find(id.key);
    if (master == nullptr) {
      return fail(errc::denied, "sealed with key " + to_hex(id.key) +
                                    ", which is not configured (encryption.keys)");
    }
    SPAWN_TRY(const secret_key derived, derive_data_key(master->key, id.salt));
    key = cipher_->keys.insert(id, derived);
  }
  cipher_->opening_id.reset();
  if (EVP_DecryptInit_ex2(cipher_->opening.get(), nullptr, key->data(), nullptr, nullptr) != 1) {
    return cipher_failed();
  }
  cipher_->opening_id = id;
  return {};
}

}  // namespace spawn
