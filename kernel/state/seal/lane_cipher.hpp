// Private to the sealer: the OpenSSL side of a lane_sealer. Included by .cpp files only.
#pragma once
#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "state/seal/data_keys.hpp"
#include "state/seal/sealer.hpp"

namespace spawn {

struct evp_free {
  void operator()(EVP_CIPHER* it) const noexcept { EVP_CIPHER_free(it); }
  void operator()(EVP_CIPHER_CTX* it) const noexcept { EVP_CIPHER_CTX_free(it); }
};

// One context per direction, so that the key schedule of sealing is set up once, and that of
// opening only when the incarnation that sealed changes.
struct lane_sealer::cipher {
  std::unique_ptr<EVP_CIPHER, evp_free> algorithm;
  std::unique_ptr<EVP_CIPHER_CTX, evp_free> sealing;
  std::unique_ptr<EVP_CIPHER_CTX, evp_free> opening;
  std::optional<data_key_id> opening_id;  // whose key `opening` is set up with
  data_key_cache keys;

  // `own` is null when nothing is sealed.
  [[nodiscard]] result<void> init(const secret_key* own);
};

}  // namespace spawn
