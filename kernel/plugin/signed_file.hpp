// The signature beside a plugin file: FILE.minisig, as minisign writes it.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "trust/public_key.hpp"

namespace spawn {

// Whose plugins may be loaded.
struct trust_policy {
  bool required = false;  // refuse what none of the keys has signed
  std::vector<trust::public_key> keys;
};

// What is known of a file that was not refused.
struct file_signature {
  enum class state {
    absent,
    good,       // of exactly these bytes, by a trusted key
    unchecked,  // by a key that is not trusted, so it says nothing
  };
  state is = state::absent;
  std::string key;              // its id, unless absent
  std::string trusted_comment;  // when good
};

// The file whose signature is asked for: <file>.minisig.
[[nodiscard]] std::filesystem::path signature_path(const std::filesystem::path& file);

// Checks the signature against these bytes, which were read from that file. DENIED, with what is
// wrong and what to do: a signature by a trusted key that does not hold, one that can not be read,
// and, where the policy asks for one, none or one by another key. [control]
[[nodiscard]] result<file_signature> check_signature(const std::filesystem::path& file,
                                                     std::string_view bytes,
                                                     const trust_policy& policy);

}  // namespace spawn
