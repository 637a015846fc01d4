// A secret key's file: 158 bytes in base64, whose last 104 are XORed with a stream that scrypt
// makes of the password, or stand as they are.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/base64.hpp"
#include "trust/blake2b_256.hpp"
#include "trust/minisign_text.hpp"
#include "trust/secret_key.hpp"

namespace spawn::trust {
namespace {

constexpr std::string_view key_algorithm = "Ed";
constexpr std::string_view check_algorithm = "B2";
constexpr std::string_view with_scrypt = "Sc";
constexpr std::string_view without_password("\0\0", 2);
constexpr std::size_t salt_at = 6, salt_bytes = 32;
constexpr std::size_t operations_at = salt_at + salt_bytes, memory_at = operations_at + 8;
constexpr std::size_t secret_at = memory_at + 8, secret_bytes = 8 + 64 + 32;
constexpr std::size_t file_bytes = secret_at + secret_bytes;
constexpr std::uint64_t memory_max = 1'073'741'824;

void put_u64(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) {
    out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

std::uint64_t get_u64(std::string_view bytes, std::size_t at) {
  std::uint64_t out = 0;
  for (std::size_t i = 8; i-- > 0;) {
    out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return out;
}

struct scrypt_numbers {
  std::uint64_t n = 1;
  std::uint64_t r = 8;
  std::uint64_t p = 1;
};

std::uint64_t power_of_two(std::uint64_t max) {
  std::uint64_t out = 2;
  while (out <= max / 2 && out < (std::uint64_t{1} << 40)) {
    out *= 2;
  }
  return out;
}

// The rule of libsodium's crypto_pwhash_scryptsalsa208sha256.
scrypt_numbers numbers_of(password_cost cost) {
  cost.operations = std::max<std::uint64_t>(cost.operations, 32'768);
  scrypt_numbers out;
  if (cost.operations < cost.memory / 32) {
    out.n = power_of_two(cost.operations / (out.r * 4));
    return out;
  }
  out.n = power_of_two(cost.memory / (out.r * 128));
  const std::uint64_t rp = std::min<std::uint64_t>(cost.operations / 4 / out.n, 0x3fff'ffff);
  out.p = std::max<std::uint64_t>(rp / out.r, 1);
  return out;
}

result<void> mask(std::string& secret, std::string_view password, std::string_view salt,
                  const password_cost& cost) {
  if (cost.memory > memory_max || cost.operations > 4 * password_cost{}.operations) {
    return fail(errc::unsupported, "its password costs more than 1 GiB or 2^27 steps to try");
  }
  const scrypt_numbers with = numbers_of(cost);
  std::string stream(secret.size(), '\0');
  if (EVP_PBE_scrypt(password.data(), password.size(),
                     reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), with.n,
                     with.r, with.p, 2 * memory_max,
                     reinterpret_cast<unsigned char*>(stream.data()), stream.size()) != 1) {
    return fail(errc::unavailable,
                "scrypt failed; it needs " + std::to_string(cost.memory >> 20) + " MiB of memory");
  }
  for (std::size_t i = 0; i < secret.size(); ++i) {
    secret[i] = static_cast<char>(secret[i] ^ stream[i]);
  }
  OPENSSL_cleanse(stream.data(), stream.size());
  return {};
}

// Over algorithm, id, seed and public half.
std::string check_of(std::string_view id_and_key) {
  std::string out;
  append(out, blake2b_256(std::string(key_algorithm) + std::string(id_and_key)));
  return out;
}

result<std::string> file_of(std::string_view text) {
  SPAWN_TRY(const auto lines, lines_of(text));
  if (lines.size() != 2) {
    return fail(errc::invalid,
                "a secret key has two lines, this has " + std::to_string(lines.size()));
  }
  SPAWN_CHECK(comment_of(lines[0], untrusted_prefix));
  SPAWN_TRY(std::string bytes, bytes_of(lines[1], file_bytes, "the secret key"));
  if (!bytes.starts_with(key_algorithm) || bytes.substr(4, 2) != check_algorithm) {
    return fail(errc::unsupported, "the secret key is of an unknown sort");
  }
  const std::string kdf = bytes.substr(2, 2);
  if (kdf != with_scrypt && kdf != without_password) {
    return fail(errc::unsupported, "the secret key is encrypted in an unknown way");
  }
  return bytes;
}

}  // namespace

result<std::string> secret_key_text(const secret_key& key, std::string_view password,
                                    const password_cost& cost) {
  std::string secret;
  append(secret, key.id);
  append(secret, key.seed);
  append(secret, key.open);
  secret += check_of(secret);
  std::array<unsigned char, salt_bytes> salt{};
  if (!password.empty() && RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) {
    return fail(errc::unavailable, "no random bytes can be had");
  }
  std::string bytes(key_algorithm);
  bytes += password.empty() ? without_password : with_scrypt;
  bytes += check_algorithm;
  append(bytes, salt);
  put_u64(bytes, password.empty() ? 0 : cost.operations);
  put_u64(bytes, password.empty() ? 0 : cost.memory);
  if (!password.empty()) {
    SPAWN_CHECK(mask(secret, password, std::string_view(bytes).substr(salt_at, salt_bytes), cost));
  }
  bytes += secret;
  std::string out = std::string(untrusted_prefix) +
                    (password.empty() ? "minisign secret key, not encrypted\n"
                                      : "minisign encrypted secret key\n") +
                    base64_encode(bytes) + "\n";
  OPENSSL_cleanse(secret.data(), secret.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return out;
}

result<bool> is_encrypted(std::string_view text) {
  SPAWN_TRY(const std::string bytes, file_of(text));
  return bytes.substr(2, 2) == with_scrypt;
}

result<secret_key> parse_secret_key(std::string_view text, std::string_view password) {
  SPAWN_TRY(std::string bytes, file_of(text));
  std::string secret = bytes.substr(secret_at);
  const bool encrypted = bytes.substr(2, 2) == with_scrypt;
  if (encrypted) {
    const password_cost cost{get_u64(bytes, operations_at), get_u64(bytes, memory_at)};
    SPAWN_CHECK(mask(secret, password, std::string_view(bytes).substr(salt_at, salt_bytes), cost));
  }
  secret_key out;
  out.id = part_of<8>(secret, 0);
  out.seed = part_of<32>(secret, 8);
  out.open = part_of<32>(secret, 40);
  const std::string check = secret.substr(72);
  const bool right = check == check_of(std::string_view(secret).substr(0, 72));
  // minisign writes no check sum for a key without a password.
  const bool none = !encrypted && check == std::string(32, '\0');
  OPENSSL_cleanse(secret.data(), secret.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  if (!right && !none) {
    return fail(encrypted ? errc::denied : errc::invalid,
                encrypted ? "the wrong password" : "its check sum is wrong: the file is damaged");
  }
  return out;
}

}  // namespace spawn::trust
